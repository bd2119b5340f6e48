"""Pages of the site in front of the real auth service: AU05 to AU09 as HTTP traces."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest
from weneeds import AsyncWeNeeds

from gateway.topology import Pages
from stack.launchers.gateway import surroundings
from tests.conftest import RunningMesh
from tests.contract.gateway.world import ENVOY, free_port, until_healthy, write_config
from tests.mesh.staffing import REVOKED_SECONDS, Admin
from tests.support.people import PASSWORD, RECRUITER, Person, eventually, person
from tests.support.site import serving

pytestmark = pytest.mark.mesh


@dataclass
class Trace:
    """What a browser sees of one answer."""

    status: int
    location: str
    # Cookies that the answer removes.
    removed: list[str]
    text: str


class Browser:
    """A browser at the gateway with the site, which follows nothing by itself."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def sign_in(self, someone: Person) -> None:
        body = {"email": someone.email, "password": PASSWORD}
        answer = await self.http.post("/api/v1/auth/sign-in", json=body)
        assert answer.status_code == 200, answer.text
        assert self.http.cookies["wToken"]

    def hold(self, token: str) -> None:
        """Have this token and no other cookie."""
        self.http.cookies.clear()
        self.http.cookies.set("wToken", token)

    async def sign_out(self) -> None:
        """End the session and come back with the token that was kept aside."""
        token = self.http.cookies["wToken"]
        (await self.http.post("/api/v1/auth/sign-out", json={})).raise_for_status()
        self.hold(token)

    async def visit(self, path: str) -> Trace:
        answer = await self.http.get(path)
        removed = []
        for header in answer.headers.get_list("set-cookie"):
            removed += [name for name, one in SimpleCookie(header).items() if one["max-age"] == "0"]
        return Trace(answer.status_code, answer.headers.get("location", ""), removed, answer.text)


@pytest.fixture(scope="module")
async def address(
    mesh: RunningMesh, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """A second gateway of the same mesh, with a tiny site behind it."""
    folder: Path = tmp_path_factory.mktemp("visits")
    async with serving() as site:
        setup = replace(
            surroundings(mesh.topology),
            port=free_port(),
            admin_port=None,
            portal=None,
            secrets_dir=folder,
            access_log=folder / "access.log",
            pages=Pages([site.address]),
        )
        write_config(folder / "envoy.json", setup)
        with (folder / "envoy.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                str(ENVOY), "-c", str(folder / "envoy.json"), "--use-dynamic-base-id",
                "--concurrency", "1", "--log-level", "warning", stdout=log, stderr=log,
            )  # fmt: skip
        try:
            await until_healthy(process, setup.port, folder / "envoy.log")
            yield f"http://127.0.0.1:{setup.port}"
        finally:
            process.kill()
            await process.wait()


@pytest.fixture
async def browser(address: str) -> AsyncIterator[Browser]:
    headers = {"x-weneeds-client": "browser", "x-weneeds-csrf": "1", "origin": address}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=20) as http:
        yield Browser(http)


@pytest.fixture
async def someone(guest: AsyncWeNeeds) -> Person:
    return await person(guest, RECRUITER)


async def until(seconds: float, visit: Callable[[], Awaitable[Trace]], target: str) -> Trace:
    """Visit again until it leads to `target`; fail when that takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        trace = await visit()
        if trace.location == target:
            return trace
        await asyncio.sleep(0.1)
    raise AssertionError(f"not led to {target} within {seconds} s")


async def test_cookie_and_bearer_are_the_same_person_and_see_the_pages(
    browser: Browser, someone: Person
) -> None:
    await browser.sign_in(someone)
    assert await browser.visit("/jobs") == Trace(200, "", [], "page /jobs")
    by_cookie = (await browser.http.get("/api/v1/me")).json()["user"]
    bearer = {"authorization": f"Bearer {browser.http.cookies['wToken']}"}
    async with httpx.AsyncClient(base_url=browser.http.base_url, headers=bearer) as other:
        assert (await other.get("/api/v1/me")).json()["user"] == by_cookie
    assert by_cookie["id"] == someone.id


async def test_no_token_leads_to_login(browser: Browser) -> None:
    for path in ("/", "/jobs", "/companies/1"):
        assert await browser.visit(path) == Trace(302, "/login", [], "")


async def test_a_forged_token_leads_to_login_and_goes(browser: Browser, someone: Person) -> None:
    await browser.sign_in(someone)
    token = browser.http.cookies["wToken"]
    browser.hold(token[:-8] + "AAAAAAAA")
    assert await browser.visit("/jobs") == Trace(302, "/login", ["wToken"], "")


async def test_a_session_that_ended_leads_to_login(browser: Browser, someone: Person) -> None:
    await browser.sign_in(someone)
    assert (await browser.visit("/jobs")).status == 200
    await browser.sign_out()
    trace = await until(REVOKED_SECONDS, lambda: browser.visit("/jobs"), "/login")
    assert trace.removed == ["wToken"]


async def test_public_pages_need_no_token(browser: Browser) -> None:
    for path in ("/login", "/login/x", "/register", "/coming-soon"):
        assert await browser.visit(path) == Trace(200, "", [], f"page {path}")


async def test_the_banned_are_led_to_their_page(
    browser: Browser, someone: Person, boss: Admin
) -> None:
    await browser.sign_in(someone)
    await boss.client.admin_users.ban_user(user_id=someone.id, reason="Essai fictif")
    trace = await until(REVOKED_SECONDS, lambda: browser.visit("/jobs"), "/banned")
    assert trace == Trace(302, "/banned", [], "")
    assert await browser.visit("/banned") == Trace(200, "", [], "page /banned")


async def test_maintenance_comes_before_tokens_and_ends(
    browser: Browser, someone: Person, boss: Admin
) -> None:
    await browser.sign_in(someone)
    await boss.client.maintenance.set_maintenance(on=True)
    try:
        for path in ("/", "/jobs", "/login", "/register/x"):
            assert await browser.visit(path) == Trace(302, "/maintenance", [], "")
        assert (await browser.visit("/maintenance")).text == "page /maintenance"
        browser.hold("forged.or.expired")
        assert await browser.visit("/jobs") == Trace(302, "/maintenance", [], "")
    finally:
        await boss.client.maintenance.set_maintenance(on=False)
    assert (await browser.visit("/login")).status == 200
    assert (await browser.visit("/jobs")).location == "/login"


async def test_the_access_log_tells_no_path_and_no_token(
    browser: Browser, address: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await browser.visit("/jobs/secret-path")

    async def written() -> list[dict[str, Any]] | None:
        # Envoy writes its lines together, each second.
        logs = tmp_path_factory.getbasetemp().glob("visits*/access.log")
        lines = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
        return lines if "page" in {line["route"] for line in lines} else None

    lines = await eventually(written)
    assert "secret-path" not in json.dumps(lines)
