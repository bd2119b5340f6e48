"""The stand-in of the card processor: idempotency, faults, declines, persistence, localstripe."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from stripe import WebhookSignature

from stack.standins.stripe import forms
from stack.standins.stripe.webhooks import signature
from tests.support.standin import SECRET, StandIn, standin

KEY = {"authorization": "Bearer sk_test_unit"}
CHARGE = {
    "amount": "1000",
    "currency": "eur",
    "confirm": "true",
    "off_session": "true",
    "payment_method": "pm_card_visa",
}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[StandIn]:
    async with standin(tmp_path) as found:
        yield found


@pytest.fixture
async def api(running: StandIn) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=running.url, headers=KEY) as client:
        yield client


async def charge(api: httpx.AsyncClient, key: str = "", **changes: str) -> httpx.Response:
    headers = {"idempotency-key": key} if key else {}
    return await api.post("/v1/payment_intents", data={**CHARGE, **changes}, headers=headers)


def test_nested_forms_are_read() -> None:
    text = "amount=5&metadata[charge]=c%201&expand[]=latest_charge&expand[]=x&a[b][c]=d"
    assert forms.decode(text) == {
        "amount": "5",
        "metadata": {"charge": "c 1"},
        "expand": {"0": "latest_charge", "1": "x"},
        "a": {"b": {"c": "d"}},
    }
    with pytest.raises(ValueError, match="fields"):
        forms.decode("&".join(f"a{n}=1" for n in range(501)))


def test_our_signature_is_the_librarys() -> None:
    signed = signature('{"a": 1}', SECRET, 1_700_000_000)
    assert signed == WebhookSignature.generate_signature_header(
        '{"a": 1}', SECRET, timestamp=1_700_000_000
    )


async def test_the_same_key_is_the_same_answer(api: httpx.AsyncClient, running: StandIn) -> None:
    first, again = await charge(api, "k"), await charge(api, "k")
    assert first.json() == again.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    other = await charge(api, "k", amount="1001")
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
    assert (await running.totals())["intents"] == 1


async def test_errors_are_replayed_too(api: httpx.AsyncClient, running: StandIn) -> None:
    await running.faults({"mode": "commit_then_500", "count": 1})
    assert [(await charge(api, "k")).status_code for _ in range(2)] == [500, 500]
    declined = [await charge(api, "d", payment_method="pm_card_chargeDeclined") for _ in range(2)]
    assert [answer.status_code for answer in declined] == [402, 402]
    assert declined[0].json() == declined[1].json()
    totals = await running.totals()
    # The one behind the 500 was taken all the same.
    assert (totals["intents"], totals["succeeded"]) == (2, 1)


async def test_a_second_request_while_the_first_runs_is_a_conflict(
    api: httpx.AsyncClient, running: StandIn
) -> None:
    await running.faults({"mode": "slow", "count": 1, "seconds": 0.5})
    slow = asyncio.create_task(charge(api, "k"))
    while not (await running.totals())["intents"]:
        await asyncio.sleep(0.01)
    # What is committed is replayed; only what still runs is in the way.
    assert (await charge(api, "k")).status_code in (200, 409)
    assert (await slow).status_code == 200
    assert (await running.totals())["intents"] == 1


@pytest.mark.parametrize(("mode", "made"), [("drop_request", 0), ("drop_reply", 1)])
async def test_a_dropped_connection(
    api: httpx.AsyncClient, running: StandIn, mode: str, made: int
) -> None:
    await running.faults({"mode": mode, "count": 1})
    with pytest.raises(httpx.TransportError):
        await charge(api, "k")
    assert (await running.totals())["intents"] == made
    assert (await charge(api, "k")).status_code == 200
    assert (await running.totals())["intents"] == 1


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"payment_method": "pm_card_chargeDeclinedExpiredCard"}, 402, "expired_card"),
        ({"payment_method": "pm_card_chargeDeclinedInsufficientFunds"}, 402, "card_declined"),
        ({"payment_method": "pm_card_authenticationRequired"}, 402, "authentication_required"),
        ({"payment_method": "pm_nobody"}, 404, "resource_missing"),
        ({"amount": "49"}, 400, "amount_too_small"),
        ({"amount": "-5"}, 400, "parameter_invalid_integer"),
        ({"customer": "cus_nobody"}, 404, "resource_missing"),
        ({"payment_method_types": "card"}, 400, "parameter_unknown"),
    ],
)
async def test_what_is_refused(
    api: httpx.AsyncClient, changes: dict[str, str], status: int, code: str
) -> None:
    answer = await charge(api, **changes)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_without_a_key_nobody_is_served(running: StandIn) -> None:
    async with httpx.AsyncClient(base_url=running.url) as nobody:
        assert (await nobody.get("/v1/customers")).status_code == 401


async def test_webhooks_are_signed_retried_doubled_and_shuffled(
    api: httpx.AsyncClient, running: StandIn
) -> None:
    got: list[str] = []
    refusals = 3

    async def receive(body: bytes, signed: str) -> None:
        nonlocal refusals
        WebhookSignature.verify_header(body, signed, SECRET, 300)
        if refusals:
            refusals -= 1
            raise ConnectionError
        got.append(json.loads(body)["id"])

    running.receive = receive
    await running.control("webhooks", duplicates=1.0, shuffle_seconds=0.3)
    for _ in range(4):
        await charge(api)
    deadline = time.monotonic() + 20
    while (await running.totals())["waiting_webhooks"] and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    events = [event["id"] for event in running.store.listed("event", limit=100)][::-1]
    assert len(events) == 12
    assert sorted(got) == sorted(events * 2)
    assert list(dict.fromkeys(got)) != events


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path


async def test_a_kill_loses_no_object(folder: Path) -> None:
    from stack.topology import Topology

    topology = Topology.create(folder)
    command = [sys.executable, "-m", "stack.standins.stripe", str(folder)]
    url = f"http://{topology.address('stripe')}"
    ids = []
    async with httpx.AsyncClient(base_url=url, headers=KEY) as api:
        for turn in range(2):
            program = await asyncio.create_subprocess_exec(*command)
            try:
                await _serving(api)
                made = await charge(api, f"k{turn}")
                ids.append(made.json()["id"])
                first = await charge(api, "k0")
            finally:
                program.kill()
                await program.wait()
        assert first.json()["id"] == ids[0]
        assert len(set(ids)) == 2


async def _serving(api: httpx.AsyncClient) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if (await api.get("/healthz")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.05)
    raise AssertionError("the stand-in does not serve")


@pytest.fixture(scope="module")
def localstripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Another stand-in, of other people: a second opinion."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = subprocess.Popen(
        [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"],
        cwd=tmp_path_factory.mktemp("localstripe"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield f"http://127.0.0.1:{port}"
    program.kill()
    program.wait(10)


def shape(found: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: found.get(name) for name in names}


async def test_localstripe_agrees_where_it_can_serve(
    api: httpx.AsyncClient, localstripe: str
) -> None:
    """Customers, attached cards, a charge and its refund: the same statuses and amounts."""
    async with httpx.AsyncClient(base_url=localstripe, headers=KEY, timeout=20) as other:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                await other.get("/v1/customers")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.1)
        mine, theirs = [await _story(client) for client in (api, other)]
    assert mine == theirs


async def _story(api: httpx.AsyncClient) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []

    async def post(path: str, names: tuple[str, ...], **data: str) -> dict[str, Any]:
        answer = await api.post(path, data=data)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        told.append(shape(found, ("object", *names)))
        return found

    known_as = {"metadata[company]": "c"}
    customer = await post("/v1/customers", ("name", "metadata"), name="x", **known_as)
    path = "/v1/payment_methods/pm_card_visa/attach"
    method = await post(path, ("type",), customer=customer["id"])
    assert method["customer"] == customer["id"]
    told.append(shape(method["card"], ("brand", "last4")))
    intent = await post(
        "/v1/payment_intents",
        ("amount", "currency", "status", "metadata"),
        amount="1500",
        currency="eur",
        customer=customer["id"],
        payment_method=method["id"],
        confirm="true",
        off_session="true",
        **{"metadata[charge]": "1"},
    )
    await post(
        "/v1/refunds",
        ("amount", "currency", "status"),
        payment_intent=intent["id"],
        amount="400",
    )
    listed = (await api.get("/v1/refunds")).json()
    told.append(shape(listed, ("object", "has_more")))
    read = (await api.get(f"/v1/payment_intents/{intent['id']}")).json()
    told.append(shape(read, ("object", "status", "amount")))
    missing = await api.get("/v1/payment_intents/pi_nobody")
    told.append({"status": missing.status_code, "type": missing.json()["error"]["type"]})
    return told
