"""Through the gateway: who is asked again, what a step-up replaces, staff who lost their app."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from weneeds import AsyncWeNeeds
from weneeds.auth.v1.session_service_pb2 import FactorProof
from weneeds.auth.v1.user_pb2 import User

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
from tests.mesh.test_factors import App

pytestmark = pytest.mark.mesh


async def enrol(client: AsyncWeNeeds, **more: Any) -> App:
    """Link an app to a fictitious person's account."""
    app = App((await client.factors.begin_totp()).uri)
    await client.factors.confirm_totp(code=app.code(), **more)
    return app


def proof(app: App) -> FactorProof:
    return FactorProof(totp_code=app.code(1))


async def test_a_step_up_replaces_the_tokens(guest: AsyncWeNeeds, mesh: RunningMesh) -> None:
    client, user_id = await new_user(guest)
    app = await enrol(client)
    before = client.tokens
    answer = await client.sessions.step_up(proof=proof(app))
    assert answer.fresh_until.seconds > time.time()
    assert client.tokens.access_token != before.access_token
    assert (await client.accounts.get_me()).user.id == user_id
    former = guest.with_token(before)
    await within(REVOKED_SECONDS, former.accounts.get_me, "SESSION_ENDED")
    assert await client.accounts.get_me()
    logged = [row for row in await rows(mesh, "") if row["actor_id"] == user_id]
    assert [row["success"] for row in logged if row["action"] == "PROVE_FACTOR"] == [True]


async def test_another_email_takes_a_fresh_factor(guest: AsyncWeNeeds) -> None:
    client, _ = await new_user(guest)
    me = (await client.accounts.get_me()).user
    unproved = guest.with_token(None)
    await unproved.sessions.sign_in(email=me.email, password=PASSWORD)
    app = await enrol(client)
    changed = User(email=f"moved-{me.email}", first_name="Autre")

    def move(*fields: str, password: str = PASSWORD) -> Any:
        return unproved.accounts.update_me(
            user=changed, update_mask={"paths": list(fields)}, current_password=password
        )

    assert (await refusal(move("first_name", "email"))).reason == "STEP_UP_REQUIRED"
    assert (await move("first_name")).user.email == me.email
    await unproved.sessions.step_up(proof=proof(app))
    assert (await refusal(move("email", password="not it"))).reason == "CREDENTIALS_INVALID"
    assert (await move("email")).user.email == changed.email


async def test_a_change_of_a_factor_can_end_the_other_sessions(guest: AsyncWeNeeds) -> None:
    client, _ = await new_user(guest)
    me = (await client.accounts.get_me()).user
    others = [guest.with_token(None) for _ in range(2)]
    for other in others:
        await other.sessions.sign_in(email=me.email, password=PASSWORD)
    assert (await client.sessions.list_sessions().page()).total_size == 3
    await enrol(client, end_other_sessions=True)
    listed = await client.sessions.list_sessions().page()
    assert [session.current for session in listed.sessions] == [True]
    for other in others:
        await within(REVOKED_SECONDS, other.accounts.get_me, "SESSION_ENDED")


async def test_staff_step_up_and_lose_their_app(
    mesh: RunningMesh, guest: AsyncWeNeeds, boss: Admin, plain: Admin
) -> None:
    assert boss.client.tokens is not None
    code = totp.code_at(boss.secret, totp.step_at(time.time()) + 1)
    await boss.client.admin_sessions.step_up_admin(totp_code=code)
    assert (await boss.client.admin_sessions.get_admin_me()).admin.email == boss.email
    error = await refusal(boss.client.admin_sessions.step_up_admin(totp_code=code))
    assert error.reason == "FACTOR_INVALID"
    reset = boss.client.admin_management.reset_admin_authenticator
    denied = plain.client.admin_management.reset_admin_authenticator
    why = "Vue en personne, badge montré"
    error = await refusal(denied(admin_id=boss.id, reason=why))
    assert error.reason == "SUPER_ADMIN_REQUIRED"
    answer = await reset(admin_id=plain.id, reason=why)
    await within(REVOKED_SECONDS, plain.client.admin_sessions.get_admin_me, "SESSION_ENDED")
    again = await signed_in(guest, plain.id, plain.email, answer.totp_uri)
    assert (await again.client.admin_sessions.get_admin_me()).admin.id == plain.id
    [row] = [row for row in await rows(mesh, plain.id) if row["action"] == "CHANGE_FACTOR"]
    assert (row["actor_id"], row["metadata"]["reason"]) == (boss.id, why)
    assert answer.totp_uri not in str(row)


async def test_a_search_of_staff_stands_in_no_address(
    rest: httpx.AsyncClient, guest: AsyncWeNeeds, boss: Admin
) -> None:
    client, user_id = await new_user(guest)
    me = (await client.accounts.get_me()).user
    body = {"query": me.email}
    found = await rest.post("/api/v1/admin/users:search", json=body, headers=boss.bearer)
    assert [user["id"] for user in found.json()["users"]] == [user_id]
    by_address = await rest.get("/api/v1/admin/users", params=body, headers=boss.bearer)
    assert by_address.status_code in (404, 405)
