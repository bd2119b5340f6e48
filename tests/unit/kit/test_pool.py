"""The pool: how many, in which order, and what becomes of a loan that ends badly."""

from __future__ import annotations

import asyncio

import pytest

from services.kit.pool import IDLE_SECONDS, Pool


class Connection:
    """Stands for the driver's."""

    def __init__(self) -> None:
        self.closed = False

    def is_closed(self) -> bool:
        return self.closed

    def terminate(self) -> None:
        self.closed = True


class Server:
    """Makes connections, or does not; counts them."""

    def __init__(self) -> None:
        self.made: list[Connection] = []
        self.refusals = 0
        self.now = 0.0
        self.slow = asyncio.Event()
        self.slow.set()

    async def connect(self) -> Connection:
        await self.slow.wait()
        if self.refusals:
            self.refusals -= 1
            raise ConnectionRefusedError
        self.made.append(Connection())
        return self.made[-1]

    @property
    def living(self) -> int:
        return sum(not connection.closed for connection in self.made)

    def pool(self, size: int) -> Pool:
        return Pool(self.connect, size, monotonic=lambda: self.now)


@pytest.fixture
def server() -> Server:
    return Server()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_connection_is_lent_again(server: Server) -> None:
    pool = server.pool(2)
    for _ in range(3):
        pool.release(await pool.acquire(1))
    assert len(server.made) == 1


async def test_no_more_than_its_size_and_the_first_who_waits_first(server: Server) -> None:
    pool = server.pool(2)
    lent = [await pool.acquire(1), await pool.acquire(1)]
    waiting = [asyncio.create_task(pool.acquire(60)) for _ in range(3)]
    await settle()
    pool.release(lent[0])
    pool.release(lent[1])
    await settle()
    assert [task.done() for task in waiting] == [True, True, False]
    pool.release(waiting[0].result())
    assert await waiting[2] is lent[0]
    assert len(server.made) == 2


async def test_who_waits_too_long_hears_so_and_takes_nothing_along(server: Server) -> None:
    pool = server.pool(1)
    lent = await pool.acquire(1)
    with pytest.raises(TimeoutError):
        await pool.acquire(0.001)
    pool.release(lent)
    assert await pool.acquire(1) is lent


async def test_a_connection_given_to_one_who_just_left_goes_to_the_next(server: Server) -> None:
    pool = server.pool(1)
    lent = await pool.acquire(1)
    first, second = (asyncio.create_task(pool.acquire(60)) for _ in range(2))
    await settle()
    pool.release(lent)
    first.cancel()
    assert await second is lent


async def test_leave_to_open_given_to_one_who_just_left_goes_to_the_next(server: Server) -> None:
    pool = server.pool(1)
    lent = await pool.acquire(1)
    first, second = (asyncio.create_task(pool.acquire(60)) for _ in range(2))
    await settle()
    pool.release(lent, spoilt=True)
    first.cancel()
    assert await second is server.made[1]
    assert server.living == 1


async def test_a_spoilt_or_closed_connection_makes_room(server: Server) -> None:
    pool = server.pool(1)
    pool.release(await pool.acquire(1), spoilt=True)
    second = await pool.acquire(1)
    second.terminate()
    pool.release(second)
    third = await pool.acquire(1)
    pool.release(third)
    # The server went away while nobody looked.
    third.terminate()
    assert (await pool.acquire(1)) is server.made[3]
    assert server.living == 1


async def test_room_is_not_given_twice(server: Server) -> None:
    pool = server.pool(1)
    lent = await pool.acquire(1)
    waiting = asyncio.create_task(pool.acquire(60))
    await settle()
    server.slow.clear()
    pool.release(lent, spoilt=True)
    other = asyncio.create_task(pool.acquire(60))
    await settle()
    server.slow.set()
    pool.release(await waiting)
    pool.release(await other)
    assert len(server.made) == 2
    assert server.living == 1


async def test_when_one_cannot_open_the_next_tries(server: Server) -> None:
    pool = server.pool(1)
    server.refusals = 1
    server.slow.clear()
    first, second = (asyncio.create_task(pool.acquire(60)) for _ in range(2))
    await settle()
    server.slow.set()
    with pytest.raises(ConnectionRefusedError):
        await first
    assert await second is server.made[0]


async def test_connections_that_nobody_needs_any_more_are_closed(server: Server) -> None:
    pool = server.pool(3)
    lent = [await pool.acquire(1) for _ in range(3)]
    for connection in lent:
        pool.release(connection)
    for _ in range(3):
        server.now += IDLE_SECONDS
        pool.release(await pool.acquire(1))
    assert server.living == 1


async def test_terminate_closes_what_is_lent_as_well(server: Server) -> None:
    pool = server.pool(2)
    lent = await pool.acquire(1)
    pool.release(await pool.acquire(1))
    pool.terminate()
    pool.release(lent)
    assert server.living == 0
