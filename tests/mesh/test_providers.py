"""Signing in through identity providers: oidc-provider, and oauth2-mock-server where one lies."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.conftest import RunningMesh
from tests.identity_providers import HOST, REDIRECT

pytestmark = pytest.mark.mesh

PASSWORD = "correct horse battery"
Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Begun:
    """A sign-in that was begun."""

    url: str
    state: str
    binding: str

    @property
    def issuer(self) -> str:
        """How the provider calls itself in its answer: the two of the tests by their address."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def bent(self, **query: str) -> Begun:
        """The same with other values in the query of the address."""
        url = httpx.URL(self.url).copy_merge_params(query)
        return Begun(str(url), self.state, self.binding)


class Site:
    """The gateway, and the providers' pages as a browser walks them."""

    def __init__(self, mesh: RunningMesh, http: httpx.AsyncClient) -> None:
        self._http = http
        self._crooked = f"http://{HOST}:{mesh.providers.crooked}"
        self._begun: dict[str, Begun] = {}

    async def call(self, method: str, path: str, body: Any = None, token: str = "") -> Answer:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = await self._http.request(method, path, json=body, headers=headers)
        return answer.status_code, answer.json()

    async def begin(self, provider: str = "honest", role: str = "USER_ROLE_CANDIDATE") -> Begun:
        body = {"redirectUri": REDIRECT, "role": role}
        return self._keep(await self.call("POST", f"/api/v1/auth/providers/{provider}:begin", body))

    async def begin_link(self, token: str, provider: str = "honest") -> Begun:
        path = f"/api/v1/me/identities/{provider}:begin"
        return self._keep(await self.call("POST", path, {"redirectUri": REDIRECT}, token))

    def _keep(self, answer: Answer) -> Begun:
        begun = _begun(answer)
        self._begun[begun.state] = begun
        return begun

    async def finish(self, state: str, code: str, **more: str) -> Answer:
        """Finish as the client that began does; `more` says otherwise."""
        begun = self._begun.get(state, Begun("", state, "x" * 43))
        kept = {"iss": begun.issuer if begun.url else "", "binding": begun.binding}
        body = {"state": state, "code": code, **kept, **more}
        return await self.call("POST", "/api/v1/auth/providers:finish", body)

    async def finish_link(self, token: str, state: str, code: str) -> Answer:
        body = {"state": state, "code": code, "iss": self._begun[state].issuer}
        return await self.call("POST", "/api/v1/me/identities:finish", body, token)

    async def sign_in(self, login: str, role: str = "USER_ROLE_CANDIDATE") -> Answer:
        begun = await self.begin(role=role)
        return await self.finish(begun.state, await log_in(begun, login))

    async def crooked_sign_in(self, **mode: Any) -> Answer:
        """Sign in through the crooked provider, which bends its answer as told."""
        claims = {"email": new_email(), "email_verified": True, "sub": uuid4().hex}
        claims |= mode.pop("claims", {})
        begun = await self.begin("crooked")
        form = {"mode": json.dumps({**mode, "claims": claims})}
        async with httpx.AsyncClient() as browser:
            (await browser.post(f"{self._crooked}/mode", data=form)).raise_for_status()
            code = _code((await browser.get(begun.url)).headers["location"])
        return await self.finish(begun.state, code)

    async def register(self, email: str) -> tuple[str, str]:
        """A fictitious person with a password: their access token and id."""
        person = {"email": email, "password": PASSWORD, "firstName": "Fictive"}
        more = {"lastName": "Personne", "role": "USER_ROLE_RECRUITER", "requestId": str(uuid4())}
        status, answer = await self.call("POST", "/api/v1/auth/register", person | more)
        assert status == 200, answer
        status, answer = await self.call(
            "POST", "/api/v1/auth/sign-in", {"email": email, "password": PASSWORD}
        )
        assert status == 200
        return answer["tokens"]["accessToken"], answer["user"]["id"]

    async def identities(self, token: str) -> list[dict[str, Any]]:
        status, answer = await self.call("GET", "/api/v1/me/identities", token=token)
        assert status == 200, answer
        return list(answer["identities"])


