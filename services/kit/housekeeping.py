"""Periodic tasks: one replica at a time, and the kit's own cleaning."""

from __future__ import annotations

import asyncio
import logging
import time

from services.kit.db import Database, Query, acquire
from services.kit.service import Periodic

log = logging.getLogger(__name__)

_TRY_LOCK = Query.text("select pg_try_advisory_lock(hashtext(current_schema()), hashtext(:name))")
_UNLOCK = Query.text("select pg_advisory_unlock(hashtext(current_schema()), hashtext(:name))")
_CLEAN_SECONDS = 3600.0
# JetStream redelivers nothing that old, and no client retries for a week.
_CLEAN = (
    Query.text("delete from inbox where handled_at < now() - interval '30 days'"),
    Query.text("delete from idempotency where created_at < now() - interval '7 days'"),
)


async def run_periodic(task: Periodic, database: Database) -> None:
    """Run `task` now, and then on each whole multiple of its period.

    A failure is logged and the next turn comes all the same.
    """
    while True:
        try:
            await _turn(task, database)
        except Exception:
            log.exception("Periodic task failed", extra={"task": task.name})
        await asyncio.sleep(_until_next(task.every_seconds, time.time()))


def _until_next(every: float, now: float) -> float:
    """Seconds to the next whole multiple of `every`: a minute job runs at :00."""
    return every - now % every


async def _turn(task: Periodic, database: Database) -> None:
    async with acquire(database.writer) as connection:
        if not await connection.fetchval(_TRY_LOCK.sql, task.name):
            return
        try:
            await task.run()
        finally:
            await connection.execute(_UNLOCK.sql, task.name)


def housekeeping(database: Database) -> Periodic:
    """Return the task that deletes what nobody will ask for again."""

    async def clean() -> None:
        async with acquire(database.writer) as connection:
            for query in _CLEAN:
                await connection.execute(query.sql)

    return Periodic("housekeeping", _CLEAN_SECONDS, clean)
