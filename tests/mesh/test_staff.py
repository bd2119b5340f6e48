"""Staff through the public gateway: tokens of their own, bans, maintenance, the audit log."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import httpx
import pytest
from weneeds import AsyncWeNeeds, PermissionDenied, Unauthenticated, WeNeedsError
from weneeds.auth.v1.user_pb2 import USER_STATUS_BANNED

from services.auth import staff as staff_command
from services.auth.app.admins import NewAdmin
from services.auth.domain import totp
from services.auth.domain.admins import AdminRole
from services.auth.settings import AuthSettings
from tests.conftest import RunningMesh

pytestmark = pytest.mark.mesh

PASSWORD = "correct horse battery"
# Services keep what auth told them for five seconds.
REVOKED_SECONDS = 5.5


@dataclass
class Admin:
    """A signed-in fictitious admin."""

    id: str
    email: str
    secret: bytes
    client: AsyncWeNeeds

    @property
    def token(self) -> str:
        assert self.client.tokens is not None
        return self.client.tokens.access_token


@pytest.fixture(scope="module")
async def weneeds(mesh: RunningMesh) -> AsyncIterator[AsyncWeNeeds]:
    async with mesh.client() as client:
        yield client


@pytest.fixture(scope="module")
async def http(mesh: RunningMesh) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=mesh.rest, timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
async def boss(mesh: RunningMesh, weneeds: AsyncWeNeeds) -> Admin:
    """A super admin, made as `weneeds admin create` makes the first one."""
    settings = AuthSettings.load("auth", mesh.topology.environment())
    email = f"staff-{uuid4()}@example.org"
    new = NewAdmin(email, "Cheffe Fictive", PASSWORD, AdminRole.SUPER_ADMIN)
    created = await staff_command.create(settings, new)
    return await _signed_in(weneeds, created.admin.id, email, created.totp_uri)


@pytest.fixture(scope="module")
async def plain(weneeds: AsyncWeNeeds, boss: Admin) -> Admin:
    """A plain admin, made by the super admin."""
    email = f"staff-{uuid4()}@example.org"
    created = await boss.client.admin_management.create_admin(
        email=email, name="Collègue Fictif", password=PASSWORD, role="ADMIN_ROLE_ADMIN"
    )
    return await _signed_in(weneeds, created.admin.id, email, created.totp_uri)


async def _signed_in(weneeds: AsyncWeNeeds, admin_id: str, email: str, uri: str) -> Admin:
    (text,) = parse_qs(urlsplit(uri).query)["secret"]
    secret = base64.b32decode(text + "=" * (-len(text) % 8))
    client = weneeds.with_token(None)
    code = totp.code_at(secret, totp.step_at(time.time()))
    await client.admin_sessions.sign_in_admin(email=email, password=PASSWORD, totp_code=code)
    return Admin(admin_id, email, secret, client)


async def _user(weneeds: AsyncWeNeeds, role: str = "USER_ROLE_RECRUITER") -> tuple[Any, str]:
    """A signed-in fictitious person, and their id."""
    client: Any = weneeds.with_token(None)
    email = f"staff-test-{uuid4()}@example.org"
    made = await client.accounts.register(
        email=email, password=PASSWORD, first_name="Fictive", last_name="Personne", role=role
    )
    await client.sessions.sign_in(email=email, password=PASSWORD)
    return client, made.user.id


async def _refusal(call: Awaitable[Any]) -> WeNeedsError:
    with pytest.raises(WeNeedsError) as caught:
        await call
    return caught.value


async def _within(seconds: float, call: Callable[[], Awaitable[Any]], reason: str) -> None:
    """Repeat a call until it is refused for `reason`; fail when it takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    last = ""
    while time.monotonic() < deadline:
        try:
            await call()
        except WeNeedsError as error:
            last = error.reason
            if last == reason:
                return
        await asyncio.sleep(0.1)
    raise AssertionError(f"not refused for {reason} within {seconds} s, but {last or 'allowed'}")


async def _rows(mesh: RunningMesh, resource_id: str) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(mesh.topology.admin_url)
    try:
        found = await connection.fetch(
            "select * from auth.audit where resource_id = $1 order by seq", resource_id
        )
    finally:
        await connection.close()
    return [{**row, "metadata": json.loads(row["metadata"])} for row in found]


