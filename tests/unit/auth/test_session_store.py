"""Sessions in a real Valkey."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from services.auth.domain.sessions import (
    IDLE,
    LIFETIME,
    Session,
    Used,
    decide,
    open_session,
    renewed,
)
from services.auth.ports.sessions import ValkeySessions
from services.kit.errors import DependencyDown


def opened(user_id: str = "", at: datetime | None = None) -> Session:
    now = at or datetime.now(UTC)
    return open_session(str(uuid4()), user_id or str(uuid4()), "digest-0", now)


def millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


async def test_keeps_a_session_as_it_is(redis: Redis) -> None:
    sessions = ValkeySessions(redis)
    session = opened()
    await sessions.open(session)
    assert await sessions.load(session.id) == session
    turned = decide(session, "digest-0", "digest-1", session.created_at).session
    assert await sessions.replace(session, turned)
    assert await sessions.load(session.id) == turned
    assert turned.used == (Used("digest-0", session.created_at),)


async def test_expires_with_the_session(redis: Redis) -> None:
    sessions = ValkeySessions(redis)
    session = opened()
    await sessions.open(session)
    key = f"auth:session:{session.id}"
    assert await redis.pexpiretime(key) == millis(session.created_at + IDLE)
    refreshed = session.created_at + timedelta(days=5)
    turned = decide(session, "digest-0", "digest-1", refreshed).session
    assert await sessions.replace(session, turned)
    assert await redis.pexpiretime(key) == millis(refreshed + IDLE)
    listed = await redis.pexpiretime(f"auth:sessions:{session.user_id}")
    assert listed == millis(session.expires_at)


async def test_a_renewed_session_takes_the_place_of_the_other(redis: Redis) -> None:
    sessions = ValkeySessions(redis)
    session = opened()
    await sessions.open(session)
    fresh = renewed(session, str(uuid4()), "digest-1", session.created_at + timedelta(hours=1))
    assert await sessions.renew(session, fresh)
    assert await sessions.load(session.id) is None
    assert await sessions.of_user(session.user_id) == [fresh]
    # One that ended is not brought back.
    assert not await sessions.renew(session, replace(fresh, id=str(uuid4())))
    assert await sessions.of_user(session.user_id) == [fresh]


async def test_of_many_that_replace_one_wins(redis: Redis) -> None:
    sessions = ValkeySessions(redis)
    session = opened()
    await sessions.open(session)
    won = await asyncio.gather(
        *(sessions.replace(session, replace(session, current=f"digest-{n}")) for n in range(1, 9))
    )
    assert sum(won) == 1
    kept = await sessions.load(session.id)
    assert kept is not None
    assert kept.current == f"digest-{won.index(True) + 1}"


async def test_an_ended_session_stays_ended(redis: Redis) -> None:
    sessions = ValkeySessions(redis)
    session = opened()
    await sessions.open(session)
    await sessions.end(session.user_id, session.id)
    await sessions.end(session.user_id, session.id)
    assert not await sessions.replace(session, replace(session, current="digest-1"))
    assert await sessions.load(session.id) is None
    assert await sessions.ids_of(session.user_id) == []


async def test_lists_a_users_sessions_oldest_first(redis: Redis) -> None:
    sessions = ValkeySessions(redis)
    user_id = str(uuid4())
    now = datetime.now(UTC)
    later, earlier = opened(user_id, now), opened(user_id, now - timedelta(minutes=5))
    for session in (later, earlier, opened()):
        await sessions.open(session)
    assert await sessions.ids_of(user_id) == [earlier.id, later.id]


async def test_beyond_the_number_kept_the_oldest_ends(redis: Redis) -> None:
    sessions = ValkeySessions(redis, kept=2)
    user_id = str(uuid4())
    start = datetime.now(UTC)
    three = [opened(user_id, start + timedelta(seconds=n)) for n in range(3)]
    for session in three:
        await sessions.open(session)
    assert await sessions.ids_of(user_id) == [three[1].id, three[2].id]
    assert await sessions.load(three[0].id) is None
    assert await sessions.load(three[1].id) == three[1]


async def test_forgets_expired_sessions_in_the_list(redis: Redis) -> None:
    sessions = ValkeySessions(redis)
    user_id = str(uuid4())
    now = datetime.now(UTC)
    await sessions.open(opened(user_id, now - LIFETIME + timedelta(minutes=1)))
    fresh = opened(user_id, now + timedelta(minutes=2))
    await sessions.open(fresh)
    assert await sessions.ids_of(user_id) == [fresh.id]


async def test_without_valkey_every_method_says_so(no_redis: Redis) -> None:
    sessions = ValkeySessions(no_redis)
    session = opened()
    for call in (
        sessions.open(session),
        sessions.load(session.id),
        sessions.replace(session, session),
        sessions.end(session.user_id, session.id),
        sessions.ids_of(session.user_id),
    ):
        with pytest.raises(DependencyDown):
            await call


async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read for ever, say nothing."""
    await reader.read()
    writer.close()


async def test_a_valkey_that_does_not_answer_is_not_waited_for() -> None:
    silent = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    client = Redis(host="127.0.0.1", port=port, socket_timeout=30)
    begin = time.monotonic()
    with pytest.raises(DependencyDown):
        await ValkeySessions(client).load(str(uuid4()))
    assert time.monotonic() - begin < 5
    await client.aclose()
    silent.close()
