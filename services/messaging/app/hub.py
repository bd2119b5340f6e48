"""Wakes the streams of this process: one subscription, many listeners."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from services.messaging.app.stores import Bell


class Listener:
    """One stream's ear. Rings that come while it is busy count as one."""

    __slots__ = ("_rung",)

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake the stream."""
        self._rung.set()

    def clear(self) -> None:
        """Forget past rings: the stream is about to look."""
        self._rung.clear()

    async def wait(self) -> None:
        """Return when a ring comes, or came since the last clear."""
        await self._rung.wait()


class Hub:
    """The listeners of this process, by user."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._listeners: dict[str, set[Listener]] = {}

    async def run(self) -> None:
        """Pass the rings of other processes on, until cancelled."""
        async for user_id in self._bell.listen():
            self.wake(user_id)

    @property
    def size(self) -> int:
        """How many listen."""
        return sum(len(group) for group in self._listeners.values())

    @contextmanager
    def listening(self, user_id: str) -> Iterator[Listener]:
        """Listen for the user's rings within the block."""
        listener = Listener()
        self._listeners.setdefault(user_id, set()).add(listener)
        try:
            yield listener
        finally:
            self._leave(user_id, listener)

    def wake(self, user_id: str) -> None:
        """Wake the user's streams; those of everybody when the id is empty."""
        groups = [self._listeners.get(user_id, set())] if user_id else self._listeners.values()
        for group in groups:
            for listener in group:
                listener.ring()

    def _leave(self, user_id: str, listener: Listener) -> None:
        group = self._listeners[user_id]
        group.discard(listener)
        if not group:
            del self._listeners[user_id]