async def test_each_token_opens_its_own_methods_only(
    weneeds: AsyncWeNeeds, boss: Admin, http: httpx.AsyncClient
) -> None:
    user, _ = await _user(weneeds)
    assert (await boss.client.admin_sessions.get_admin_me()).admin.email == boss.email
    for call in (boss.client.accounts.get_me(), user.admin_users.list_users().page()):
        error = await _refusal(call)
        assert (type(error), error.reason) == (Unauthenticated, "TOKEN_TYPE")
    for path, token in (("/api/v1/me", boss.token), ("/api/v1/admin/me", user.tokens.access_token)):
        answer = await http.get(path, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401, answer.text
        assert answer.json()["details"][0]["reason"] == "TOKEN_TYPE"


async def test_401_and_403_stay_distinguishable(
    weneeds: AsyncWeNeeds, plain: Admin, http: httpx.AsyncClient
) -> None:
    candidate, _ = await _user(weneeds, "USER_ROLE_CANDIDATE")
    error = await _refusal(candidate.companies.create_company(name="Interdite"))
    assert (type(error), error.reason) == (PermissionDenied, "ROLE_REQUIRED")
    for headers, status, reason in (
        ({}, 401, "TOKEN_MISSING"),
        ({"authorization": "Bearer a.b.c"}, 401, "TOKEN_INVALID"),
        ({"authorization": f"Bearer {plain.token}"}, 403, "SUPER_ADMIN_REQUIRED"),
    ):
        answer = await http.get("/api/v1/admin/admins", headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.json()["details"][0]["reason"] == reason


async def test_only_a_super_admin_makes_admins(
    mesh: RunningMesh, boss: Admin, plain: Admin
) -> None:
    new = {
        "email": f"staff-{uuid4()}@example.org",
        "name": "Nouvelle Fictive",
        "password": PASSWORD,
        "role": "ADMIN_ROLE_ADMIN",
    }
    for locale, text in (
        ("en", "Super Admin access required"),
        ("fr", "Accès super administrateur requis"),
    ):
        async with mesh.client(locale) as other:
            calls: Any = other.with_token(plain.token).admin_management
            error = await _refusal(calls.create_admin(**new))
        assert (type(error), error.reason) == (PermissionDenied, "SUPER_ADMIN_REQUIRED")
        assert text in str(error)

    management: Any = boss.client.admin_management
    request_id = str(uuid4())
    made = await management.create_admin(request_id=request_id, **new)
    assert made.totp_uri.startswith("otpauth://totp/")
    # The answer is given again, without the secret that it had the first time.
    again = await management.create_admin(request_id=request_id, **new)
    assert (again.admin, again.totp_uri) == (made.admin, "")
    (row,) = await _rows(mesh, made.admin.id)
    kept = (row["action"], row["actor_id"], row["actor_access"], row["resource_type"])
    assert kept == ("CREATE_ADMIN", boss.id, "admin", "admin")
    assert row["metadata"] == {"new": {"role": "ADMIN"}}
    assert (await management.set_admin_role(
        admin_id=made.admin.id, role="ADMIN_ROLE_SUPER_ADMIN"
    )).admin.role  # fmt: skip
    await management.delete_admin(admin_id=made.admin.id)
    actions = [row["action"] for row in await _rows(mesh, made.admin.id)]
    assert actions == ["CREATE_ADMIN", "UPDATE_ADMIN", "DELETE_ADMIN"]


async def test_a_denied_attempt_is_kept(mesh: RunningMesh, boss: Admin, plain: Admin) -> None:
    error = await _refusal(plain.client.admin_management.delete_admin(admin_id=boss.id))
    assert error.reason == "SUPER_ADMIN_REQUIRED"
    row = (await _rows(mesh, boss.id))[-1]
    kept = (row["action"], row["actor_id"], row["success"], row["reason"], row["resource_type"])
    assert kept == ("DELETE_ADMIN", plain.id, False, "SUPER_ADMIN_REQUIRED", "admin")


async def test_a_role_taken_away_is_felt_within_five_seconds(
    weneeds: AsyncWeNeeds, boss: Admin
) -> None:
    management: Any = boss.client.admin_management
    email = f"staff-{uuid4()}@example.org"
    created = await management.create_admin(
        email=email, name="Passante Fictive", password=PASSWORD, role="ADMIN_ROLE_SUPER_ADMIN"
    )
    other = await _signed_in(weneeds, created.admin.id, email, created.totp_uri)
    await other.client.admin_management.list_admins().page()
    await management.set_admin_role(admin_id=other.id, role="ADMIN_ROLE_ADMIN")
    await _within(
        REVOKED_SECONDS,
        other.client.admin_management.list_admins().page,
        "SUPER_ADMIN_REQUIRED",
    )
    await management.delete_admin(admin_id=other.id)
    kept = weneeds.with_token(other.token)
    await _within(REVOKED_SECONDS, kept.admin_sessions.get_admin_me, "SESSION_ENDED")


async def test_sessions_of_staff_renew_and_end(weneeds: AsyncWeNeeds, boss: Admin) -> None:
    email = f"staff-{uuid4()}@example.org"
    created = await boss.client.admin_management.create_admin(
        email=email, name="Nocturne Fictif", password=PASSWORD, role="ADMIN_ROLE_ADMIN"
    )
    admin = await _signed_in(weneeds, created.admin.id, email, created.totp_uri)
    # The code that was used a moment ago is spent.
    code = totp.code_at(admin.secret, totp.step_at(time.time()))
    error = await _refusal(
        weneeds.with_token(None).admin_sessions.sign_in_admin(
            email=email, password=PASSWORD, totp_code=code
        )
    )
    assert (type(error), error.reason) == (Unauthenticated, "CREDENTIALS_INVALID")
    tokens = admin.client.tokens
    assert tokens is not None
    stranger = weneeds.with_token(None)
    fresh = await stranger.admin_sessions.refresh_admin(refresh_token=tokens.refresh_token)
    assert (await stranger.admin_sessions.get_admin_me()).admin.id == admin.id
    error = await _refusal(weneeds.sessions.refresh(refresh_token=fresh.tokens.refresh_token))
    assert error.reason == "REFRESH_TOKEN_INVALID"
    kept = weneeds.with_token(fresh.tokens.access_token)
    await stranger.admin_sessions.sign_out_admin()
    assert stranger.tokens is None
    await _within(REVOKED_SECONDS, kept.admin_sessions.get_admin_me, "SESSION_ENDED")


async def test_a_ban_is_felt_everywhere_within_five_seconds(
    mesh: RunningMesh, weneeds: AsyncWeNeeds, plain: Admin
) -> None:
    user, user_id = await _user(weneeds, "USER_ROLE_CANDIDATE")
    refresh = user.tokens.refresh_token
    kept = weneeds.with_token(user.tokens.access_token)
    everywhere: list[Callable[[], Awaitable[Any]]] = [
        kept.accounts.get_me,
        lambda: kept.applications.list_my_applications(page_size=1).page(),
        lambda: kept.mails.list_my_mails(page_size=1).page(),
    ]
    for call in everywhere:
        await call()
    banned = await plain.client.admin_users.ban_user(user_id=user_id, reason="Fictif : abus")
    assert banned.user.status == USER_STATUS_BANNED
    await asyncio.gather(*(_within(REVOKED_SECONDS, call, "ACCOUNT_BANNED") for call in everywhere))
    error = await _refusal(weneeds.sessions.refresh(refresh_token=refresh))
    assert error.reason == "REFRESH_TOKEN_INVALID"
    found = await plain.client.admin_users.get_user(user_id=user_id)
    assert found.user.status == USER_STATUS_BANNED
    listed = plain.client.admin_users.list_users(
        query=found.user.email, status="USER_STATUS_BANNED"
    )
    assert [each.id async for each in listed] == [user_id]
    error = await _refusal(
        weneeds.with_token(None).sessions.sign_in(email=found.user.email, password=PASSWORD)
    )
    assert (type(error), error.reason) == (PermissionDenied, "ACCOUNT_BANNED")

    await plain.client.admin_users.unban_user(user_id=user_id, reason="Fictif : erreur")
    again: Any = weneeds.with_token(None)
    await again.sessions.sign_in(email=found.user.email, password=PASSWORD)
    assert (await again.accounts.get_me()).user.id == user_id
    rows = await _rows(mesh, user_id)
    assert [(row["action"], row["actor_id"]) for row in rows] == [
        ("BAN_USER", plain.id),
        ("UNBAN_USER", plain.id),
    ]
    assert rows[0]["metadata"] == {
        "old": {"status": "ACTIVE"},
        "new": {"status": "BANNED"},
        "reason": "Fictif : abus",
    }


async def test_maintenance_stops_users_and_not_staff(
    weneeds: AsyncWeNeeds, plain: Admin, http: httpx.AsyncClient
) -> None:
    user, _ = await _user(weneeds)
    admin: Any = plain.client
    # Only auth is asked here: the other services look at the switch every five
    # minutes, and would go on refusing after this test.
    assert (await admin.maintenance.set_maintenance(on=True)).on
    try:
        answer = await http.get("/api/v1/maintenance")
        assert (answer.status_code, answer.json()["on"]) == (200, True)
        # Before the token is looked at: no token, a wrong one and a good one answer alike.
        for headers in (
            {"authorization": f"Bearer {plain.token}"},
            {"authorization": f"Bearer {user.tokens.access_token}"},
        ):
            answer = await http.get("/api/v1/me", headers=headers)
            assert answer.status_code == 503, answer.text
            assert answer.json()["details"][0]["reason"] == "MAINTENANCE"
        credentials = {"email": "a@example.org", "password": PASSWORD}
        answer = await http.post("/api/v1/auth/sign-in", json=credentials)
        assert answer.json()["details"][0]["reason"] == "MAINTENANCE"
        assert (await admin.admin_sessions.get_admin_me()).admin.id == plain.id
        error = await _refusal(
            weneeds.with_token(None).admin_sessions.sign_in_admin(
                email=plain.email, password="not the password", totp_code="000000"
            )
        )
        assert error.reason == "CREDENTIALS_INVALID"
    finally:
        await admin.maintenance.set_maintenance(on=False)
    assert (await user.accounts.get_me()).user.id
