"""Work with the outside that goes on by itself, whatever becomes of the call that began it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")


class Apart:
    """Runs coroutines in tasks with a context of their own.

    They join no unit of work of the caller: what they commit is committed at
    once, and no transaction of theirs is open while the outside answers. When
    the caller goes away they go on.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def run(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start `work`."""
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` to its end, even when the caller is cancelled meanwhile."""
        return await asyncio.shield(self.run(work))

    async def close(self) -> None:
        """Cancel what runs."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Looked at: a caller that went away must not leave an unread error behind.
            task.exception()
