"""Connections to Postgres that are kept and lent.

asyncpg's own pool spends a proxy, a timer and two tasks on each loan: more than
a short statement costs. This one lends the driver's connections themselves.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

# asyncpg ships no types.
Connection: TypeAlias = Any

IDLE_SECONDS = 300.0


class Pool:
    """At most `size` connections, made when first needed, lent last in first out.

    Whoever waits is served in order. A loan that ended badly is not lent again.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        size: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._size = size
        self._monotonic = monotonic
        self._open: set[Connection] = set()
        self._opening = 0
        # The idle ones with the moment of their return, the longest idle first.
        self._idle: deque[tuple[float, Connection]] = deque()
        # Each is given a connection, or None: leave to open one.
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()

    async def acquire(self, timeout: float) -> Connection:
        """Lend a connection; raise TimeoutError when none comes free in `timeout` seconds."""
        while self._idle:
            _, connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._open.discard(connection)
        async with asyncio.timeout(timeout):
            if len(self._open) + self._opening < self._size:
                self._opening += 1
                return await self._opened()
            return await self._next_free() or await self._opened()

    def release(self, connection: Connection, *, spoilt: bool = False) -> None:
        """Take a connection back. A spoilt one, with a statement under way perhaps, is closed."""
        if spoilt and not connection.is_closed():
            connection.terminate()
        if connection not in self._open:
            return
        if connection.is_closed():
            self._open.discard(connection)
            self._leave_to_open()
            return
        if self._give(connection):
            return
        now = self._monotonic()
        self._idle.append((now, connection))
        self._close_idle(now)

    def terminate(self) -> None:
        """Close all connections at once, those lent as well."""
        for connection in self._open:
            connection.terminate()
        self._open.clear()
        self._idle.clear()

    async def _opened(self) -> Connection:
        """Open the connection that `_opening` counts already."""
        try:
            connection = await self._connect()
        except BaseException:
            self._opening -= 1
            # Another may have more luck, or more patience.
            self._leave_to_open()
            raise
        self._opening -= 1
        self._open.add(connection)
        return connection

    async def _next_free(self) -> Connection | None:
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._return(turn.result())
            raise

    def _return(self, given: Connection | None) -> None:
        """Pass on what came to somebody who had just given up."""
        if given is not None:
            self.release(given)
            return
        self._opening -= 1
        self._leave_to_open()

    def _leave_to_open(self) -> None:
        if self._give(None):
            self._opening += 1

    def _give(self, given: Connection | None) -> bool:
        """Serve the first who still waits; return whether there was one."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(given)
                return True
        return False

    def _close_idle(self, now: float) -> None:
        since, connection = self._idle[0]
        if now - since >= IDLE_SECONDS:
            self._idle.popleft()
            self._open.discard(connection)
            connection.terminate()
