"""Wrong passwords in a row, on a real Valkey and with a clock that tests move."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest
from redis.asyncio import Redis

from services.auth.app.lockouts import Lockouts
from services.auth.domain.lockouts import (
    FORGOTTEN_AFTER,
    FREE_FAILURES,
    REMEMBERED_FOR,
    RESTS,
)
from services.auth.domain.users import CredentialsInvalid, User
from services.auth.ports.lockouts import ValkeyFailures
from services.kit.clock import FakeClock
from services.kit.errors import AccountBanned, DependencyDown, RateLimited
from tests.support.sql import Sql
from tests.unit.auth.conftest import PASSWORD, Auth, new_email
from tests.unit.auth.life import build_life


async def wrong(auth: Auth, email: str, password: str = "wrong") -> int:
    """Sign in with a wrong password; return the seconds to wait, 0 where it was looked at."""
    try:
        await auth.sign_ins.sign_in(email, password)
    except CredentialsInvalid:
        return 0
    except RateLimited as refused:
        return refused.retry_after
    raise AssertionError("a wrong password signed in")


async def locked(auth: Auth) -> User:
    """Somebody whose account rests."""
    user = await auth.register()
    assert [await wrong(auth, user.email) for _ in range(FREE_FAILURES + 1)] == [0] * 10
    return user


async def test_the_tenth_failure_in_a_row_locks_and_each_further_one_for_longer(auth: Auth) -> None:
    user = await locked(auth)
    for rest in (*RESTS, RESTS[-1], RESTS[-1]):
        # While it rests nothing is counted: a flood of attempts makes it no longer.
        assert {await wrong(auth, user.email) for _ in range(3)} == {rest.seconds}
        auth.clock.move(rest - timedelta(milliseconds=1))
        assert await wrong(auth, user.email) == 1
        auth.clock.move(timedelta(milliseconds=1))
        assert await wrong(auth, user.email) == 0
    assert RESTS[-1] == timedelta(minutes=15)
    assert [later / rest for rest, later in pairwise(RESTS[:-1])] == [2] * 4


async def test_the_right_password_waits_too_and_then_starts_from_zero(auth: Auth) -> None:
    user = await locked(auth)
    with pytest.raises(RateLimited) as refused:
        await auth.sign_ins.sign_in(user.email, PASSWORD)
    assert refused.value.retry_after == RESTS[0].seconds
    auth.clock.move(RESTS[0])
    assert (await auth.sign_ins.sign_in(user.email, PASSWORD)).user == user
    assert [await wrong(auth, user.email) for _ in range(FREE_FAILURES)] == [0] * 9
    assert (await auth.sign_ins.sign_in(user.email, PASSWORD)).user == user


async def test_an_email_that_nobody_has_locks_alike(auth: Auth) -> None:
    known, unknown = (await auth.register()).email, new_email()
    told = []
    for email in (known, unknown):
        told.append([await wrong(auth, email) for _ in range(FREE_FAILURES + 3)])
    assert told[0] == told[1] == [0] * 10 + [RESTS[0].seconds] * 2


async def test_spellings_of_an_email_are_one_account(auth: Auth) -> None:
    user = await auth.register()
    for _ in range(5):
        await wrong(auth, user.email)
        await wrong(auth, f"  {user.email.upper()} ")
    assert await wrong(auth, user.email) == RESTS[0].seconds


async def test_attempts_at_the_same_time_are_no_more_than_in_a_row(auth: Auth) -> None:
    user = await auth.register()
    told = await asyncio.gather(*(wrong(auth, user.email) for _ in range(40)))
    assert sorted(told) == [0] * 10 + [RESTS[0].seconds] * 30


async def test_replicas_count_together(auth: Auth, redis: Redis) -> None:
    user = await locked(auth)
    other = Lockouts(ValkeyFailures(redis), FakeClock(auth.clock.now()))
    with pytest.raises(RateLimited):
        async with other.attempt(user.email):
            raise AssertionError("it was let in")


async def test_what_was_not_decided_does_not_count(auth: Auth) -> None:
    user = await auth.register()
    for _ in range(FREE_FAILURES):
        await wrong(auth, user.email)
    # The tenth locks, and takes its lock back with it.
    with pytest.raises(DependencyDown):
        async with auth.lockouts.attempt(user.email):
            raise DependencyDown(dependency="postgres")
    assert (await auth.sign_ins.sign_in(user.email, PASSWORD)).user == user


async def test_a_caller_who_goes_away_has_guessed(auth: Auth) -> None:
    email = new_email()
    for _ in range(FREE_FAILURES + 1):
        with pytest.raises(asyncio.CancelledError):
            async with auth.lockouts.attempt(email):
                raise asyncio.CancelledError
    assert await wrong(auth, email) == RESTS[0].seconds


async def test_a_ban_is_no_failure(auth: Auth) -> None:
    user = await auth.register()
    await Sql(auth.database).execute("update users set status = 'BANNED' where id = $1", user.id)
    for _ in range(FREE_FAILURES + 2):
        with pytest.raises(AccountBanned):
            await auth.sign_ins.sign_in(user.email, PASSWORD)


async def test_a_stolen_session_guesses_the_password_no_faster(auth: Auth) -> None:
    life = build_life(auth)
    user = await auth.register()
    session_id = await life.sign_in(user.email)
    for _ in range(4):
        with pytest.raises(CredentialsInvalid):
            await life.passwords.change(user.id, session_id, "wrong", "another fine password")
    for _ in range(3):
        with pytest.raises(CredentialsInvalid):
            await life.profiles.update(user.id, {"email": new_email()}, "wrong")
    for _ in range(3):
        with pytest.raises(CredentialsInvalid):
            await life.departures.delete(user.id, "wrong")
    with pytest.raises(RateLimited):
        await life.departures.delete(user.id, PASSWORD)
    with pytest.raises(RateLimited):
        await auth.sign_ins.sign_in(user.email, PASSWORD)


async def test_a_reset_by_mail_lifts_the_lock(auth: Auth) -> None:
    life = build_life(auth)
    user = await locked(auth)
    await life.passwords.request_reset(user.email)
    await life.passwords.reset(await life.code_to(user.email), "another fine password")
    assert (await auth.sign_ins.sign_in(user.email, "another fine password")).user.id == user.id


async def test_counts_do_not_stay_for_ever_and_name_nobody(auth: Auth, redis: Redis) -> None:
    before = set(await redis.keys("auth:failures:*"))
    email = new_email()
    await wrong(auth, email)
    (key,) = set(await redis.keys("auth:failures:*")) - before
    assert email.encode() not in key
    assert 0 < await redis.ttl(key) <= FORGOTTEN_AFTER.total_seconds()
    for _ in range(FREE_FAILURES):
        await wrong(auth, email)
    assert FORGOTTEN_AFTER.total_seconds() < await redis.ttl(key) <= REMEMBERED_FOR.total_seconds()


async def test_without_valkey_no_password_is_looked_at(
    auth: Auth, auth_without_sessions: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await auth.register()

    async def unexpected(encoded: str | None, password: str) -> bool:
        raise AssertionError("a password was looked at")

    monkeypatch.setattr(auth_without_sessions.passwords, "verify", unexpected)
    for email in (user.email, new_email()):
        with pytest.raises(DependencyDown):
            await auth_without_sessions.sign_ins.sign_in(email, PASSWORD)
