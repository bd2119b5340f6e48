"""Providers and hashes are waited for without a connection in hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.auth.app.provider_ports import ProviderAttempt
from services.auth.domain.providers import Profile
from services.kit.ids import Uuid7Ids
from services.kit.work import UnitsOfWork
from tests.support.sql import Sql
from tests.unit.auth.conftest import PASSWORD, Auth
from tests.unit.auth.life import Life, build_life
from tests.unit.auth.test_providers import REDIRECT, Rooms, rooms

__all__ = ["rooms"]

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

OTHER = "another fictitious phrase"
_BUSY = """
    select count(*) from pg_stat_activity
    where usename = current_user and state like 'idle in transaction%'
"""


class Held:
    """Counts the open transactions whenever something slow is under way."""

    def __init__(self, auth: Auth) -> None:
        self._sql = Sql(auth.database)
        self.counts: list[int] = []

    def around(self, slow: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def counted(*given: Any, **named: Any) -> Any:
            self.counts.append(int(await self._sql.fetchval(_BUSY)))
            return await slow(*given, **named)

        return counted


async def audited(auth: Auth, call: Callable[[], Awaitable[Any]]) -> None:
    """Do it as the audit layer does: a unit of work around the whole."""
    units = UnitsOfWork(auth.database, auth.clock, Uuid7Ids(auth.clock))
    async with units():
        await call()


@pytest.fixture
def held(auth: Auth, monkeypatch: pytest.MonkeyPatch) -> Held:
    held = Held(auth)
    for name in ("hash", "verify"):
        monkeypatch.setattr(auth.passwords, name, held.around(getattr(auth.passwords, name)))
    return held


async def test_the_end_of_a_link_waits_for_its_provider_alone(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(rooms.auth)
    user = await rooms.auth.register()
    profile = rooms.knows()

    async def slow(attempt: ProviderAttempt, code: str, iss: str = "") -> Profile:
        return profile

    monkeypatch.setattr(rooms.scripted, "profile", held.around(slow))
    begun = await rooms.providers.begin_link("test", REDIRECT, user.id)
    await audited(rooms.auth, lambda: rooms.providers.finish_link(begun.state, "code", user.id))
    assert held.counts == [0]
    assert [one.subject for one in await rooms.providers.identities(user.id)] == [profile.subject]


async def test_changes_with_a_password_wait_for_hashes_alone(auth: Auth, held: Held) -> None:
    life: Life = build_life(auth)
    user = await auth.register()
    session_id = await life.sign_in(user.email)
    held.counts.clear()
    await audited(auth, lambda: life.passwords.change(user.id, session_id, PASSWORD, OTHER))
    moved = {"email": f"moved-{user.email}"}
    await audited(auth, lambda: life.profiles.update(user.id, moved, OTHER))
    await audited(auth, lambda: life.departures.delete(user.id, OTHER))
    assert held.counts == [0, 0, 0, 0]
