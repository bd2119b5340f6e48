"""What the write-ahead log forgets: who acted and who was told, once nobody asks any more.

What happened, what it cost and what it cites stays, as books must.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Protocol

from services.kit.clock import Clock
from services.kit.work import UnitOfWork, UnitsOfWork

log = logging.getLogger(__name__)

# A year in which a fee can be contested, and a month to answer.
KEPT = timedelta(days=396)
_BATCH = 1000


class Forgetful(Protocol):
    """The write-ahead log."""

    async def forget(self, work: UnitOfWork, before: datetime, limit: int) -> int:
        """Remove people and traces from actions that ended before; return how many."""


class Retention:
    """Runs each day, on one replica."""

    def __init__(self, work: UnitsOfWork, actions: Forgetful, clock: Clock) -> None:
        self._work = work
        self._actions = actions
        self._clock = clock

    async def run(self) -> int:
        """Forget; return in how many actions there was something to forget."""
        total, last = 0, _BATCH
        while last == _BATCH:
            async with self._work() as work:
                before = self._clock.now() - KEPT
                last = await self._actions.forget(work, before, _BATCH)
            total += last
        if total:
            log.info("Actions forget who acted", extra={"actions": total})
        return total
