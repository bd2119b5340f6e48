"""A browser's session in cookies, through the gateway: the same people, and no forged changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http.cookies import Morsel, SimpleCookie
from uuid import uuid4

import httpx
import pytest
from weneeds import AsyncWeNeeds

from tests.conftest import RunningMesh
from tests.support.people import PASSWORD, RECRUITER, Person, person

pytestmark = pytest.mark.mesh

ME = "/api/v1/me"
SIGN_IN = "/api/v1/auth/sign-in"
REFRESH = "/api/v1/auth/refresh"
SIGN_OUT = "/api/v1/auth/sign-out"


@pytest.fixture
async def browser(mesh: RunningMesh) -> AsyncIterator[httpx.AsyncClient]:
    """A page of the gateway's own host; it keeps cookies as browsers do."""
    headers = {"x-weneeds-client": "browser", "x-weneeds-csrf": "1", "origin": mesh.rest}
    async with httpx.AsyncClient(base_url=mesh.rest, headers=headers, timeout=20) as client:
        yield client


@pytest.fixture
async def someone(guest: AsyncWeNeeds) -> Person:
    return await person(guest, RECRUITER)


async def _signed_in(browser: httpx.AsyncClient, someone: Person) -> httpx.Response:
    body = {"email": someone.email, "password": PASSWORD}
    answer = await browser.post(SIGN_IN, json=body)
    assert answer.status_code == 200, answer.text
    return answer


def _set(answer: httpx.Response) -> dict[str, Morsel[str]]:
    """The cookies that an answer sets."""
    found: dict[str, Morsel[str]] = {}
    for header in answer.headers.get_list("set-cookie"):
        found.update(SimpleCookie(header))
    return found


async def test_sign_in_leaves_the_tokens_in_cookies_alone(
    browser: httpx.AsyncClient, someone: Person
) -> None:
    answer = await _signed_in(browser, someone)
    tokens = answer.json()["tokens"]
    assert (tokens["accessToken"], tokens["refreshToken"]) == ("", "")
    assert tokens["accessExpiresAt"]
    access, refresh = _set(answer)["wToken"], _set(answer)["wRefresh"]
    assert (access["path"], access["samesite"]) == ("/", "Lax")
    assert (refresh["path"], refresh["samesite"]) == ("/", "Strict")
    assert access["httponly"] is True
    assert refresh["httponly"] is True
    # Plain HTTP on this machine only: settings.environment is "local".
    assert not access["secure"]
    assert 0 < int(access["max-age"]) <= 900 < int(refresh["max-age"])
    assert access.value not in answer.text
    assert refresh.value not in answer.text


async def test_cookie_and_bearer_token_are_the_same_person(
    browser: httpx.AsyncClient, someone: Person
) -> None:
    await _signed_in(browser, someone)
    by_cookie = (await browser.get(ME)).json()["user"]
    by_token = (await someone.client.accounts.get_me()).user
    assert (by_cookie["id"], by_cookie["email"]) == (by_token.id, by_token.email) == (
        someone.id, someone.email,
    )  # fmt: skip
    bearer = {"authorization": f"Bearer {browser.cookies['wToken']}"}
    async with httpx.AsyncClient(base_url=browser.base_url) as other:
        assert (await other.get(ME, headers=bearer)).json()["user"] == by_cookie


async def test_other_callers_get_their_tokens_in_the_answer(
    mesh: RunningMesh, someone: Person
) -> None:
    async with httpx.AsyncClient(base_url=mesh.rest, timeout=20) as client:
        body = {"email": someone.email, "password": PASSWORD}
        answer = await client.post(SIGN_IN, json=body)
    assert answer.json()["tokens"]["accessToken"]
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "forged", [{"origin": "http://evil.example"}, {"x-weneeds-csrf": ""}, {"origin": ""}]
)
async def test_another_site_changes_nothing(
    browser: httpx.AsyncClient, someone: Person, forged: dict[str, str]
) -> None:
    await _signed_in(browser, someone)
    company = {"name": f"Maison Fictive {uuid4()}"}
    # A form of another site cannot say that it is in browser mode either.
    refused = await browser.post(
        "/api/v1/companies", json=company, headers={"x-weneeds-client": ""} | forged
    )
    assert refused.status_code == 403
    assert refused.json()["details"][0]["reason"] == "CSRF_REQUIRED"
    for path in (SIGN_OUT, REFRESH):
        assert (await browser.post(path, json={}, headers=forged)).status_code == 403
    assert (await browser.get(ME)).status_code == 200


async def test_refresh_by_cookie_trades_both_cookies(
    browser: httpx.AsyncClient, someone: Person
) -> None:
    before = _set(await _signed_in(browser, someone))
    answer = await browser.post(REFRESH, json={})
    assert answer.status_code == 200, answer.text
    after = _set(answer)
    assert after["wToken"].value != before["wToken"].value
    assert after["wRefresh"].value != before["wRefresh"].value
    assert answer.json()["tokens"]["refreshToken"] == ""
    assert (await browser.get(ME)).status_code == 200


async def test_a_dead_refresh_token_takes_the_cookies_along(
    browser: httpx.AsyncClient, someone: Person
) -> None:
    await _signed_in(browser, someone)
    await browser.post("/api/v1/me/sessions:end-all", json={}, headers={"x-weneeds-client": ""})
    answer = await browser.post(REFRESH, json={})
    assert answer.status_code == 401
    assert answer.json()["details"][0]["reason"] == "REFRESH_TOKEN_INVALID"
    assert {name: cookie["max-age"] for name, cookie in _set(answer).items()} == {
        "wToken": "0", "wRefresh": "0",
    }  # fmt: skip
    assert dict(browser.cookies) == {}


async def test_sign_out_removes_the_cookies(browser: httpx.AsyncClient, someone: Person) -> None:
    await _signed_in(browser, someone)
    answer = await browser.post(SIGN_OUT, json={})
    assert answer.status_code == 200, answer.text
    assert dict(browser.cookies) == {}
    assert (await browser.get(ME)).json()["details"][0]["reason"] == "TOKEN_MISSING"


async def test_refresh_without_any_token_is_refused(browser: httpx.AsyncClient) -> None:
    answer = await browser.post(REFRESH, json={})
    assert answer.status_code == 401
    assert answer.json()["details"][0]["reason"] == "REFRESH_TOKEN_INVALID"


async def test_credentials_are_for_configured_origins_alone(browser: httpx.AsyncClient) -> None:
    asked = {"access-control-request-method": "POST"}
    console = {"origin": "http://localhost:5173"}
    known = await browser.options(SIGN_IN, headers=asked | console)
    assert known.headers["access-control-allow-origin"] == console["origin"]
    assert known.headers["access-control-allow-credentials"] == "true"
    other = await browser.options(SIGN_IN, headers=asked | {"origin": "http://evil.example"})
    assert "access-control-allow-origin" not in other.headers
