"""Pages of the site: who sees them, and where everybody else is led."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from weneeds.auth.v1.directory_service_pb2 import VISITOR_BANNED, VISITOR_KNOWN

from gateway.render import render
from gateway.topology import Limits, Pages
from tests.contract.gateway.world import (
    Backend,
    Certificates,
    Tokens,
    World,
    descriptors,
    free_port,
    start_backend,
    start_envoy,
    topology,
    write_files,
)
from tests.support.site import Site, serving

KNOWN, BANNED = "known.to.auth", "banned.at.auth"


@dataclass
class Visit:
    """A gateway with a site behind it, and a scripted auth."""

    http: httpx.AsyncClient
    backend: Backend
    site: Site

    async def get(self, path: str, token: str | None = None, **headers: str) -> httpx.Response:
        cookie = {} if token is None else {"cookie": f"theme=dark; wToken={token}; wRefresh=r"}
        return await self.http.get(path, headers={**cookie, **headers})


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Visit]:
    folder: Path = tmp_path_factory.mktemp("pages")
    certificates, backend = Certificates(), Backend()
    write_files(folder, certificates, Tokens())
    server, backend_port = await start_backend(backend, certificates)
    port = free_port()
    async with serving() as site:
        pages = Pages([site.address])
        generous = Limits(requests_per_second=1000, request_burst=5000)
        envoy = await start_envoy(folder, port, backend_port, generous, pages=pages)
        base = f"http://127.0.0.1:{port}"
        try:
            async with httpx.AsyncClient(base_url=base, timeout=10) as http:
                yield Visit(http, backend, site)
        finally:
            envoy.kill()
            await envoy.wait()
            await server.stop(None)


@pytest.fixture
def visit(running: Visit) -> Visit:
    running.backend.visitors = {KNOWN: VISITOR_KNOWN, BANNED: VISITOR_BANNED}
    running.backend.maintenance = False
    running.backend.visits.clear()
    running.site.seen.clear()
    return running


def assert_led(answer: httpx.Response, target: str) -> None:
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"] == target
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/", "/jobs/1?x=1", "/loginx", "/LOGIN", "/registered", "/x/login"]
)
async def test_without_a_token_private_pages_lead_to_login(visit: Visit, path: str) -> None:
    answer = await visit.get(path)
    assert_led(answer, "/login")
    assert "set-cookie" not in answer.headers
    assert visit.site.seen == []


@pytest.mark.parametrize("token", ["forged.or.expired", "", "no token", "x" * 4097])
async def test_a_bad_token_leads_to_login_and_is_removed(visit: Visit, token: str) -> None:
    answer = await visit.get("/", token)
    assert_led(answer, "/login")
    removed = answer.headers["set-cookie"]
    assert removed.startswith("wToken=;")
    assert "Max-Age=0" in removed
    assert "Path=/;" in removed
    assert visit.site.seen == []


@pytest.mark.parametrize(
    "path",
    [
        "/login", "/login/x", "/register", "/register/company?step=2", "/coming-soon",
        "/coming-soon/", "/reset-password", "/verify-email", "/invitation",
    ],
)  # fmt: skip
@pytest.mark.parametrize("token", [None, "forged.or.expired", BANNED, KNOWN])
async def test_public_pages_need_no_token(visit: Visit, path: str, token: str | None) -> None:
    answer = await visit.get(path, token)
    assert (answer.status_code, answer.text) == (200, f"page {path}")
    # A token says nothing there, so auth is not given it.
    assert visit.backend.visits == [""]


@pytest.mark.parametrize("token", [KNOWN, "k" * 127, "k" * 128, "k" * 4096])
async def test_who_is_signed_in_sees_pages(visit: Visit, token: str) -> None:
    visit.backend.visitors[token] = VISITOR_KNOWN
    answer = await visit.get("/jobs", token)
    assert (answer.status_code, answer.text) == (200, "page /jobs")
    assert visit.backend.visits == [token]
    assert (await visit.http.head("/jobs", headers={"cookie": f"wToken={token}"})).is_success


async def test_who_serves_pages_gets_no_tokens(visit: Visit) -> None:
    await visit.get("/jobs", KNOWN, authorization="Bearer something")
    assert visit.site.seen == ["/jobs"]
    assert visit.site.headers.keys().isdisjoint({"cookie", "authorization"})


async def test_a_page_has_a_policy_of_its_own(visit: Visit) -> None:
    answer = await visit.get("/login")
    assert answer.headers["content-security-policy"] == "default-src 'self'"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_banned_are_led_to_their_page_and_stay_there(visit: Visit) -> None:
    assert_led(await visit.get("/jobs", BANNED), "/banned")
    for token in (BANNED, None, "forged.or.expired"):
        assert (await visit.get("/banned", token)).text == "page /banned"


@pytest.mark.parametrize("token", [None, KNOWN, BANNED, "forged.or.expired"])
async def test_under_maintenance_every_page_leads_there_and_it_nowhere(
    visit: Visit, token: str | None
) -> None:
    visit.backend.maintenance = True
    for path in ("/", "/jobs", "/login", "/register/x", "/coming-soon"):
        answer = await visit.get(path, token)
        assert_led(answer, "/maintenance")
        assert "set-cookie" not in answer.headers
    for path in ("/maintenance", "/maintenance/x"):
        assert (await visit.get(path, token)).text == f"page {path}"
    visit.backend.maintenance = False
    assert (await visit.get("/login", token)).status_code == 200


async def test_files_are_served_without_asking(visit: Visit) -> None:
    visit.backend.maintenance = True
    for path in ("/assets/app.js", "/favicon.ico"):
        assert (await visit.get(path)).text == f"page {path}"
    assert visit.backend.visits == []


@pytest.mark.parametrize(
    "path", ["/login/../jobs", "/login/%2e%2e/jobs", "//jobs", "/assets/../jobs"]
)
async def test_a_crooked_path_is_judged_by_where_it_leads(visit: Visit, path: str) -> None:
    request = visit.http.build_request("GET", "/")
    request.url = httpx.URL(str(visit.http.base_url).rstrip("/") + path)
    request.extensions["target"] = path.encode()
    answer = await visit.http.send(request)
    assert answer.status_code in (302, 400)
    assert answer.headers.get("location", "/login") == "/login"
    assert visit.site.seen == []


async def test_when_auth_does_not_say_no_private_page_is_shown(visit: Visit) -> None:
    answer = await visit.get("/jobs", "down")
    assert answer.status_code == 503
    assert visit.site.seen == []


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/v1/nowhere", 404), ("/api", 404), ("/weneeds.jobs.v1.JobService/Nowhere", 404)],
)
async def test_the_api_has_no_pages(visit: Visit, path: str, status: int) -> None:
    answer = await visit.get(path, KNOWN)
    assert answer.status_code == status
    assert answer.json()["details"][0]["reason"] == "ROUTE_NOT_FOUND"
    assert (await visit.get("/healthz")).text == "ok"


async def test_pages_are_read_only(visit: Visit) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = await visit.http.request(method, "/login")
        assert answer.status_code == 404
    assert visit.site.seen == []


async def test_the_api_beside_the_pages_is_as_ever(visit: Visit) -> None:
    answer = await visit.get("/api/v1/me")
    assert answer.status_code == 401
    assert answer.json()["details"][0]["reason"] == "TOKEN_MISSING"


async def test_without_a_site_there_are_no_pages(world: World) -> None:
    for path in ("/", "/login", "/maintenance"):
        assert (await world.http.get(path)).status_code == 404


def test_the_portal_leaves_the_first_page_to_the_site(tmp_path: Path) -> None:
    def paths(pages: Pages | None) -> set[str]:
        setup = topology(tmp_path, portal=("127.0.0.1", 2), pages=pages)
        bootstrap = render(setup, descriptors())
        chain = bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]
        routes = chain["filters"][0]["typed_config"]["route_config"]["virtual_hosts"][0]["routes"]
        return {route["match"].get("path", "") for route in routes if route["name"] == "portal"}

    assert "/" in paths(None)
    assert "/" not in paths(Pages([("127.0.0.1", 3)]))