async def log_in(begun: Begun, login: str) -> str:
    """Walk the pages of oidc-provider as a browser does; return the code."""
    async with httpx.AsyncClient(base_url=begun.url) as browser:
        answer = await browser.get(begun.url)
        for _ in range(12):
            if answer.is_redirect:
                target = answer.headers["location"]
                if target.startswith(REDIRECT):
                    query = parse_qs(urlsplit(target).query)
                    assert query["state"] == [begun.state]
                    assert query["iss"] == [begun.issuer]
                    return _code(target)
                answer = await browser.get(answer.url.join(target))
                continue
            action = re.search(r'action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="([^"]+)"', answer.text)
            assert action, answer.text
            assert prompt, answer.text
            form = {"prompt": prompt[1], "login": login, "password": "anything"}
            answer = await browser.post(answer.url.join(action[1]), data=form)
    raise AssertionError("the provider never sent the browser back")


def _begun(answer: Answer) -> Begun:
    status, body = answer
    assert status == 200, body
    return Begun(body["authorizationUrl"], body["state"], body.get("binding", ""))


def _code(target: str) -> str:
    return parse_qs(urlsplit(target).query)["code"][0]


def new_email(prefix: str = "oidc") -> str:
    return f"{prefix}-{uuid4().hex}@example.org"


def reason(answer: Answer) -> str:
    _, body = answer
    [info] = [part for part in body["details"] if part["@type"].endswith("ErrorInfo")]
    return str(info["reason"])


