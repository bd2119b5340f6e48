"""Runs the charges of a job soon after the commit that made them due.

It is a short cut, not a promise: what it misses (the process dies, Postgres is
away) stays PENDING and the minute job takes it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from services.kit.call import set_current_call

log = logging.getLogger(__name__)


class Pump:
    """One task a job with something due, so that actions of a job keep their order."""

    def __init__(self, settle: Callable[[str], Awaitable[None]], width: int = 4) -> None:
        self._settle = settle
        self._gate = asyncio.Semaphore(width)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    def wake(self, job_id: str) -> None:
        """Settle what is due of a job; return at once."""
        if job_id in self._tasks:
            self._again.add(job_id)
            return
        self._tasks[job_id] = asyncio.get_running_loop().create_task(self._run(job_id))

    async def idle(self) -> None:
        """Wait until nothing runs."""
        while self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def stop(self) -> None:
        """Cancel what runs; it is taken up again at the next start."""
        running = list(self._tasks.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, job_id: str) -> None:
        # The task inherits the RPC that woke it, whose deadline and caller
        # have no business here.
        set_current_call(None)
        try:
            while True:
                self._again.discard(job_id)
                async with self._gate:
                    await self._settle(job_id)
                if job_id not in self._again:
                    return
        except Exception:
            log.exception("Charges are left to the minute job", extra={"job_id": job_id})
        finally:
            self._again.discard(job_id)
            self._tasks.pop(job_id, None)
