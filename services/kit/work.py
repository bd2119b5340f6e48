"""The unit of work: state, outbox, inbox, idempotency and audit in one commit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar, Token
from typing import Any

from google.protobuf.message import Message

from services.kit.clock import Clock
from services.kit.contract import event_of
from services.kit.db import Database, Query, Reader, Row, acquire, columns
from services.kit.ids import Ids
from services.kit.pool import Connection, Pool
from services.kit.telemetry import carry

log = logging.getLogger(__name__)

_INSERT_OUTBOX = Query.text(
    """
    insert into outbox (id, subject, key, type, payload, headers, created_at)
    select * from unnest(
        cast(:ids as uuid[]), cast(:subjects as text[]), cast(:keys as text[]),
        cast(:types as text[]), cast(:payloads as bytea[]), cast(:headers as jsonb[]),
        cast(:times as timestamptz[]))
    """
)


class NotCommitted(Exception):
    """The unit swallowed a database error, so that Postgres could only roll back."""


class UnitOfWork:
    """One transaction, and what is to happen with its commit.

    It begins with the first statement: a unit that still waits for a provider
    or a hash holds no connection.
    """

    def __init__(self, pool: Pool, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._transaction = _Transaction(pool)
        self._outbox: list[dict[str, Any]] = []
        self._after: list[Callable[[], None]] = []
        # Set when the unit ends: tasks that it started may live on and still know it.
        self.over = False

    async def fetch(self, query: Query, **values: Any) -> list[Row]:
        """Return all rows."""
        connection = await self._transaction.connection()
        rows: list[Row] = await connection.fetch(query.sql, *query.arguments(values))
        return rows

    async def fetch_one(self, query: Query, **values: Any) -> Row | None:
        """Return the first row, or None."""
        connection = await self._transaction.connection()
        row: Row | None = await connection.fetchrow(query.sql, *query.arguments(values))
        return row

    async def execute(self, query: Query, **values: Any) -> int:
        """Run a statement; return how many rows it touched."""
        connection = await self._transaction.connection()
        status = await connection.execute(query.sql, *query.arguments(values))
        return int(tail) if (tail := status.rpartition(" ")[2]).isdigit() else 0

    async def execute_many(self, query: Query, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a statement once for each row, in one round trip."""
        connection = await self._transaction.connection()
        await connection.executemany(query.sql, [query.arguments(row) for row in rows])

    def publish(self, event: Message) -> str:
        """Write `event` to the outbox with this commit; return its id.

        Raises BrokenContract when the message is no event.
        """
        fact = event_of(event.DESCRIPTOR)
        event_id = self._ids.new()
        self._outbox.append(
            {
                "id": event_id,
                "subject": fact.subject,
                "key": getattr(event, fact.key),
                "type": fact.name,
                "payload": event.SerializeToString(),
                "headers": carry(),
                "created_at": self._clock.now(),
            }
        )
        return event_id

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call `action` once this unit is committed; never when it is not."""
        self._after.append(action)

    async def flush(self) -> bool:
        """Write the outbox rows. Return whether there were any."""
        if not self._outbox:
            return False
        names = ("id", "subject", "key", "type", "payload", "headers", "created_at")
        lists = columns(self._outbox, *names)
        parameters = ("ids", "subjects", "keys", "types", "payloads", "headers", "times")
        await self.execute(_INSERT_OUTBOX, **dict(zip(parameters, lists, strict=True)))
        self._outbox = []
        return True

    async def end(self, error: BaseException | None) -> bool:
        """Commit, or roll back after `error`; tell whether there are events to relay.

        Raises NotCommitted.
        """
        failure = error
        published = False
        try:
            if error is None:
                published = await self.flush()
                await self._transaction.commit()
        except BaseException as broken:
            failure = broken
            raise
        finally:
            await self._transaction.close(failure)
        return published

    def committed(self) -> None:
        """Run what waits for the commit. The commit stands, whatever becomes of that."""
        for action in self._after:
            try:
                action()
            except Exception:
                log.exception("What waited for the commit failed")


class _Transaction:
    """A connection of the pool with a transaction, both from the first use on."""

    __slots__ = ("_acquire", "_begun", "_lock", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._acquire: acquire | None = None
        self._begun: Connection | None = None
        self._lock = asyncio.Lock()

    async def connection(self) -> Connection:
        """Return the connection, begun."""
        if self._begun is not None:
            return self._begun
        # Tasks of one unit that come first together share one transaction.
        async with self._lock:
            if self._begun is None:
                self._begun = await self._begin()
        return self._begun

    async def commit(self) -> None:
        """Commit what was begun; raise NotCommitted."""
        # Postgres answers ROLLBACK, and no error, when a statement failed before.
        if self._begun is not None and await self._begun.execute("commit") != "COMMIT":
            raise NotCommitted

    async def close(self, failure: BaseException | None) -> None:
        """Give the connection back, rolled back after a failure."""
        if self._acquire is None or self._begun is None:
            return
        if failure is not None:
            with contextlib.suppress(Exception):
                await self._begun.execute("rollback")
        await self._acquire.__aexit__(type(failure) if failure else None, failure, None)

    async def _begin(self) -> Connection:
        self._acquire = acquire(self._pool)
        connection = await self._acquire.__aenter__()
        try:
            await connection.execute("begin")
        except BaseException as error:
            await self._acquire.__aexit__(type(error), error, None)
            raise
        return connection


_open: ContextVar[UnitOfWork | None] = ContextVar("weneeds_unit_of_work", default=None)


class UnitsOfWork:
    """Opens units of work: `async with units() as work`.

    Inside an open unit of the same task it joins that one; the outermost
    commits, and any exception on the way out rolls everything back. The
    transaction itself begins with the first statement.
    """

    def __init__(
        self, database: Database, clock: Clock, ids: Ids, wake: Callable[[], None] | None = None
    ) -> None:
        self.database = database
        self.clock = clock
        self.ids = ids
        # Called after a commit that left outbox rows: the relay hangs on here.
        self.wake: Callable[[], None] = wake or (lambda: None)

    def __call__(self) -> _Unit:
        return _Unit(self)

    @property
    def reader(self) -> Reader:
        """Reads beside the unit, on a connection that is given back at once."""
        return self.database.reader

    async def run(self, action: Callable[[UnitOfWork], Awaitable[Any]]) -> Any:
        """Run `action` in a unit and return what it returns."""
        async with self() as work:
            return await action(work)


class _Unit:
    __slots__ = ("_joined", "_token", "_units", "_work")

    def __init__(self, units: UnitsOfWork) -> None:
        self._units = units

    async def __aenter__(self) -> UnitOfWork:
        outer = _open.get()
        self._joined = outer is not None and not outer.over
        if outer is not None and self._joined:
            return outer
        self._work = UnitOfWork(self._units.database.writer, self._units.clock, self._units.ids)
        self._token: Token[UnitOfWork | None] = _open.set(self._work)
        return self._work

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if self._joined:
            return
        _open.reset(self._token)
        self._work.over = True
        published = await self._work.end(error)
        if error is None:
            self._work.committed()
            if published:
                self._units.wake()
