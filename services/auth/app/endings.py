"""Ending sessions for good.

The store of sessions forgets what it was told last when it crashes, and a
session that ended would live on. So its end is written into the database as
well, and counts there: whoever looks a session up asks for both (see Ends).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextvars import Context
from datetime import datetime
from typing import Protocol

from services.auth.app.ports import Sessions
from services.auth.app.stores import Source
from services.auth.domain.sessions import LIFETIME, Ends, Session
from services.kit.clock import Clock
from services.kit.errors import DependencyDown
from services.kit.work import UnitOfWork, UnitsOfWork

_LOG = logging.getLogger(__name__)


class SessionEnds(Protocol):
    """Keeps which sessions ended."""

    async def end(self, work: UnitOfWork, session_id: str, at: datetime) -> None:
        """Write down that a session ended."""

    async def end_all(self, work: UnitOfWork, account_id: str, at: datetime, keep: str) -> None:
        """Write down that all sessions opened before `at` ended, but `keep` ("": none)."""

    async def of(
        self, source: Source, account_id: str, session_ids: Sequence[str]
    ) -> dict[str, Ends]:
        """Return what stands of each session."""

    async def drop_before(self, work: UnitOfWork, before: datetime) -> None:
        """Delete what is about sessions that ended before an instant."""


class SessionEndings:
    """Ends sessions in their store and in the database. Raises DependencyDown without either."""

    def __init__(
        self, work: UnitsOfWork, sessions: Sessions, ends: SessionEnds, clock: Clock
    ) -> None:
        self._work = work
        self._sessions = sessions
        self._ends = ends
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    async def one(self, account_id: str, session_id: str) -> None:
        """End a session. Ending one that is gone succeeds."""
        async with self._work() as work:
            await self.write_down(work, session_id)
            await self._sessions.end(account_id, session_id)

    async def all(self, account_id: str, keep: str = "") -> None:
        """End all of an account's sessions but `keep`."""
        async with self._work() as work:
            await self._all(work, account_id, keep)

    async def write_down(self, work: UnitOfWork, session_id: str) -> None:
        """Have the database know that a session ended."""
        await self._ends.end(work, session_id, self._clock.now())

    async def with_commit(self, work: UnitOfWork, account_id: str, keep: str = "") -> None:
        """End all of an account's sessions but `keep`, together with a change of what opens them.

        `work` holds the account's row. They are ended before the commit: without the
        session store nothing is changed. And once more after it: what was opened in
        between is caught. A sign-in by password looks at the row again and waits for
        the commit, so it finds the change by itself (see SignIns).
        """
        await self._all(work, account_id, keep)
        work.after_commit(lambda: self._later(account_id, keep))

    async def still_open(self, account_id: str, sessions: Sequence[Session]) -> list[Session]:
        """Return those of an account's sessions that did not end."""
        ends = await self._ends.of(self._work.reader, account_id, [one.id for one in sessions])
        return [one for one in sessions if not ends[one.id].cover(one)]

    async def drop_forgotten(self) -> None:
        """Delete the ends of sessions that could not live any more."""
        async with self._work() as work:
            await self._ends.drop_before(work, self._clock.now() - LIFETIME)

    async def settle(self) -> None:
        """Wait for what is still to be ended."""
        await asyncio.gather(*self._tasks)

    async def _all(self, work: UnitOfWork, account_id: str, keep: str) -> None:
        await self._ends.end_all(work, account_id, self._clock.now(), keep)
        await self._sessions.end_all(account_id, keep)

    def _later(self, account_id: str, keep: str) -> None:
        # A context of its own: it outlives the call.
        task = asyncio.get_running_loop().create_task(
            self._end_again(account_id, keep), context=Context()
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end_again(self, account_id: str, keep: str) -> None:
        try:
            await self._sessions.end_all(account_id, keep)
        except DependencyDown:
            _LOG.warning("sessions were ended before the commit, not once more after it")
