"""The unit of work: state, outbox, inbox, idempotency and audit in one commit."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar, Token
from typing import Any

from google.protobuf.message import Message

from services.kit.clock import Clock
from services.kit.contract import event_of
from services.kit.db import Connection, Database, Query, Row, acquire, columns
from services.kit.ids import Ids
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
    """One transaction, and what is to happen with its commit."""

    def __init__(self, connection: Connection, clock: Clock, ids: Ids) -> None:
        self._connection = connection
        self._clock = clock
        self._ids = ids
        self._outbox: list[dict[str, Any]] = []
        self._after: list[Callable[[], None]] = []
        # Set when the unit ends: tasks that it started may live on and still know it.
        self.over = False

    async def fetch(self, query: Query, **values: Any) -> list[Row]:
        """Return all rows."""
        rows: list[Row] = await self._connection.fetch(query.sql, *query.arguments(values))
        return rows

    async def fetch_one(self, query: Query, **values: Any) -> Row | None:
        """Return the first row, or None."""
        row: Row | None = await self._connection.fetchrow(query.sql, *query.arguments(values))
        return row

    async def execute(self, query: Query, **values: Any) -> int:
        """Run a statement; return how many rows it touched."""
        status = await self._connection.execute(query.sql, *query.arguments(values))
        return int(tail) if (tail := status.rpartition(" ")[2]).isdigit() else 0

    async def execute_many(self, query: Query, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a statement once for each row, in one round trip."""
        await self._connection.executemany(query.sql, [query.arguments(row) for row in rows])

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

    def committed(self) -> None:
        """Run what waits for the commit. The commit stands, whatever becomes of that."""
        for action in self._after:
            try:
                action()
            except Exception:
                log.exception("What waited for the commit failed")


_open: ContextVar[UnitOfWork | None] = ContextVar("weneeds_unit_of_work", default=None)


class UnitsOfWork:
    """Opens units of work: `async with units() as work`.

    Inside an open unit of the same task it joins that one; the outermost
    commits, and any exception on the way out rolls everything back.
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

    async def run(self, action: Callable[[UnitOfWork], Awaitable[Any]]) -> Any:
        """Run `action` in a unit and return what it returns."""
        async with self() as work:
            return await action(work)


class _Unit:
    __slots__ = ("_acquire", "_connection", "_joined", "_token", "_units", "_work")

    def __init__(self, units: UnitsOfWork) -> None:
        self._units = units

    async def __aenter__(self) -> UnitOfWork:
        outer = _open.get()
        self._joined = outer is not None and not outer.over
        if outer is not None and self._joined:
            return outer
        self._acquire = acquire(self._units.database.writer)
        self._connection = await self._acquire.__aenter__()
        try:
            await self._connection.execute("begin")
        except BaseException as error:
            await self._acquire.__aexit__(type(error), error, None)
            raise
        self._work = UnitOfWork(self._connection, self._units.clock, self._units.ids)
        self._token: Token[UnitOfWork | None] = _open.set(self._work)
        return self._work

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if self._joined:
            return
        _open.reset(self._token)
        self._work.over = True
        failure = error
        published = False
        try:
            if error is None:
                published = await self._commit()
        except BaseException as broken:
            failure = broken
            raise
        finally:
            if failure is not None:
                with contextlib.suppress(Exception):
                    await self._connection.execute("rollback")
            await self._acquire.__aexit__(type(failure) if failure else None, failure, trace)
        if failure is None:
            self._work.committed()
            if published:
                self._units.wake()

    async def _commit(self) -> bool:
        """Return whether there are events to relay."""
        published = await self._work.flush()
        # Postgres answers ROLLBACK, and no error, when a statement failed before.
        if await self._connection.execute("commit") != "COMMIT":
            raise NotCommitted
        return published
