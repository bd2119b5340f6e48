"""Ending a user's sessions together with a change of what opens them."""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context

from services.auth.app.ports import Sessions
from services.kit.errors import DependencyDown
from services.kit.work import UnitOfWork

_LOG = logging.getLogger(__name__)


class SessionEndings:
    """Ends sessions before a commit and once more after it.

    Before: without the session store nothing is changed. After: a sign-in that
    verified the old password and opened its session in between is caught; one
    that opens later sees the new password itself (see SignIns).
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._tasks: set[asyncio.Task[None]] = set()

    async def with_commit(self, work: UnitOfWork, user_id: str, keep: str = "") -> None:
        """End all of a user's sessions but `keep`; raise DependencyDown."""
        await self._sessions.end_all(user_id, keep)
        work.after_commit(lambda: self._later(user_id, keep))

    def _later(self, user_id: str, keep: str) -> None:
        # A context of its own: it outlives the call.
        task = asyncio.get_running_loop().create_task(self._end(user_id, keep), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self, user_id: str, keep: str) -> None:
        try:
            await self._sessions.end_all(user_id, keep)
        except DependencyDown:
            _LOG.warning("sessions were ended before the commit, not once more after it")

    async def settle(self) -> None:
        """Wait for what is still to be ended."""
        await asyncio.gather(*self._tasks)