@pytest.fixture(scope="module")
async def site(mesh: RunningMesh, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder: Path = tmp_path_factory.mktemp("providers")
    async with (
        mesh.providers.running(folder),
        httpx.AsyncClient(base_url=mesh.rest, timeout=20) as http,
    ):
        yield Site(mesh, http)


async def test_lists_the_providers_page_by_page(site: Site) -> None:
    status, first = await site.call("GET", "/api/v1/auth/providers?page_size=2")
    assert status == 200
    assert [each["name"] for each in first["providers"]] == ["honest", "crooked"]
    token = first["nextPageToken"]
    _, second = await site.call("GET", f"/api/v1/auth/providers?page_size=2&page_token={token}")
    assert [each["name"] for each in second["providers"]] == ["absent"]
    assert (second["nextPageToken"], second["totalSize"]) == ("", 3)


async def test_a_first_sign_in_creates_the_account_and_a_second_finds_it(site: Site) -> None:
    login = new_email()
    status, first = await site.sign_in(login.upper())
    assert status == 200, first
    user = first["user"]
    assert (user["email"], user["role"], user["firstName"], user["locale"]) == (
        login,
        "USER_ROLE_CANDIDATE",
        "Fictive",
        "en",
    )
    assert user["emailVerified"] is True
    _, again = await site.sign_in(login.upper(), role="USER_ROLE_RECRUITER")
    assert again["user"] == user
    status, me = await site.call("GET", "/api/v1/me", token=again["tokens"]["accessToken"])
    assert (status, me["user"]["id"]) == (200, user["id"])


async def test_such_an_account_has_no_password(site: Site) -> None:
    login = new_email()
    assert (await site.sign_in(login))[0] == 200
    for password in ("", "None", PASSWORD):
        body = {"email": login, "password": password or " "}
        answer = await site.call("POST", "/api/v1/auth/sign-in", body)
        assert reason(answer) == "CREDENTIALS_INVALID"


async def test_two_first_sign_ins_at_once_make_one_account(site: Site) -> None:
    login = new_email()
    begun = [await site.begin() for _ in range(4)]
    codes = [await log_in(each, login) for each in begun]
    answers = await asyncio.gather(
        *(site.finish(each.state, code) for each, code in zip(begun, codes, strict=True))
    )
    assert [status for status, _ in answers] == [200] * 4
    assert len({body["user"]["id"] for _, body in answers}) == 1


async def test_a_state_is_good_once_even_when_it_fails(site: Site) -> None:
    begun = await site.begin()
    code = await log_in(begun, new_email())
    assert (await site.finish(begun.state, code))[0] == 200
    assert reason(await site.finish(begun.state, code)) == "PROVIDER_ANSWER_INVALID"
    begun = await site.begin()
    code = await log_in(begun, new_email())
    assert reason(await site.finish(begun.state, "not-the-code")) == "PROVIDER_ANSWER_INVALID"
    assert reason(await site.finish(begun.state, code)) == "PROVIDER_ANSWER_INVALID"


async def test_an_unknown_state_and_anothers_state_are_refused(site: Site) -> None:
    begun, other = await site.begin(), await site.begin()
    code = await log_in(begun, new_email())
    assert reason(await site.finish("x" * 43, code)) == "PROVIDER_ANSWER_INVALID"
    # The other attempt has its own PKCE verifier and nonce.
    assert reason(await site.finish(other.state, code)) == "PROVIDER_ANSWER_INVALID"


async def test_the_answer_counts_for_the_client_that_began(site: Site) -> None:
    for other in ("", "y" * 43, (await site.begin()).binding):
        begun = await site.begin()
        code = await log_in(begun, new_email())
        answer = await site.finish(begun.state, code, binding=other)
        assert reason(answer) == "PROVIDER_ANSWER_INVALID"


async def test_an_answer_of_another_provider_is_refused(site: Site) -> None:
    for issuer in ("", "https://accounts.example.org"):
        begun = await site.begin()
        code = await log_in(begun, new_email())
        assert reason(await site.finish(begun.state, code, iss=issuer)) == "PROVIDER_ANSWER_INVALID"


async def test_a_browser_is_bound_by_a_cookie(site: Site, mesh: RunningMesh) -> None:
    page = {"x-weneeds-client": "browser", "x-weneeds-csrf": "1", "origin": mesh.rest}
    begin = {"redirectUri": REDIRECT, "role": "USER_ROLE_CANDIDATE"}
    path, finish = "/api/v1/auth/providers/honest:begin", "/api/v1/auth/providers:finish"
    async with (
        httpx.AsyncClient(base_url=mesh.rest, headers=page, timeout=20) as browser,
        httpx.AsyncClient(base_url=mesh.rest, headers=page, timeout=20) as lured,
    ):
        (await lured.post(path, json=begin)).raise_for_status()
        for client, status in ((lured, 401), (browser, 200)):
            answer = await browser.post(path, json=begin)
            assert answer.json()["binding"] == ""
            assert "HttpOnly" in answer.headers["set-cookie"]
            begun = _begun((answer.status_code, answer.json()))
            code = await log_in(begun, new_email())
            body = {"state": begun.state, "code": code, "iss": begun.issuer}
            assert (await client.post(finish, json=body)).status_code == status


async def test_a_code_of_another_pkce_challenge_is_refused(site: Site) -> None:
    begun = await site.begin()
    code = await log_in(begun.bent(code_challenge="A" * 43), new_email())
    status, body = await site.finish(begun.state, code)
    assert (status, reason((status, body))) == (401, "PROVIDER_ANSWER_INVALID")
    assert "invalid_grant" not in json.dumps(body)


async def test_an_id_token_of_another_nonce_is_refused(site: Site) -> None:
    begun = await site.begin()
    code = await log_in(begun.bent(nonce="another"), new_email())
    assert reason(await site.finish(begun.state, code)) == "PROVIDER_ANSWER_INVALID"


async def test_a_code_of_another_client_is_refused(site: Site) -> None:
    begun = await site.begin()
    code = await log_in(begun.bent(client_id="stranger"), new_email())
    assert reason(await site.finish(begun.state, code)) == "PROVIDER_ANSWER_INVALID"


async def test_the_crooked_provider_is_believed_while_it_is_straight(site: Site) -> None:
    status, body = await site.crooked_sign_in(claims={"name": "Fictive Autre"})
    assert status == 200, body
    assert (body["user"]["firstName"], body["user"]["lastName"]) == ("Fictive", "Autre")


# The unit tests have the rest: from one address sixty sign-ins may be begun in a minute.
@pytest.mark.parametrize(
    "mode",
    [
        {"bend": "forged"},
        {"bend": "unsigned"},
        {"claims": {"aud": "stranger"}},
        {"claims": {"azp": "stranger"}},
        {"claims": {"iss": "https://accounts.example.org"}},
        {"claims": {"nonce": "another"}},
        {"claims": {"exp": 1}},
        {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
        {"without": ["nonce"]},
        {"claims": {"email_verified": False}},
        {"body": {"access_token": "a", "token_type": "Bearer"}},
        {"status": 400, "body": {"error": "invalid_grant", "error_description": "s3cret"}},
    ],
    ids=lambda mode: json.dumps(mode)[:40],
)
async def test_an_answer_that_does_not_fit_is_refused(site: Site, mode: dict[str, Any]) -> None:
    status, body = await site.crooked_sign_in(**mode)
    assert (status, reason((status, body))) == (401, "PROVIDER_ANSWER_INVALID")
    assert "s3cret" not in json.dumps(body)


@pytest.mark.parametrize(
    "mode",
    [
        {"status": 500, "body": {"error": "s3cret"}},
        {"status": 401, "body": {"error": "invalid_client", "error_description": "s3cret"}},
        {"body": ["s3cret"]},
        {"body": {"id_token": "x" * 300_000}},
    ],
    ids=["500", "invalid_client", "list", "large"],
)
async def test_a_provider_that_fails_is_a_dependency_down(site: Site, mode: dict[str, Any]) -> None:
    status, body = await site.crooked_sign_in(**mode)
    assert (status, reason((status, body))) == (503, "DEPENDENCY_DOWN")
    assert "s3cret" not in json.dumps(body)


async def test_a_provider_that_is_not_there(site: Site) -> None:
    body = {"redirectUri": REDIRECT, "role": "USER_ROLE_CANDIDATE"}
    answer = await site.call("POST", "/api/v1/auth/providers/absent:begin", body)
    assert (answer[0], reason(answer)) == (503, "DEPENDENCY_DOWN")
    answer = await site.call("POST", "/api/v1/auth/providers/nobody:begin", body)
    assert (answer[0], reason(answer)) == (404, "PROVIDER_UNKNOWN")


@pytest.mark.parametrize("redirect", [REDIRECT + "/", REDIRECT + "?x=1", "https://evil.example"])
async def test_only_the_configured_redirect_is_allowed(site: Site, redirect: str) -> None:
    body = {"redirectUri": redirect, "role": "USER_ROLE_CANDIDATE"}
    answer = await site.call("POST", "/api/v1/auth/providers/honest:begin", body)
    assert (answer[0], reason(answer)) == (400, "INVALID_FIELDS")


async def test_an_account_with_the_same_email_is_not_taken_over_but_linked(site: Site) -> None:
    email = new_email()
    token, user_id = await site.register(email)
    assert reason(await site.sign_in(email)) == "IDENTITY_TAKEN"
    assert await site.identities(token) == []

    begun = await site.begin_link(token)
    status, linked = await site.finish_link(token, begun.state, await log_in(begun, email))
    assert status == 200, linked
    assert (linked["identity"]["provider"], linked["identity"]["email"]) == ("honest", email)
    assert await site.identities(token) == [linked["identity"]]
    _, signed_in = await site.sign_in(email)
    assert signed_in["user"]["id"] == user_id


async def test_an_identity_belongs_to_one_user(site: Site) -> None:
    login = new_email()
    assert (await site.sign_in(login))[0] == 200
    token, _ = await site.register(new_email())
    begun = await site.begin_link(token)
    code = await log_in(begun, login)
    assert reason(await site.finish_link(token, begun.state, code)) == "IDENTITY_TAKEN"
    assert await site.identities(token) == []


async def test_a_link_ends_only_where_and_by_whom_it_was_begun(site: Site) -> None:
    token, _ = await site.register(new_email())
    stranger, _ = await site.register(new_email())
    begun = await site.begin_link(token)
    code = await log_in(begun, new_email())
    assert reason(await site.finish_link(stranger, begun.state, code)) == "PROVIDER_ANSWER_INVALID"
    begun = await site.begin_link(token)
    code = await log_in(begun, new_email())
    assert reason(await site.finish(begun.state, code)) == "PROVIDER_ANSWER_INVALID"
    begun = await site.begin()
    code = await log_in(begun, new_email())
    assert reason(await site.finish_link(token, begun.state, code)) == "PROVIDER_ANSWER_INVALID"
    begun = await site.begin_link(token)
    code = await log_in(begun, new_email())
    assert (await site.finish_link("", begun.state, code))[0] == 401
    # Whom the gate refuses has not used the state up.
    assert (await site.finish_link(token, begun.state, code))[0] == 200
    assert await site.identities(stranger) == []
    assert len(await site.identities(token)) == 1


async def test_what_links_did_and_tried_is_audited(mesh: RunningMesh, site: Site) -> None:
    token, user_id = await site.register(new_email())
    begun = await site.begin_link(token)
    code = await log_in(begun, new_email())
    _, linked = await site.finish_link(token, begun.state, code)
    await site.finish_link(token, begun.state, code)
    connection = await asyncpg.connect(mesh.topology.admin_url)
    rows = await connection.fetch(
        "select success, reason, resource_id, metadata from auth.audit"
        " where actor_id = $1 and action = 'CHANGE_FACTOR' order by seq",
        user_id,
    )
    await connection.close()
    assert [(row["success"], row["reason"]) for row in rows] == [
        (True, ""),
        (False, "PROVIDER_ANSWER_INVALID"),
    ]
    assert rows[0]["resource_id"] == linked["identity"]["id"]
    assert json.loads(rows[0]["metadata"]) == {"new": {"provider": "honest"}}


async def test_an_unproved_email_creates_nothing_but_can_be_linked(site: Site) -> None:
    login = new_email("unproved")
    assert reason(await site.sign_in(login)) == "PROVIDER_ANSWER_INVALID"
    token, user_id = await site.register(new_email())
    begun = await site.begin_link(token)
    assert (await site.finish_link(token, begun.state, await log_in(begun, login)))[0] == 200
    assert (await site.sign_in(login))[1]["user"]["id"] == user_id


async def test_linking_needs_somebody_signed_in(site: Site) -> None:
    path = "/api/v1/me/identities/honest:begin"
    assert (await site.call("POST", path, {"redirectUri": REDIRECT}))[0] == 401


async def test_the_last_way_to_sign_in_stays(site: Site) -> None:
    _, signed_in = await site.sign_in(new_email())
    token = signed_in["tokens"]["accessToken"]
    [only] = await site.identities(token)
    path = f"/api/v1/me/identities/{only['id']}"
    assert reason(await site.call("DELETE", path, token=token)) == "LAST_SIGN_IN_METHOD"

    begun = await site.begin_link(token)
    code = await log_in(begun, new_email())
    assert (await site.finish_link(token, begun.state, code))[0] == 200
    answers = await asyncio.gather(
        *(
            site.call("DELETE", f"/api/v1/me/identities/{each['id']}", token=token)
            for each in await site.identities(token)
        )
    )
    assert sorted(status for status, _ in answers) == [200, 400]
    assert len(await site.identities(token)) == 1


async def test_unlinking_twice_and_anothers_identity_change_nothing(site: Site) -> None:
    email = new_email()
    token, _ = await site.register(email)
    begun = await site.begin_link(token)
    _, linked = await site.finish_link(token, begun.state, await log_in(begun, email))
    path = f"/api/v1/me/identities/{linked['identity']['id']}"
    stranger, _ = await site.register(new_email())
    assert (await site.call("DELETE", path, token=stranger))[0] == 200
    assert await site.identities(token) == [linked["identity"]]
    for _ in range(2):
        assert (await site.call("DELETE", path, token=token))[0] == 200
    assert await site.identities(token) == []
