"""The gateway over plain HTTP: what a partner without any of our code sees."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

pytestmark = pytest.mark.mesh

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Person:
    email: str
    user_id: str
    headers: dict[str, str]


@pytest.fixture(scope="module")
async def http(mesh: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=mesh.rest, timeout=20) as client:
        yield client


def _account(role: str = "USER_ROLE_RECRUITER", **more: str) -> dict[str, str]:
    return {
        "request_id": str(uuid4()),
        "email": f"rest-{uuid4()}@example.org",
        "password": PASSWORD,
        "first_name": "Fictive",
        "last_name": "Personne",
        "role": role,
        **more,
    }


@pytest.fixture(scope="module")
async def person(http: httpx.AsyncClient) -> Person:
    account = _account()
    registered = await http.post("/api/v1/auth/register", json=account)
    assert registered.status_code == 200, registered.text
    credentials = {"email": account["email"], "password": PASSWORD}
    signed = (await http.post("/api/v1/auth/sign-in", json=credentials)).json()
    bearer = {"authorization": f"Bearer {signed['tokens']['accessToken']}"}
    return Person(account["email"], registered.json()["user"]["id"], bearer)


def _refusal(answer: httpx.Response, status: int, reason: str) -> dict[str, dict[str, Any]]:
    """Check the one error shape; return its details by type."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    assert isinstance(body["code"], int)
    assert body["message"]
    details = {each["@type"].rpartition(".")[2]: each for each in body["details"]}
    assert details["ErrorInfo"]["reason"] == reason
    assert details["ErrorInfo"]["domain"].endswith(".weneeds.fr")
    return details


async def test_me(http: httpx.AsyncClient, person: Person) -> None:
    answer = await http.get("/api/v1/me", headers=person.headers)
    assert answer.status_code == 200
    assert answer.json()["user"]["id"] == person.user_id
    # Names as proto3 JSON spells them, and no field left out for being empty.
    assert answer.json()["memberships"] == []
    assert "firstName" in answer.json()["user"]


async def test_the_same_request_id_answers_the_same(http: httpx.AsyncClient) -> None:
    account = _account()
    answers = [await http.post("/api/v1/auth/register", json=account) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


async def test_the_same_request_id_with_another_body_is_refused(http: httpx.AsyncClient) -> None:
    account = _account()
    await http.post("/api/v1/auth/register", json=account)
    other = await http.post("/api/v1/auth/register", json={**account, "first_name": "Autre"})
    _refusal(other, 409, "REQUEST_ID_REUSED")


@pytest.mark.parametrize(
    ("language", "words"), [("fr", "Email déjà utilisé"), ("en", "Email already in use")]
)
async def test_refusals_speak_the_callers_language(
    http: httpx.AsyncClient, person: Person, language: str, words: str
) -> None:
    answer = await http.post(
        "/api/v1/auth/register",
        json=_account(email=person.email),
        headers={"accept-language": language},
    )
    details = _refusal(answer, 400, "EMAIL_TAKEN")
    assert details["LocalizedMessage"]["message"] == words
    assert details["BadRequest"]["fieldViolations"][0]["field"] == "email"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [({}, "TOKEN_MISSING"), ({"authorization": "Bearer a.b.c"}, "TOKEN_INVALID")],
)
async def test_no_entry_without_a_token(
    http: httpx.AsyncClient, headers: dict[str, str], reason: str
) -> None:
    _refusal(await http.get("/api/v1/me", headers=headers), 401, reason)


async def test_an_unknown_body_field_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/v1/auth/register", json=_account(colour="red"))
    details = _refusal(answer, 400, "INVALID_FIELDS")
    assert details["BadRequest"]["fieldViolations"][0]["field"] == "colour"


async def test_an_unknown_parameter_is_refused(http: httpx.AsyncClient, person: Person) -> None:
    answer = await http.get("/api/v1/me?colour=red", headers=person.headers)
    assert answer.status_code == 400, answer.text
    assert answer.json()["details"]


@pytest.mark.parametrize("body", [b"{", b'{"email": 7}', b"[]", b"\xff\xfe"])
async def test_broken_bodies_are_refused(http: httpx.AsyncClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = await http.post("/api/v1/auth/register", content=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.json()["details"]


async def test_there_is_nothing_elsewhere(http: httpx.AsyncClient) -> None:
    _refusal(await http.get("/api/v1/nothing"), 404, "ROUTE_NOT_FOUND")


async def test_internal_methods_have_no_route(http: httpx.AsyncClient, person: Person) -> None:
    answer = await http.post(
        "/weneeds.auth.v1.DirectoryService/ListContacts", json={}, headers=person.headers
    )
    assert answer.status_code in {403, 404, 415}, answer.text


async def test_notices_come_as_server_sent_events(http: httpx.AsyncClient, person: Person) -> None:
    """The first event shows that the stream is open."""
    headers = {**person.headers, "accept": "text/event-stream"}
    async with http.stream("GET", "/api/v1/me/stream", headers=headers, timeout=30) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            if line.startswith("data:"):
                message = json.loads(line.removeprefix("data:"))
                break
    assert set(message) & {"notice", "heartbeat"}
