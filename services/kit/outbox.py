"""The outbox relay: committed events go to JetStream, in order, at least once.

One relay at a time works for a schema (a session lock decides); the others
wait for the lock. A commit wakes it, through Postgres when the writer and the
relay live in different processes. While NATS is away rows stay where they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import asyncpg
from nats.errors import Error as NatsError

from services.kit.bus import Bus
from services.kit.clock import Clock
from services.kit.db import Database, Query, Row
from services.kit.logs import in_brief
from services.kit.pool import Connection
from services.kit.publisher import MOST, Outgoing, PublishRefused
from services.kit.telemetry import events_published, outbox_lag

log = logging.getLogger(__name__)

_POLL_SECONDS = 1.0
_MIN_BACKOFF = 0.1
_MAX_BACKOFF = 5.0
_LOCK_RETRY_SECONDS = 1.0
_CHANNEL = "outbox"
_LOCK = Query.text("select pg_try_advisory_lock(hashtext(current_schema()), 1) as got")
_SCHEMA = Query.text("select current_schema() as name")
# Two statements: in one, the rows to leave out spoil the plan of reading a long backlog.
_NEXT = Query.text("select * from outbox order by seq limit :most")
_DELETE = Query.text("delete from outbox where seq = any(cast(:published as bigint[]))")
_LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Relay:
    """Moves rows of one service's outbox to JetStream."""

    def __init__(self, database: Database, bus: Bus, clock: Clock) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._woken = asyncio.Event()
        self._leading = False
        self._notify: Connection | None = None
        self._channel = _CHANNEL
        self._notifying: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Say that there are new rows."""
        if self._leading:
            self._woken.set()
        elif self._notifying is None or self._notifying.done():
            # The relay that holds the lock lives elsewhere: one message to it
            # carries all commits up to now.
            self._notifying = asyncio.create_task(self._notify_leader())

    async def run(self) -> None:
        """Relay until cancelled."""
        while True:
            try:
                await self._session()
            except _LOST as error:
                log.warning("Outbox relay lost Postgres", extra={"error": in_brief(error)})
            except Exception:
                log.exception("Outbox relay starts over")
            self._leading = False
            await asyncio.sleep(_LOCK_RETRY_SECONDS)

    async def _session(self) -> None:
        connection = await self._database.dedicated()
        self._notify = connection
        try:
            # What this session writes is the removal of published rows. When a crash
            # undoes one, the row is published again under its id and recognised.
            await connection.execute("set synchronous_commit = off")
            schema = await connection.fetchval(_SCHEMA.sql)
            self._channel = f"{_CHANNEL}_{schema}"
            while not await connection.fetchval(_LOCK.sql):
                await asyncio.sleep(_LOCK_RETRY_SECONDS)
            await connection.add_listener(self._channel, lambda *_: self._woken.set())
            self._leading = True
            await self._relay(connection)
        finally:
            self._leading = False
            self._notify = None
            connection.terminate()

    async def _relay(self, connection: Connection) -> None:
        backoff = _MIN_BACKOFF
        while True:
            self._woken.clear()
            rows = await connection.fetch(_NEXT.sql, MOST)
            if not rows:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), _POLL_SECONDS)
                continue
            try:
                await self._bus.publish([outgoing(row) for row in rows])
            except (NatsError, PublishRefused, OSError, TimeoutError) as error:
                log.warning(
                    "Outbox waits for NATS",
                    extra={"error": in_brief(error), "rows": len(rows)},
                )
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, _MAX_BACKOFF)
                continue
            backoff = _MIN_BACKOFF
            await connection.execute(_DELETE.sql, [row["seq"] for row in rows])
            self._measure(rows)

    def _measure(self, rows: list[Row]) -> None:
        now = self._clock.now()
        events_published.add(len(rows))
        outbox_lag.record((now - rows[0]["created_at"]).total_seconds() * 1000)

    async def _notify_leader(self) -> None:
        # A lost message costs a second: the leader looks for itself.
        connection = self._notify
        if connection is None or connection.is_closed():
            return
        with contextlib.suppress(*_LOST):
            await connection.execute("select pg_notify($1, '')", self._channel)


def outgoing(row: Row) -> Outgoing:
    """What goes onto the wire for a row of the outbox."""
    headers: dict[str, Any] = row["headers"]
    return Outgoing(
        id=row["id"],
        subject=f"events.{row['subject']}",
        payload=row["payload"],
        headers={
            **headers,
            "weneeds-id": row["id"],
            "weneeds-type": row["type"],
            "weneeds-key": row["key"],
            "weneeds-time": row["created_at"].isoformat(),
        },
    )
