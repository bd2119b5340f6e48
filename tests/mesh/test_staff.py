"""Staff through the public gateway: tokens of their own, bans, maintenance, the audit log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from weneeds import AsyncWeNeeds, PermissionDenied, Unauthenticated
from weneeds.auth.v1.user_pb2 import USER_STATUS_BANNED

from services.auth.domain import totp
from tests.conftest import RunningMesh
from tests.mesh.staffing import (
    PASSWORD,
    REVOKED_SECONDS,
    Admin,
    new_user,
    refusal,
    rows,
    signed_in,
    within,
)

pytestmark = pytest.mark.mesh


async def test_each_token_opens_its_own_methods_only(
    guest: AsyncWeNeeds, boss: Admin, rest: httpx.AsyncClient
) -> None:
    user, _ = await new_user(guest)
    assert (await boss.client.admin_sessions.get_admin_me()).admin.email == boss.email
    for call in (boss.client.accounts.get_me(), user.admin_users.list_users().page()):
        error = await refusal(call)
        assert (type(error), error.reason) == (Unauthenticated, "TOKEN_TYPE")
    for path, token in (("/api/v1/me", boss.token), ("/api/v1/admin/me", user.tokens.access_token)):
        answer = await rest.get(path, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401, answer.text
        assert answer.json()["details"][0]["reason"] == "TOKEN_TYPE"


async def test_401_and_403_stay_distinguishable(
    guest: AsyncWeNeeds, plain: Admin, rest: httpx.AsyncClient
) -> None:
    candidate, _ = await new_user(guest, "USER_ROLE_CANDIDATE")
    error = await refusal(candidate.companies.create_company(name="Interdite"))
    assert (type(error), error.reason) == (PermissionDenied, "ROLE_REQUIRED")
    for headers, status, reason in (
        ({}, 401, "TOKEN_MISSING"),
        ({"authorization": "Bearer a.b.c"}, 401, "TOKEN_INVALID"),
        ({"authorization": f"Bearer {plain.token}"}, 403, "SUPER_ADMIN_REQUIRED"),
    ):
        answer = await rest.get("/api/v1/admin/admins", headers=headers)
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
            error = await refusal(calls.create_admin(**new))
        assert (type(error), error.reason) == (PermissionDenied, "SUPER_ADMIN_REQUIRED")
        assert text in str(error)

    management: Any = boss.client.admin_management
    request_id = str(uuid4())
    made = await management.create_admin(request_id=request_id, **new)
    assert made.totp_uri.startswith("otpauth://totp/")
    # The answer is given again, without the secret that it had the first time.
    again = await management.create_admin(request_id=request_id, **new)
    assert (again.admin, again.totp_uri) == (made.admin, "")
    (row,) = await rows(mesh, made.admin.id)
    kept = (row["action"], row["actor_id"], row["actor_access"], row["resource_type"])
    assert kept == ("CREATE_ADMIN", boss.id, "admin", "admin")
    assert row["metadata"] == {"new": {"role": "ADMIN"}}
    assert (await management.set_admin_role(
        admin_id=made.admin.id, role="ADMIN_ROLE_SUPER_ADMIN"
    )).admin.role  # fmt: skip
    await management.delete_admin(admin_id=made.admin.id)
    actions = [row["action"] for row in await rows(mesh, made.admin.id)]
    assert actions == ["CREATE_ADMIN", "UPDATE_ADMIN", "DELETE_ADMIN"]


async def test_a_denied_attempt_is_kept(mesh: RunningMesh, boss: Admin, plain: Admin) -> None:
    error = await refusal(plain.client.admin_management.delete_admin(admin_id=boss.id))
    assert error.reason == "SUPER_ADMIN_REQUIRED"
    row = (await rows(mesh, boss.id))[-1]
    kept = (row["action"], row["actor_id"], row["success"], row["reason"], row["resource_type"])
    assert kept == ("DELETE_ADMIN", plain.id, False, "SUPER_ADMIN_REQUIRED", "admin")


async def test_a_role_taken_away_is_felt_within_five_seconds(
    guest: AsyncWeNeeds, boss: Admin
) -> None:
    management: Any = boss.client.admin_management
    email = f"staff-{uuid4()}@example.org"
    created = await management.create_admin(
        email=email, name="Passante Fictive", password=PASSWORD, role="ADMIN_ROLE_SUPER_ADMIN"
    )
    other = await signed_in(guest, created.admin.id, email, created.totp_uri)
    await other.client.admin_management.list_admins().page()
    await management.set_admin_role(admin_id=other.id, role="ADMIN_ROLE_ADMIN")
    await within(
        REVOKED_SECONDS,
        other.client.admin_management.list_admins().page,
        "SUPER_ADMIN_REQUIRED",
    )
    await management.delete_admin(admin_id=other.id)
    kept = guest.with_token(other.token)
    await within(REVOKED_SECONDS, kept.admin_sessions.get_admin_me, "SESSION_ENDED")


async def test_sessions_of_staff_renew_and_end(guest: AsyncWeNeeds, boss: Admin) -> None:
    email = f"staff-{uuid4()}@example.org"
    created = await boss.client.admin_management.create_admin(
        email=email, name="Nocturne Fictif", password=PASSWORD, role="ADMIN_ROLE_ADMIN"
    )
    admin = await signed_in(guest, created.admin.id, email, created.totp_uri)
    # The code that was used a moment ago is spent.
    code = totp.code_at(admin.secret, totp.step_at(time.time()))
    error = await refusal(
        guest.with_token(None).admin_sessions.sign_in_admin(
            email=email, password=PASSWORD, totp_code=code
        )
    )
    assert (type(error), error.reason) == (Unauthenticated, "CREDENTIALS_INVALID")
    tokens = admin.client.tokens
    assert tokens is not None
    stranger = guest.with_token(None)
    fresh = await stranger.admin_sessions.refresh_admin(refresh_token=tokens.refresh_token)
    assert (await stranger.admin_sessions.get_admin_me()).admin.id == admin.id
    error = await refusal(guest.sessions.refresh(refresh_token=fresh.tokens.refresh_token))
    assert error.reason == "REFRESH_TOKEN_INVALID"
    kept = guest.with_token(fresh.tokens.access_token)
    await stranger.admin_sessions.sign_out_admin()
    assert stranger.tokens is None
    await within(REVOKED_SECONDS, kept.admin_sessions.get_admin_me, "SESSION_ENDED")


async def test_a_ban_is_felt_everywhere_within_five_seconds(
    mesh: RunningMesh, guest: AsyncWeNeeds, plain: Admin
) -> None:
    user, user_id = await new_user(guest, "USER_ROLE_CANDIDATE")
    refresh = user.tokens.refresh_token
    kept = guest.with_token(user.tokens.access_token)
    everywhere: list[Callable[[], Awaitable[Any]]] = [
        kept.accounts.get_me,
        lambda: kept.applications.list_my_applications(page_size=1).page(),
        lambda: kept.mails.list_my_mails(page_size=1).page(),
    ]
    for call in everywhere:
        await call()
    banned = await plain.client.admin_users.ban_user(user_id=user_id, reason="Fictif : abus")
    assert banned.user.status == USER_STATUS_BANNED
    await asyncio.gather(*(within(REVOKED_SECONDS, call, "ACCOUNT_BANNED") for call in everywhere))
    error = await refusal(guest.sessions.refresh(refresh_token=refresh))
    assert error.reason == "REFRESH_TOKEN_INVALID"
    found = await plain.client.admin_users.get_user(user_id=user_id)
    assert found.user.status == USER_STATUS_BANNED
    listed = plain.client.admin_users.list_users(
        query=found.user.email, status="USER_STATUS_BANNED"
    )
    assert [each.id async for each in listed] == [user_id]
    error = await refusal(
        guest.with_token(None).sessions.sign_in(email=found.user.email, password=PASSWORD)
    )
    assert (type(error), error.reason) == (PermissionDenied, "ACCOUNT_BANNED")

    await plain.client.admin_users.unban_user(user_id=user_id, reason="Fictif : erreur")
    again: Any = guest.with_token(None)
    await again.sessions.sign_in(email=found.user.email, password=PASSWORD)
    assert (await again.accounts.get_me()).user.id == user_id
    logged = await rows(mesh, user_id)
    assert [(row["action"], row["actor_id"]) for row in logged] == [
        ("BAN_USER", plain.id),
        ("UNBAN_USER", plain.id),
    ]
    assert logged[0]["metadata"] == {
        "old": {"status": "ACTIVE"},
        "new": {"status": "BANNED"},
        "reason": "Fictif : abus",
    }


async def test_maintenance_stops_users_and_not_staff(
    guest: AsyncWeNeeds, plain: Admin, rest: httpx.AsyncClient
) -> None:
    user, _ = await new_user(guest)
    admin: Any = plain.client
    # Only auth is asked here: the other services look at the switch every five
    # minutes, and would go on refusing after this test.
    assert (await admin.maintenance.set_maintenance(on=True)).on
    try:
        answer = await rest.get("/api/v1/maintenance")
        assert (answer.status_code, answer.json()["on"]) == (200, True)
        # Before the token is looked at: no token, a wrong one and a good one answer alike.
        for headers in (
            {"authorization": f"Bearer {plain.token}"},
            {"authorization": f"Bearer {user.tokens.access_token}"},
        ):
            answer = await rest.get("/api/v1/me", headers=headers)
            assert answer.status_code == 503, answer.text
            assert answer.json()["details"][0]["reason"] == "MAINTENANCE"
        credentials = {"email": "a@example.org", "password": PASSWORD}
        answer = await rest.post("/api/v1/auth/sign-in", json=credentials)
        assert answer.json()["details"][0]["reason"] == "MAINTENANCE"
        assert (await admin.admin_sessions.get_admin_me()).admin.id == plain.id
        error = await refusal(
            guest.with_token(None).admin_sessions.sign_in_admin(
                email=plain.email, password="not the password", totp_code="000000"
            )
        )
        assert error.reason == "CREDENTIALS_INVALID"
    finally:
        await admin.maintenance.set_maintenance(on=False)
    assert (await user.accounts.get_me()).user.id
