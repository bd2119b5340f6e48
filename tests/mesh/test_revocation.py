"""A session that ends is felt within five seconds: by calls to any service, by open streams."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from weneeds import AsyncWeNeeds, WeNeedsError

from tests.mesh.staffing import REVOKED_SECONDS, Admin, within
from tests.support.people import CANDIDATE, PASSWORD, Person, person

pytestmark = pytest.mark.mesh

Revocation = Callable[[Person, Person, Admin], Awaitable[Any]]
ANOTHER_PASSWORD = "another fine password"

# What ends the sessions of somebody; `elsewhere` is another session of theirs.
REVOCATIONS: dict[str, tuple[Revocation, str]] = {
    "sign-out": (lambda someone, elsewhere, boss: someone.client.sessions.sign_out(), "ended"),
    "sign-out of all": (
        lambda someone, elsewhere, boss: elsewhere.client.sessions.end_all_sessions(),
        "ended",
    ),
    "another password": (
        lambda someone, elsewhere, boss: elsewhere.client.accounts.change_password(
            current_password=PASSWORD, new_password=ANOTHER_PASSWORD
        ),
        "ended",
    ),
    "ban": (
        lambda someone, elsewhere, boss: boss.client.admin_users.ban_user(
            user_id=someone.id, reason="Fictif : abus"
        ),
        "banned",
    ),
    "deletion": (
        lambda someone, elsewhere, boss: elsewhere.client.accounts.delete_me(password=PASSWORD),
        "ended",
    ),
}
REASONS = {"ended": "SESSION_ENDED", "banned": "ACCOUNT_BANNED"}


@pytest.mark.parametrize("name", REVOCATIONS)
async def test_it_is_felt_everywhere_within_five_seconds(
    name: str, guest: AsyncWeNeeds, boss: Admin
) -> None:
    revoke, state = REVOCATIONS[name]
    someone = await person(guest, CANDIDATE)
    elsewhere = await again(guest, someone)
    # A client of its own: it keeps the token that the other one forgets.
    kept = guest.with_token(someone.token)
    everywhere: list[Callable[[], Awaitable[Any]]] = [
        kept.accounts.get_me,
        lambda: kept.applications.list_my_applications(page_size=1).page(),
        lambda: kept.mails.list_my_mails(page_size=1).page(),
        lambda: kept.ranking.rank_jobs(page_size=1).page(),
    ]
    for call in everywhere[:3]:
        await call()
    async with kept.streams.subscribe() as stream:
        assert (await anext(stream)).HasField("heartbeat")
        await revoke(someone, elsewhere, boss)
        await asyncio.gather(
            closed(stream), *(within(REVOKED_SECONDS, call, REASONS[state]) for call in everywhere)
        )
    with pytest.raises(WeNeedsError) as refused:
        async with kept.streams.subscribe() as stream:
            await anext(stream)
    assert refused.value.reason == REASONS[state]


async def again(guest: AsyncWeNeeds, someone: Person) -> Person:
    """Another session of somebody."""
    client = guest.with_token(None)
    await client.sessions.sign_in(email=someone.email, password=PASSWORD)
    return Person(client, someone.id, someone.email)


async def closed(stream: Any) -> None:
    """Read a stream to its end, which comes in time."""
    began = time.monotonic()
    async with asyncio.timeout(2 * REVOKED_SECONDS):
        async for _ in stream:
            pass
    assert time.monotonic() - began < REVOKED_SECONDS
