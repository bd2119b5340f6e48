"""Telling people what happened: the feed, and the live streams on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import DependencyDown
from services.kit.work import UnitsOfWork
from services.messaging.app.hub import Hub, Listener
from services.messaging.app.stores import Bell, NoticeStore, Sessions
from services.messaging.domain.notice import CursorInvalid, NewNotice, Notice, seq_of, wanted

_PAGE = 100
# An ended session is to be felt within five seconds; asking takes its time too.
SESSION_SECONDS = 4.0
# When the answer did not come.
_AGAIN_SECONDS = 0.5


class Notices:
    """Writes notices down and rings for them."""

    def __init__(self, work: UnitsOfWork, store: NoticeStore, bell: Bell, hub: Hub) -> None:
        self._work = work
        self._store = store
        self._bell = bell
        self._hub = hub

    async def tell(self, notice: NewNotice) -> None:
        """Write the notice down; wake the streams of its reader once committed."""
        async with self._work() as work:
            await self._store.add(work, notice)
            work.after_commit(lambda: self._ring(notice.user_id))

    def _ring(self, user_id: str) -> None:
        self._hub.wake(user_id)
        self._bell.ring(user_id)


class Feeds:
    """Streams feeds.

    A ring says only that there is something; what it is comes from the table.
    So nothing depends on a ring's arrival or order, a slow reader holds up no
    queue, and each heartbeat looks at the table again.
    """

    def __init__(
        self,
        *,
        reader: Reader,
        store: NoticeStore,
        hub: Hub,
        sessions: Sessions,
        clock: Clock,
        heartbeat_seconds: float,
        session_seconds: float = SESSION_SECONDS,
    ) -> None:
        self._reader = reader
        self._store = store
        self._hub = hub
        self._sessions = sessions
        self._clock = clock
        self._heartbeat = heartbeat_seconds
        # How often a stream asks whether its session lives.
        self._look = session_seconds

    async def follow(
        self, user_id: str, session_id: str, topics: Sequence[str], cursor: str
    ) -> AsyncGenerator[Notice | None]:
        """Yield the notices after `cursor`, then new ones; None is a heartbeat.

        The first heartbeat comes at once: the stream is open. An empty cursor
        means from now on. Ends when the session does, however much there is to
        tell. Raises CursorInvalid when the cursor is not of this feed.
        """
        chosen = wanted(topics)
        # Listening starts before the first read: nothing falls in between.
        with self._hub.listening(user_id) as listener:
            seq = await self._start(user_id, cursor)
            # The reader learns that from here on nothing is missed.
            yield None
            beat, look = _after(self._heartbeat), _after(self._look)
            while True:
                if _is_past(look):
                    lives = await self._session_lives(user_id, session_id)
                    if lives is False:
                        return
                    look = _after(self._look if lives else min(self._look, _AGAIN_SECONDS))
                listener.clear()
                async with aclosing(self._rest(user_id, seq, chosen)) as rest:
                    async for notice in rest:
                        seq = notice.seq
                        yield notice
                if not await _woken(listener, min(beat, look)) and _is_past(beat):
                    beat = _after(self._heartbeat)
                    yield None

    async def _start(self, user_id: str, cursor: str) -> int:
        if not cursor:
            return await self._store.last(self._reader, user_id)
        seq = seq_of(cursor)
        if not await self._store.holds(self._reader, user_id, seq):
            raise CursorInvalid(field="cursor")
        return seq

    async def _rest(self, user_id: str, seq: int, topics: Sequence[str]) -> AsyncGenerator[Notice]:
        while True:
            page = await self._store.after(self._reader, user_id, seq, topics, _PAGE)
            for notice in page:
                yield notice
            if len(page) < _PAGE:
                return
            seq = page[-1].seq

    async def _session_lives(self, user_id: str, session_id: str) -> bool | None:
        try:
            return await self._sessions.alive(user_id, session_id)
        except DependencyDown:
            # The reader sees only what is their own, and is not thrown out for this.
            return None


def _after(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


def _is_past(moment: float) -> bool:
    return asyncio.get_running_loop().time() >= moment


async def _woken(listener: Listener, until: float) -> bool:
    """Wait for a ring; False when `until` (loop time) came first."""
    try:
        async with asyncio.timeout_at(until):
            await listener.wait()
    except TimeoutError:
        return False
    return True
