"""Browsers: cookies instead of a bearer token, and nothing for pages of other sites."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.gateway.test_live import EMPTY_FRAME, GRPC_WEB, assert_refused
from tests.contract.gateway.world import ORIGIN, Tokens, World

ME = "/api/v1/me"
JOBS = "/api/v1/jobs"
CLOSE = "/api/v1/jobs/1:publish"
FORGED = "http://evil.example"
PROOF = {"x-weneeds-csrf": "1", "origin": ORIGIN}
BROWSER = {"x-weneeds-client": "browser"}


def cookie(world: World, **claims: Any) -> dict[str, str]:
    """What a browser sends by itself."""
    return {"cookie": f"theme=dark; wToken={world.tokens.sign(**claims)}; wRefresh=secret.value"}


async def test_the_cookie_is_the_same_identity_as_the_bearer_token(world: World) -> None:
    sent = cookie(world)
    answer = await world.http.get(ME, headers=sent)
    assert answer.status_code == 200
    token = sent["cookie"].split("wToken=")[1].split(";")[0]
    assert world.backend.metadata["authorization"] == f"Bearer {token}"


async def test_no_cookie_travels_on(world: World) -> None:
    await world.http.get(ME, headers=cookie(world))
    assert "cookie" not in world.backend.metadata


async def test_a_browsers_own_cookies_travel_to_auth_in_browser_mode_alone(world: World) -> None:
    more = "; __Host-wRefresh=host.bound; __Host-wBinding=bound; other=1"
    sent = {"cookie": cookie(world)["cookie"] + more}
    await world.http.get(ME, headers=sent | BROWSER)
    assert world.backend.metadata["cookie"] == (
        "__Host-wRefresh=host.bound; wRefresh=secret.value; __Host-wBinding=bound"
    )
    assert world.backend.metadata["x-weneeds-client"] == "browser"
    await world.http.get(ME, headers=sent)
    assert "cookie" not in world.backend.metadata
    await world.http.get(JOBS, headers=sent | BROWSER)
    assert "cookie" not in world.backend.metadata


async def test_a_bearer_token_wins(world: World) -> None:
    forged = Tokens().sign()
    good = await world.http.get(ME, headers=world.bearer() | {"cookie": f"wToken={forged}"})
    assert good.status_code == 200
    headers = {"authorization": f"Bearer {forged}"} | cookie(world)
    bad = await world.http.get(ME, headers=headers)
    assert_refused(bad, 401, 16, "TOKEN_INVALID")
    assert "set-cookie" not in bad.headers


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-weneeds-csrf": "1"},
        {"origin": ORIGIN},
        {"x-weneeds-csrf": "0", "origin": ORIGIN},
        {"x-weneeds-csrf": "1", "origin": FORGED},
        {"x-weneeds-csrf": "1", "origin": "null"},
        {"x-weneeds-csrf": "1", "origin": f"{ORIGIN}.evil.example"},
    ],
)
async def test_a_change_by_cookie_needs_proof(world: World, headers: dict[str, str]) -> None:
    seen = len(world.backend.requests)
    answer = await world.http.post(CLOSE, headers=cookie(world) | headers)
    assert_refused(answer, 403, 7, "CSRF_REQUIRED")
    assert len(world.backend.requests) == seen


async def test_a_change_by_cookie_passes_with_proof(world: World) -> None:
    answer = await world.http.post(CLOSE, headers=cookie(world) | PROOF)
    assert answer.status_code == 200
    assert "x-weneeds-csrf" not in world.backend.metadata
    own = {"x-weneeds-csrf": "1", "origin": world.base}
    assert (await world.http.post(CLOSE, headers=cookie(world) | own)).status_code == 200


async def test_a_change_by_bearer_token_needs_none(world: World) -> None:
    answer = await world.http.post(CLOSE, headers=world.bearer() | {"origin": FORGED})
    assert answer.status_code == 200


async def test_reading_by_cookie_needs_none(world: World) -> None:
    assert (await world.http.get(JOBS, headers=cookie(world))).status_code == 200


async def test_browser_mode_needs_proof_for_public_methods_too(world: World) -> None:
    body = {"email": "fictive@example.org"}
    path = "/api/v1/auth/register"
    refused = await world.http.post(path, json=body, headers=BROWSER | {"origin": FORGED})
    assert_refused(refused, 403, 7, "CSRF_REQUIRED")
    passed = await world.http.post(path, json=body, headers=BROWSER | PROOF)
    assert passed.status_code == 200


async def test_grpc_web_by_cookie(world: World) -> None:
    path = "/weneeds.jobs.v1.JobService/ListJobs"

    async def call(**more: str) -> httpx.Response:
        headers = GRPC_WEB | cookie(world) | more
        return await world.http.post(path, headers=headers, content=EMPTY_FRAME)

    refused = await call(origin=ORIGIN)
    assert refused.headers["grpc-status"] == "7"
    passed = await call(**PROOF)
    assert "grpc-status:0" in passed.text


@pytest.mark.parametrize(("lives", "reason"), [(-60, "TOKEN_EXPIRED"), (600, "TOKEN_INVALID")])
async def test_a_refused_cookie_is_removed(world: World, lives: int, reason: str) -> None:
    signer = world.tokens if lives < 0 else Tokens()
    answer = await world.http.get(ME, headers={"cookie": f"wToken={signer.sign(lives=lives)}"})
    assert_refused(answer, 401, 16, reason)
    removed = answer.headers["set-cookie"]
    assert removed.startswith("wToken=;")
    assert "Max-Age=0" in removed


@pytest.mark.parametrize("value", ["", "a b", 'x"', "x" * 4097])
async def test_what_is_no_token_is_ignored(world: World, value: str) -> None:
    answer = await world.http.get(ME, headers={"cookie": f"wToken={value}"})
    assert answer.status_code == 401


async def test_preflights_admit_the_headers_for_known_pages_only(world: World) -> None:
    asked = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-weneeds-csrf,x-weneeds-client",
    }
    known = await world.http.options(CLOSE, headers=asked | {"origin": ORIGIN})
    assert known.headers["access-control-allow-origin"] == ORIGIN
    assert known.headers["access-control-allow-credentials"] == "true"
    assert "x-weneeds-csrf" in known.headers["access-control-allow-headers"]
    other = await world.http.options(CLOSE, headers=asked | {"origin": FORGED})
    assert "access-control-allow-origin" not in other.headers


async def test_names_that_the_gateway_uses_cannot_be_spoken(world: World) -> None:
    await world.http.get(ME, headers=world.bearer() | {"x-kept-client": "browser"})
    assert "x-kept-client" not in world.backend.metadata
    assert "x-weneeds-client" not in world.backend.metadata
