"""The stream: replay, live notices, heartbeats, and nothing left behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import grpc.aio
import pytest

from services.kit.clock import FakeClock
from services.messaging.app.hub import Hub
from services.messaging.app.notices import Feeds, Notices
from services.messaging.domain.notice import (
    CursorInvalid,
    NewNotice,
    Notice,
    Topic,
    cursor_of,
    seq_of,
    wanted,
)
from tests.unit.messaging.fakes import Bell, Doorman, Feed, Units

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NEVER = 3600.0
AT_ONCE = 0.0


class House:
    """Feeds with everything around them in memory."""

    def __init__(self, heartbeat: float = NEVER, look: float = NEVER) -> None:
        self.bell = Bell()
        self.hub = Hub(self.bell)
        self.feed = Feed()
        self.doorman = Doorman()
        self.notices = Notices(Units(), self.feed, self.bell, self.hub)  # type: ignore[arg-type]
        self.feeds = Feeds(
            reader=None,  # type: ignore[arg-type]
            store=self.feed,
            hub=self.hub,
            sessions=self.doorman,
            clock=FakeClock(NOW),
            heartbeat_seconds=heartbeat,
            session_seconds=look,
        )

    async def tell(self, resource: str, user: str = "ada", topic: Topic = Topic.MAILS) -> None:
        await self.notices.tell(NewNotice(user, topic, "kind", resource, NOW))

    @asynccontextmanager
    async def follow(
        self, cursor: str = "", *topics: str, user: str = "ada"
    ) -> AsyncIterator[AsyncIterator[Notice | None]]:
        """Follow a feed. The first heartbeat, which says that it is open, is taken."""
        async with aclosing(self.feeds.follow(user, "session", topics, cursor)) as stream:
            assert await anext(stream) is None
            yield stream


async def _take(stream: AsyncIterator[Notice | None], count: int) -> list[str | None]:
    taken = []
    async with asyncio.timeout(5):
        for _ in range(count):
            item = await anext(stream)
            taken.append(item.resource_id if item else None)
    return taken


async def _listening(house: House, count: int = 1) -> None:
    async with asyncio.timeout(5):
        while house.hub.size < count:
            await asyncio.sleep(0)


@pytest.mark.parametrize("seq", [0, 1, 31, 32, 123_456_789, 2**63 - 1])
def test_cursors_come_back(seq: int) -> None:
    assert seq_of(cursor_of(seq)) == seq


@pytest.mark.parametrize("cursor", ["1", "n", "n-1", "nz", "n01", "N1", "n1 ", "nvvvvvvvvvvvvv"])
def test_a_malformed_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(CursorInvalid) as refused:
        seq_of(cursor)
    assert refused.value.field == "cursor"


def test_no_topic_means_all() -> None:
    assert wanted([]) == ("applications", "billing", "mails")
    assert wanted(["mails"]) == ("mails",)


async def test_an_empty_cursor_means_from_now_on() -> None:
    house = House()
    await house.tell("old")
    async with house.follow() as stream:
        await house.tell("new")
        assert await _take(stream, 1) == ["new"]


async def test_replay_goes_over_into_live_without_gap_or_repeat() -> None:
    house = House()
    for number in range(250):
        await house.tell(str(number))
    async with house.follow(cursor_of(1)) as stream:
        assert await _take(stream, 249) == [str(number) for number in range(1, 250)]
        await house.tell("live")
        assert await _take(stream, 1) == ["live"]


async def test_a_stream_resumes_where_the_last_one_ended() -> None:
    house = House()
    for name in ("a", "b", "c"):
        await house.tell(name)
    async with house.follow(cursor_of(1)) as stream:
        seen = await anext(stream)
    assert seen is not None
    async with house.follow(seen.cursor) as stream:
        assert await _take(stream, 1) == ["c"]


async def test_only_the_callers_own_and_the_chosen_topics() -> None:
    house = House()
    await house.tell("mine")
    await house.tell("mail")
    await house.tell("other", user="bob")
    await house.tell("application", topic=Topic.APPLICATIONS)
    async with house.follow(cursor_of(1), "applications") as stream:
        assert await _take(stream, 1) == ["application"]


async def test_a_cursor_of_another_feed_is_refused() -> None:
    house = House()
    await house.tell("other", user="bob")
    with pytest.raises(CursorInvalid):
        async with house.follow(cursor_of(1)):
            pass
    assert house.hub.size == 0


async def test_a_heartbeat_looks_at_the_table_when_the_ring_was_lost() -> None:
    house = House(heartbeat=AT_ONCE)
    await house.tell("seen")
    async with house.follow(cursor_of(1)) as stream:
        assert await _take(stream, 1) == [None]
        # Written without a ring.
        await house.feed.add(None, NewNotice("ada", Topic.MAILS, "kind", "unrung", NOW))
        assert await _take(stream, 2) == ["unrung", None]


async def test_rings_of_other_processes_wake_the_stream() -> None:
    house = House()
    pump = asyncio.create_task(house.hub.run())
    async with house.follow() as stream:
        first = asyncio.ensure_future(_take(stream, 1))
        await house.feed.add(None, NewNotice("ada", Topic.MAILS, "kind", "elsewhere", NOW))
        house.bell.heard.put_nowait("bob")
        house.bell.heard.put_nowait("ada")
        assert await first == ["elsewhere"]
        second = asyncio.ensure_future(_take(stream, 1))
        await house.feed.add(None, NewNotice("ada", Topic.MAILS, "kind", "while away", NOW))
        # After a reconnection everybody looks.
        house.bell.heard.put_nowait("")
        assert await second == ["while away"]
    pump.cancel()


async def test_a_stream_ends_with_its_session_but_outlives_a_silent_auth() -> None:
    house = House(heartbeat=AT_ONCE, look=AT_ONCE)
    house.doorman.down = True
    async with house.follow() as stream:
        assert await _take(stream, 2) == [None, None]
        house.doorman.down = False
        house.doorman.ended.add("session")
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
    assert house.hub.size == 0


async def test_a_stream_ends_with_its_session_however_much_there_is_to_tell() -> None:
    house = House(look=AT_ONCE)
    async with house.follow() as stream:
        for number in range(3):
            await house.tell(f"mail {number}")
        assert await _take(stream, 1) == ["mail 0"]
        house.doorman.ended.add("session")
        assert await _take(stream, 2) == ["mail 1", "mail 2"]
        await house.tell("mail 3")
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


async def test_a_thousand_connections_leave_nothing_behind() -> None:
    house = House()

    async def subscribe(request: bytes, context: Any) -> AsyncIterator[bytes]:
        async with house.follow(user=request.decode()) as stream:
            async for notice in stream:
                if notice is not None:
                    yield notice.resource_id.encode()

    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    handler: Any = grpc.unary_stream_rpc_method_handler(subscribe)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("test.Stream", {"Subscribe": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        before = len(asyncio.all_tasks())
        for batch in range(10):
            await _connect_and_leave(house, channel, f"user-{batch}", 100)
        gc.collect()
        async with asyncio.timeout(10):
            while house.hub.size or len(asyncio.all_tasks()) > before:
                await asyncio.sleep(0.01)
    await server.stop(None)
    assert house.hub.size == 0


async def _connect_and_leave(
    house: House, channel: grpc.aio.Channel, user: str, count: int
) -> None:
    subscribe: Any = channel.unary_stream("/test.Stream/Subscribe")
    calls = [subscribe(user.encode()) for _ in range(count)]
    await _listening(house, count)
    await house.tell("hello", user=user)
    assert [await call.read() for call in calls] == [b"hello"] * count
    for call in calls:
        call.cancel()
    async with asyncio.timeout(10):
        while house.hub.size:
            await asyncio.sleep(0.01)
