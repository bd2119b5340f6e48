"""What a broken connection is called, whichever way the driver notices."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from services.kit.db import acquire
from services.kit.errors import DependencyDown
from services.kit.pool import Pool


class Connection:
    """Stands for the driver's, in each state that it can be found in."""

    def __init__(self, *, closed: bool) -> None:
        self.closed = closed
        self.terminated = False

    def is_closed(self) -> bool:
        return self.closed

    def terminate(self) -> None:
        self.closed = self.terminated = True


class Lender(Pool):
    """Lends one connection, which is found closed at the end or not."""

    def __init__(self, found: Connection | Exception) -> None:
        self.returned = 0
        self._found = found
        super().__init__(self._make, size=1)

    async def _make(self) -> Connection:
        if isinstance(self._found, Exception):
            raise self._found
        return self._found

    def release(self, connection: Connection, *, spoilt: bool = False) -> None:
        self.returned += 1
        super().release(connection, spoilt=spoilt)


async def use(pool: Pool, error: BaseException) -> None:
    async with acquire(pool):
        raise error


@pytest.mark.parametrize(
    ("closed", "error"),
    [
        (True, asyncpg.ConnectionDoesNotExistError("gone")),
        (True, asyncpg.AdminShutdownError("terminating")),
        (True, OSError("reset")),
        (True, asyncpg.InterfaceError("connection is closed")),
        (False, asyncpg.InternalClientError("cannot switch to state 12")),
    ],
)
async def test_a_lost_connection_is_a_dependency_that_is_down(
    closed: bool, error: Exception
) -> None:
    pool = Lender(Connection(closed=closed))
    with pytest.raises(DependencyDown) as down:
        await use(pool, error)
    assert down.value.__cause__ is error
    assert pool.returned == 1


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
    pool = Lender(Connection(closed=closed))
    with pytest.raises(type(error)):
        await use(pool, error)
    assert pool.returned == 1


@pytest.mark.parametrize(
    "error", [TimeoutError(), ConnectionRefusedError(), asyncpg.CannotConnectNowError("starting")]
)
async def test_no_connection_to_be_had(error: Exception) -> None:
    with pytest.raises(DependencyDown):
        await use(Lender(error), ValueError())


async def test_a_connection_that_lost_its_thread_is_not_used_again() -> None:
    connection = Connection(closed=False)
    with pytest.raises(DependencyDown):
        await use(Lender(connection), asyncpg.InternalClientError("unexpected state"))
    assert connection.terminated


async def test_a_connection_of_a_call_that_was_given_up_is_not_lent_again() -> None:
    connection = Connection(closed=False)
    with pytest.raises(asyncio.CancelledError):
        await use(Lender(connection), asyncio.CancelledError())
    assert connection.terminated
