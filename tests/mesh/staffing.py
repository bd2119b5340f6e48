"""Fictitious staff and users for the tests that go through the gateway."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import pytest
from weneeds import AsyncWeNeeds, WeNeedsError

from services.auth.app.admins import NewAdmin
from services.auth.domain import totp
from services.auth.domain.admins import AdminRole
from services.auth.settings import AuthSettings
from services.auth.staff import create
from tests.conftest import RunningMesh

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
    def bearer(self) -> dict[str, str]:
        """The header of a call."""
        return {"authorization": f"Bearer {self.token}"}

    @property
    def token(self) -> str:
        assert self.client.tokens is not None
        return self.client.tokens.access_token


async def new_boss(mesh: RunningMesh, weneeds: AsyncWeNeeds) -> Admin:
    """A signed-in super admin, made as `weneeds admin create` makes the first one."""
    settings = AuthSettings.load("auth", mesh.topology.environment())
    email = f"staff-{uuid4()}@example.org"
    new = NewAdmin(email, "Cheffe Fictive", PASSWORD, AdminRole.SUPER_ADMIN)
    created = await create(settings, new)
    return await signed_in(weneeds, created.admin.id, email, created.totp_uri)


async def signed_in(weneeds: AsyncWeNeeds, admin_id: str, email: str, uri: str) -> Admin:
    (text,) = parse_qs(urlsplit(uri).query)["secret"]
    secret = base64.b32decode(text + "=" * (-len(text) % 8))
    client = weneeds.with_token(None)
    code = totp.code_at(secret, totp.step_at(time.time()))
    await client.admin_sessions.sign_in_admin(email=email, password=PASSWORD, totp_code=code)
    return Admin(admin_id, email, secret, client)


async def new_user(weneeds: AsyncWeNeeds, role: str = "USER_ROLE_RECRUITER") -> tuple[Any, str]:
    """A signed-in fictitious person, and their id."""
    client: Any = weneeds.with_token(None)
    email = f"staff-test-{uuid4()}@example.org"
    made = await client.accounts.register(
        email=email, password=PASSWORD, first_name="Fictive", last_name="Personne", role=role
    )
    await client.sessions.sign_in(email=email, password=PASSWORD)
    return client, made.user.id


async def refusal(call: Awaitable[Any]) -> WeNeedsError:
    with pytest.raises(WeNeedsError) as caught:
        await call
    return caught.value


async def within(seconds: float, call: Callable[[], Awaitable[Any]], reason: str) -> None:
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


async def rows(mesh: RunningMesh, resource_id: str) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(mesh.topology.admin_url)
    try:
        found = await connection.fetch(
            "select * from auth.audit where resource_id = $1 order by seq", resource_id
        )
    finally:
        await connection.close()
    return [{**row, "metadata": json.loads(row["metadata"])} for row in found]
