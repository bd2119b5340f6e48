"""Pagers and streams, with both clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from weneeds import InvalidArgument, Unavailable, WeNeeds
from weneeds.auth.v1 import session_service_pb2
from weneeds.jobs.v1 import job_pb2, job_service_pb2
from weneeds.messaging.v1 import stream_service_pb2

from tests.unit.sdk.conftest import Both
from tests.unit.sdk.platform import EXPIRED, UNAVAILABLE, Platform, Refuse, tokens

PAGES = {"": (["a", "b"], "2"), "2": (["c"], "3"), "3": ([], "")}
RESET = Refuse(grpc.StatusCode.INTERNAL)


@pytest.fixture
def jobs(platform: Platform) -> Platform:
    async def list_jobs(request: Any, context: Any) -> Message:
        ids, following = PAGES[request.page_token]
        return job_service_pb2.ListJobsResponse(
            jobs=[job_pb2.Job(id=each) for each in ids], next_page_token=following, total_size=3
        )

    platform.answers["ListJobs"] = list_jobs
    return platform


async def test_a_list_turns_its_pages(client: Both, jobs: Platform) -> None:
    found = await client.items(lambda c: c.jobs.list_jobs(page_size=2, skip=1))
    assert [job.id for job in found] == ["a", "b", "c"]
    asked = [(call.request.page_token, call.request.skip) for call in jobs.seen("ListJobs")]
    assert asked == [("", 1), ("2", 0), ("3", 0)]
    assert {call.request.page_size for call in jobs.seen("ListJobs")} == {2}


async def test_a_list_gives_whole_pages(client: Both, jobs: Platform) -> None:
    pages = await client.items(lambda c: c.jobs.list_jobs().pages())
    assert [len(page.jobs) for page in pages] == [2, 1, 0]


async def test_a_list_gives_one_page(client: Both, jobs: Platform) -> None:
    page = await client(lambda c: c.jobs.list_jobs(page_token="2").page())
    assert ([job.id for job in page.jobs], page.total_size) == (["c"], 3)
    assert len(jobs.calls) == 1


async def test_a_list_is_read_only_as_far_as_needed(client: Both, jobs: Platform) -> None:
    if isinstance(client.client, WeNeeds):
        weneeds = client.client
        first = await asyncio.to_thread(lambda: next(iter(weneeds.jobs.list_jobs())))
    else:
        first = await anext(aiter(client.client.jobs.list_jobs()))
    assert (first.id, len(jobs.calls)) == ("a", 1)


async def test_a_page_that_fails_is_asked_for_again(client: Both, jobs: Platform) -> None:
    jobs.fails("ListJobs", UNAVAILABLE)
    found = await client.items(lambda c: c.jobs.list_jobs())
    assert len(found) == 3


def _notice(cursor: str) -> Message:
    return stream_service_pb2.SubscribeResponse(
        notice=stream_service_pb2.Notice(cursor=cursor, topic="mails")
    )


def _heartbeat() -> Message:
    return stream_service_pb2.SubscribeResponse(heartbeat=stream_service_pb2.Heartbeat())


def _plays(platform: Platform, *parts: list[Any]) -> None:
    """Each subscription plays the next part; after the last one they only fail."""
    left = list(parts)

    async def subscribe(request: Any) -> AsyncIterator[Any]:
        for message in left.pop(0) if left else [UNAVAILABLE]:
            yield message

    platform.streams["Subscribe"] = subscribe


def _cursors(platform: Platform) -> list[str]:
    return [call.request.cursor for call in platform.seen("Subscribe")]


@pytest.mark.parametrize("break_", [UNAVAILABLE, RESET])
async def test_a_broken_stream_goes_on_from_its_cursor(
    client: Both, platform: Platform, break_: Refuse
) -> None:
    _plays(platform, [_notice("1"), _notice("2"), _heartbeat(), break_], [break_], [_notice("3")])
    seen = await client.items(lambda c: c.streams.subscribe(topics=["mails"]))
    assert [message.notice.cursor for message in seen] == ["1", "2", "", "3"]
    assert _cursors(platform) == ["", "2", "2"]
    assert {tuple(call.request.topics) for call in platform.calls} == {("mails",)}


async def test_a_stream_that_stays_away_is_given_up(client: Both, platform: Platform) -> None:
    _plays(platform, [_notice("1"), UNAVAILABLE])
    with pytest.raises(Unavailable):
        await client.items(lambda c: c.streams.subscribe())
    assert _cursors(platform) == ["", *["1"] * 4][: len(platform.calls)]
    assert len(platform.calls) == 4


async def test_a_refused_stream_is_not_reopened(client: Both, platform: Platform) -> None:
    _plays(platform, [Refuse(grpc.StatusCode.INVALID_ARGUMENT, "CURSOR_INVALID")])
    with pytest.raises(InvalidArgument) as caught:
        await client.items(lambda c: c.streams.subscribe(cursor="nonsense"))
    assert caught.value.reason == "CURSOR_INVALID"
    assert len(platform.calls) == 1


async def test_a_stream_renews_the_token(client: Both, platform: Platform) -> None:
    async def sign_in(request: Any, context: Any) -> Message:
        return session_service_pb2.SignInResponse(tokens=tokens("access1", "refresh1"))

    async def refresh(request: Any, context: Any) -> Message:
        return session_service_pb2.RefreshResponse(tokens=tokens("access2", "refresh2"))

    platform.answers |= {"SignIn": sign_in, "Refresh": refresh}
    _plays(platform, [_notice("1"), EXPIRED], [_notice("2")])
    await client(lambda c: c.sessions.sign_in(email="a@example.org", password="x"))
    seen = await client.items(lambda c: c.streams.subscribe())
    assert [message.notice.cursor for message in seen] == ["1", "2"]
    bearers = [call.metadata["authorization"] for call in platform.seen("Subscribe")]
    assert bearers == ["Bearer access1", "Bearer access2"]


def _endless(platform: Platform) -> asyncio.Event:
    """Plays one notice, then nothing; the event says that the server let go."""
    gone = asyncio.Event()

    async def subscribe(request: Any) -> AsyncIterator[Any]:
        try:
            yield _notice("1")
            await asyncio.Event().wait()
        finally:
            gone.set()

    platform.streams["Subscribe"] = subscribe
    return gone


async def test_leaving_the_block_ends_the_stream(client: Both, platform: Platform) -> None:
    gone = _endless(platform)
    if isinstance(client.client, WeNeeds):
        weneeds = client.client

        def read() -> str:
            with weneeds.streams.subscribe() as stream:
                return next(stream).notice.cursor

        cursor = await asyncio.to_thread(read)
    else:
        async with client.client.streams.subscribe() as stream:
            cursor = (await anext(stream)).notice.cursor
    assert cursor == "1"
    await asyncio.wait_for(gone.wait(), 5)


async def test_closing_lets_a_waiting_reader_go(client: Both, platform: Platform) -> None:
    _endless(platform)
    read = asyncio.Event()
    loop = asyncio.get_running_loop()
    if isinstance(client.client, WeNeeds):
        blocking = client.client.streams.subscribe()

        def drain() -> list[str]:
            found = []
            for message in blocking:
                found.append(message.notice.cursor)
                loop.call_soon_threadsafe(read.set)
            return found

        reader = asyncio.create_task(asyncio.to_thread(drain))
        await asyncio.wait_for(read.wait(), 5)
        blocking.close()
    else:
        stream = client.client.streams.subscribe()

        async def drain_async() -> list[str]:
            found = []
            async for message in stream:
                found.append(message.notice.cursor)
                read.set()
            return found

        reader = asyncio.create_task(drain_async())
        await asyncio.wait_for(read.wait(), 5)
        await stream.close()
    assert await asyncio.wait_for(reader, 5) == ["1"]
