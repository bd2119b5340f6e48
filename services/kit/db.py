"""Postgres: SQLAlchemy writes the statements, asyncpg runs them.

A statement is compiled once, when its module is imported, and executed by the
driver itself: no statement building and no row wrapping per call.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, Self, TypeAlias

import asyncpg
from sqlalchemy import Executable, text
from sqlalchemy.dialects.postgresql import asyncpg as dialect

from services.kit.errors import DependencyDown
from services.kit.pool import Connection, Pool

_DIALECT = dialect.dialect()  # type: ignore[no-untyped-call]
_DOWN = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
# What the driver says when the connection goes while it is in use.
_LOST = (*_DOWN, asyncpg.InterfaceError, asyncpg.InternalClientError)
_ACQUIRE_SECONDS = 5.0


Tls: TypeAlias = ssl.SSLContext | None


class Row(Protocol):
    """One row: by column name or position."""

    def __getitem__(self, key: str | int) -> Any: ...

    def keys(self) -> Iterable[str]:
        """Return the column names."""

    def values(self) -> Iterable[Any]:
        """Return the values, in order."""


class Query:
    """A statement compiled for the driver. Parameters are given by name."""

    __slots__ = ("_defaults", "_names", "sql")

    def __init__(self, statement: Executable) -> None:
        compiled = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
        self.sql: str = str(compiled)
        self._names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self._defaults: dict[str, Any] = {
            name: value for name, value in compiled.params.items() if value is not None
        }

    @classmethod
    def text(cls, sql: str) -> Self:
        """Compile SQL with `:name` parameters."""
        return cls(text(sql))

    def arguments(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Put `values` in the driver's order; raise KeyError on a missing one."""
        defaults = self._defaults
        return tuple(values[name] if name in values else defaults[name] for name in self._names)


class Reader:
    """Reads, each in a transaction of its own, from the replica if there is one."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def fetch(self, query: Query, **values: Any) -> list[Row]:
        """Return all rows."""
        async with acquire(self._pool) as connection:
            rows: list[Row] = await connection.fetch(query.sql, *query.arguments(values))
        return rows

    async def fetch_one(self, query: Query, **values: Any) -> Row | None:
        """Return the first row, or None."""
        async with acquire(self._pool) as connection:
            row: Row | None = await connection.fetchrow(query.sql, *query.arguments(values))
        return row


class Database:
    """The pools of one service."""

    def __init__(self, writer: Pool, reader: Pool, url: str, tls: Tls = None) -> None:
        self.writer = writer
        self.reader_pool = reader
        self.reader = Reader(reader)
        self.url = url
        self._tls = tls

    @classmethod
    async def connect(cls, url: str, reader_url: str = "", size: int = 8, tls: Tls = None) -> Self:
        """Open the pools. Connections are made when first needed; by TLS alone with `tls`."""
        # Two pools even on one server: a unit of work that waits for another
        # service must not starve the reads which that service asks for.
        writer = _pool(url, size, tls)
        reader = _pool(reader_url or url, size, tls)
        return cls(writer, reader, url, tls)

    async def dedicated(self) -> Connection:
        """Open a connection outside the pools, for LISTEN and session locks."""
        connection: Connection = await asyncpg.connect(self.url, ssl=self._tls)
        await _codecs(connection)
        return connection

    async def ping(self) -> None:
        """Raise DependencyDown unless Postgres answers."""
        await self.reader.fetch(_PING)

    async def close(self) -> None:
        """Close the pools, and what hangs with them."""
        for pool in (self.writer, self.reader_pool):
            pool.terminate()


class acquire:
    """`async with acquire(pool) as connection`: Postgres away is DependencyDown."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Connection:
        try:
            self._connection = await self._pool.acquire(_ACQUIRE_SECONDS)
        except _DOWN as error:
            raise DependencyDown(dependency="postgres") from error
        return self._connection

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        connection = self._connection
        # A statement that was given up may still run; a server that died in the middle of an
        # answer may not have been noticed yet.
        spoilt = isinstance(error, (asyncio.CancelledError, asyncpg.InternalClientError))
        lost = connection.is_closed() or spoilt
        self._pool.release(connection, spoilt=spoilt)
        if isinstance(error, _LOST) and lost:
            raise DependencyDown(dependency="postgres") from error


_PING = Query.text("select 1")


def _pool(url: str, size: int, tls: Tls) -> Pool:
    async def connect() -> Connection:
        connection = await asyncpg.connect(
            url,
            ssl=tls,
            # Nested SELECTs gain nothing from generic plans, and vector search
            # loses an order of magnitude to them.
            server_settings={
                "plan_cache_mode": "force_custom_plan",
                "timezone": "UTC",
                "jit": "off",
            },
        )
        await _codecs(connection)
        return connection

    return Pool(connect, size)


async def _codecs(connection: Any) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=_dump, decoder=json.loads
        )
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def columns(rows: Iterable[Mapping[str, Any]], *names: str) -> list[list[Any]]:
    """Turn rows into one list per column, for `unnest`."""
    kept = list(rows)
    return [[row[name] for row in kept] for name in names]
