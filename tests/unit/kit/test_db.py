"""What a broken connection is called, whichever way the driver notices."""

from __future__ import annotations

import asyncpg
import pytest

from services.kit.db import acquire
from services.kit.errors import DependencyDown


class Connection:
    """Stands for the driver's, in each state that it can be found in."""

    def __init__(self, closed: bool | Exception) -> None:
        self._closed = closed
        self.terminated = False

    def is_closed(self) -> bool:
        if isinstance(self._closed, Exception):
            raise self._closed
        return self._closed

    def terminate(self) -> None:
        self.terminated = True


class Pool:
    """Hands out one connection."""

    def __init__(self, connection: Connection | Exception) -> None:
        self.connection = connection
        self.released = 0

    async def acquire(self, timeout: float) -> Connection:
        if isinstance(self.connection, Exception):
            raise self.connection
        return self.connection

    async def release(self, connection: Connection) -> None:
        self.released += 1


async def use(pool: Pool, error: Exception) -> None:
    async with acquire(pool):
        raise error


@pytest.mark.parametrize(
    ("closed", "error"),
    [
        (True, asyncpg.ConnectionDoesNotExistError("gone")),
        (True, asyncpg.AdminShutdownError("terminating")),
        (True, OSError("reset")),
        (True, asyncpg.InterfaceError("connection is closed")),
        (asyncpg.InterfaceError("released"), asyncpg.InterfaceError("released")),
        (False, asyncpg.InternalClientError("cannot switch to state 12")),
    ],
)
async def test_a_lost_connection_is_a_dependency_that_is_down(
    closed: bool | Exception, error: Exception
) -> None:
    pool = Pool(Connection(closed))
    with pytest.raises(DependencyDown) as down:
        await use(pool, error)
    assert down.value.__cause__ is error
    assert pool.released == 1


@pytest.mark.parametrize(
    ("closed", "error"),
    [
        (False, asyncpg.UniqueViolationError("twice")),
        (True, asyncpg.UniqueViolationError("twice")),
        (False, asyncpg.InterfaceError("another operation is in progress")),
        (True, ValueError("not the connection's fault")),
    ],
)
async def test_other_failures_keep_their_name(closed: bool, error: Exception) -> None:
    pool = Pool(Connection(closed))
    with pytest.raises(type(error)):
        await use(pool, error)
    assert pool.released == 1


@pytest.mark.parametrize(
    "error", [TimeoutError(), ConnectionRefusedError(), asyncpg.CannotConnectNowError("starting")]
)
async def test_no_connection_to_be_had(error: Exception) -> None:
    with pytest.raises(DependencyDown):
        await use(Pool(error), ValueError())


async def test_a_connection_that_lost_its_thread_is_not_used_again() -> None:
    connection = Connection(closed=False)
    with pytest.raises(DependencyDown):
        await use(Pool(connection), asyncpg.InternalClientError("unexpected state"))
    assert connection.terminated
