"""The gateway's own limits, on a gateway that has small ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.topology import Limits
from tests.contract.gateway.world import World, free_port, start_envoy

BURST = 20


@pytest.fixture(scope="module")
async def strict(world: World) -> AsyncIterator[str]:
    """The address of a second gateway in front of the same backend."""
    port = free_port()
    limits = Limits(requests_per_second=1, request_burst=BURST, unary_timeout=0.2)
    envoy = await start_envoy(world.access_log.parent, port, world.backend_port, limits)
    yield f"http://127.0.0.1:{port}"
    envoy.kill()
    await envoy.wait()


def _client(base: str, address: str) -> httpx.AsyncClient:
    """A client that calls from a loopback address of its own."""
    return httpx.AsyncClient(
        base_url=base, transport=httpx.AsyncHTTPTransport(local_address=address)
    )


async def test_a_client_address_has_its_own_allowance(world: World, strict: str) -> None:
    async with _client(strict, "127.0.0.2") as loud, _client(strict, "127.0.0.3") as calm:
        statuses = [(await loud.get("/healthz")).status_code for _ in range(2 * BURST)]
        assert statuses[:BURST] == [200] * BURST
        refused = await loud.get("/api/v1/me", headers=world.bearer())
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        error = refused.json()
        assert (error["code"], error["details"][0]["reason"]) == (8, "RATE_LIMITED")
        assert error["details"][1]["retryDelay"] == "1s"
        assert (await calm.get("/healthz")).status_code == 200


async def test_a_service_that_does_not_answer_is_cut_off(world: World, strict: str) -> None:
    async with _client(strict, "127.0.0.4") as client:
        answer = await client.post("/api/v1/jobs/1:close", headers=world.bearer())
    assert answer.status_code == 504
    assert set(answer.json()) == {"code", "message", "details"}
    assert answer.json()["code"] == 4
    assert world.backend.metadata["x-weneeds-address"] == "127.0.0.4"


async def test_the_access_log_tells_the_call_and_no_person(world: World) -> None:
    token = world.bearer()
    answer = await world.http.get("/api/v1/jobs?pageToken=who@example.org", headers=token)
    async with asyncio.timeout(20):
        entry = await _logged(world, answer.headers["x-request-id"])
    text = world.access_log.read_text()
    assert entry["route"] == "weneeds.jobs.v1.JobService.ListJobs"
    assert (entry["status"], entry["grpc_status"]) == (200, "OK")
    assert entry["trace_id"] == world.backend.metadata["traceparent"].split("-")[1]
    assert "who@example.org" not in text
    assert token["authorization"] not in text


async def _logged(world: World, request_id: str) -> dict[str, Any]:
    """The line of a request. Envoy flushes its log with later requests or each second."""
    while True:
        for line in world.access_log.read_text().splitlines():
            if request_id in line and line.endswith("}"):
                return dict(json.loads(line))
        await world.http.get("/healthz")
