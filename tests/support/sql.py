"""Statements of a test, each on a connection of the service's own pool."""

from __future__ import annotations

from typing import Any

from services.kit.db import Database, acquire


class Sql:
    """The driver's short methods on `database`, with `$1` parameters."""

    def __init__(self, database: Database) -> None:
        self._pool = database.writer

    async def fetch(self, sql: str, *values: object) -> list[Any]:
        """Return all rows."""
        async with acquire(self._pool) as connection:
            rows: list[Any] = await connection.fetch(sql, *values)
        return rows

    async def fetchrow(self, sql: str, *values: object) -> Any:
        """Return the first row, or None."""
        async with acquire(self._pool) as connection:
            return await connection.fetchrow(sql, *values)

    async def fetchval(self, sql: str, *values: object) -> Any:
        """Return the first value of the first row, or None."""
        async with acquire(self._pool) as connection:
            return await connection.fetchval(sql, *values)

    async def execute(self, sql: str, *values: object) -> Any:
        """Run a statement."""
        async with acquire(self._pool) as connection:
            return await connection.execute(sql, *values)
