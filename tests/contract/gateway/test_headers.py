"""Response headers that protect browsers, and what an answer tells of the house."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.headers import response_headers
from tests.contract.gateway.world import ORIGIN, World, topology

JOBS = "/api/v1/jobs"
PREFLIGHT = {"origin": ORIGIN, "access-control-request-method": "GET"}
GRPC_WEB = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
LIST_JOBS = "/weneeds.jobs.v1.JobService/ListJobs"


def assert_protected(answer: httpx.Response) -> None:
    """Nothing is sniffed, framed, cached or told to others."""
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"].split("; ")
    for directive in ("default-src", "object-src", "base-uri", "frame-ancestors"):
        assert f"{directive} 'none'" in policy


def assert_silent(answer: httpx.Response) -> None:
    """No version and no inner name is told."""
    assert answer.headers["server"] == "weneeds"
    assert "x-powered-by" not in answer.headers
    assert not [name for name in answer.headers if name.startswith("x-envoy-")]


@pytest.mark.parametrize(
    ("verb", "path", "headers", "status"),
    [
        ("GET", "/healthz", {}, 200),
        ("GET", JOBS, {}, 401),
        ("GET", "/nothing", {}, 404),
        ("DELETE", JOBS, {}, 405),
        ("POST", "/api/v1/auth/register", {"content-type": "text/plain"}, 415),
        ("OPTIONS", JOBS, PREFLIGHT, 200),
        ("POST", LIST_JOBS, GRPC_WEB, 200),
    ],
)
async def test_answers_of_the_gateway_are_protected(
    world: World, verb: str, path: str, headers: dict[str, str], status: int
) -> None:
    body = b"{}" if verb == "POST" else None
    answer = await world.http.request(verb, path, headers=headers, content=body)
    assert answer.status_code == status
    assert_protected(answer)
    assert_silent(answer)


async def test_answers_of_services_are_protected(world: World) -> None:
    answer = await world.http.get(JOBS, headers=world.bearer())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert_protected(answer)
    assert_silent(answer)


async def test_text_names_its_charset(world: World) -> None:
    answer = await world.http.get("/healthz")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("verb", ["TRACE", "TRACK", "CONNECT"])
@pytest.mark.parametrize("path", ["/", JOBS, "/healthz"])
async def test_requests_are_not_echoed(world: World, verb: str, path: str) -> None:
    secret = {"x-secret": "only-for-you"}
    answer = await world.http.request(verb, path, headers=secret)
    assert answer.status_code in (400, 403, 404, 405)
    assert "only-for-you" not in answer.text


async def test_plain_http_is_not_redirected(world: World) -> None:
    answer = await world.http.get(JOBS, follow_redirects=False)
    assert "location" not in answer.headers


def test_transport_is_strict_where_a_proxy_ends_tls(tmp_path: Path) -> None:
    assert "strict-transport-security" not in _headers(tmp_path, trusted_hops=0)
    strict = _headers(tmp_path, trusted_hops=1)["strict-transport-security"]
    age, rest = strict.split("; ")
    assert int(age.removeprefix("max-age=")) >= 365 * 24 * 3600
    assert rest == "includeSubDomains"


def _headers(folder: Path, **changes: Any) -> dict[str, str]:
    config = response_headers(topology(folder, **changes))["typed_config"]
    added = (m["append"]["header"] for m in config["mutations"]["response_mutations"])
    return {header["key"]: header["value"] for header in added}
