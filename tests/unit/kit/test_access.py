import asyncio

import pytest

from services.kit.access import FRESH_SECONDS, Access, AccessCache
from services.kit.call import User
from services.kit.errors import DependencyDown

USER = User(id="u", role="RECRUITER", session_id="s")


class Source:
    """Answers with what it was told, and counts."""

    def __init__(self) -> None:
        self.state = Access(session_alive=True)
        self.asked = 0
        self.down = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def access(self, user_id: str, session_id: str) -> Access:
        self.asked += 1
        await self.gate.wait()
        if self.down:
            raise DependencyDown
        return self.state


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def time() -> Time:
    return Time()


async def test_a_snapshot_serves_for_five_seconds(source: Source, time: Time) -> None:
    cache = AccessCache(source, time)
    await cache.get("u", "s")
    source.state = Access(session_alive=False)
    time.now = FRESH_SECONDS - 0.1
    assert (await cache.get("u", "s")).session_alive
    time.now = FRESH_SECONDS + 0.1
    assert not (await cache.get("u", "s")).session_alive
    assert source.asked == 2


async def test_a_no_is_asked_again(source: Source, time: Time) -> None:
    cache = AccessCache(source, time)
    assert not await cache.has_role(USER, "c", {1})
    source.state = Access(session_alive=True, memberships={"c": 1})
    assert await cache.has_role(USER, "c", {1})


async def test_concurrent_calls_share_one_lookup(source: Source, time: Time) -> None:
    cache = AccessCache(source, time)
    source.gate.clear()
    calls = [asyncio.create_task(cache.get("u", "s")) for _ in range(50)]
    await asyncio.sleep(0)
    calls[0].cancel()
    source.gate.set()
    states = await asyncio.gather(*calls[1:])
    assert all(state.session_alive for state in states)
    assert source.asked == 1


async def test_when_auth_is_away_nobody_passes_on_an_old_snapshot(
    source: Source, time: Time
) -> None:
    cache = AccessCache(source, time)
    await cache.get("u", "s")
    source.down = True
    time.now = FRESH_SECONDS + 1
    with pytest.raises(DependencyDown):
        await cache.get("u", "s")
