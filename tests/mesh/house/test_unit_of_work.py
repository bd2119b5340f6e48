"""One commit holds state, outbox, idempotency and audit; a failure holds none of them."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from weneeds.jobs.v1.job_pb2 import Job
from weneeds.jobs.v1.job_service_pb2 import (
    CreateJobRequest,
    CreateJobResponse,
)

from services.kit.chain.idempotency import idempotent
from services.kit.contract import BrokenContract
from services.kit.db import Query
from services.kit.errors import DependencyDown, RequestIdReused
from services.kit.work import NotCommitted
from tests.mesh.house.acts import WRITE, calling, write
from tests.mesh.house.conftest import Kit
from tests.support.contract import PUBLIC

CREATE = next(method for method in PUBLIC if method.name == "CreateJob")
SEEN = Query.text("select 1 from companies where id = cast(:id as uuid)")
OUTBOX = Query.text("select * from outbox where key = :key order by seq")


class Broken(Exception):
    """A failure that nobody expects."""


async def kept(kit: Kit, key: str) -> tuple[bool, int]:
    """Whether the state is there, and how many events."""
    reader = kit.database.reader
    return bool(await reader.fetch(SEEN, id=key)), len(await reader.fetch(OUTBOX, key=key))


async def test_state_and_events_are_one(kit: Kit) -> None:
    key = str(uuid4())
    await write(kit, key)
    assert await kept(kit, key) == (True, 1)
    other = str(uuid4())
    with pytest.raises(Broken):
        async with kit.work():
            await write(kit, other)
            raise Broken
    assert await kept(kit, other) == (False, 0)


async def test_inner_units_join_the_outer_one(kit: Kit) -> None:
    keys = [str(uuid4()) for _ in range(2)]
    async with kit.work() as outer:
        async with kit.work() as inner:
            assert inner is outer
        for key in keys:
            await write(kit, key)
        assert [await kept(kit, key) for key in keys] == [(False, 0)] * 2
    assert [await kept(kit, key) for key in keys] == [(True, 1)] * 2


async def test_a_swallowed_database_error_is_no_commit(kit: Kit) -> None:
    """Postgres answers COMMIT with ROLLBACK then; nobody may be told that it worked."""
    key = str(uuid4())
    rung: list[str] = []
    with pytest.raises(NotCommitted):
        async with kit.work() as work:
            await work.execute(WRITE, id=key)
            work.after_commit(lambda: rung.append(key))
            with pytest.raises(asyncpg.UniqueViolationError):
                await work.execute(WRITE, id=key)
    assert await kept(kit, key) == (False, 0)
    assert not rung
    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        async with kit.work() as work:
            await write(kit, key)
            with pytest.raises(asyncpg.UniqueViolationError):
                await work.execute(WRITE, id=key)
    assert await kept(kit, key) == (False, 0)


async def test_a_task_that_outlives_its_unit_opens_its_own(kit: Kit) -> None:
    key = str(uuid4())
    committed = asyncio.Event()

    async def later() -> None:
        await committed.wait()
        await write(kit, key)

    async with kit.work():
        task = asyncio.create_task(later())
        await asyncio.sleep(0)
    committed.set()
    await task
    assert await kept(kit, key) == (True, 1)


async def test_a_cancelled_unit_leaves_nothing_and_gives_its_connection_back(kit: Kit) -> None:
    keys = [str(uuid4()) for _ in range(20)]

    async def hang(key: str) -> None:
        async with kit.work():
            await write(kit, key)
            await asyncio.Event().wait()

    for key in keys:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.03):
                await hang(key)
    assert not any([await kept(kit, key) != (False, 0) for key in keys])
    await asyncio.gather(*(write(kit, key) for key in keys))


async def test_after_commit_means_after(kit: Kit) -> None:
    key = str(uuid4())
    order: list[str] = []
    kit.work.wake = lambda: order.append("wake")

    async def unit(fails: bool) -> None:
        async with kit.work() as work:
            work.after_commit(lambda: order.append("after"))
            await write(kit, key)
            assert not order
            if fails:
                raise Broken

    with pytest.raises(Broken):
        await unit(fails=True)
    assert order == []
    await unit(fails=False)
    assert sorted(order) == ["after", "wake"]


async def test_what_breaks_after_the_commit_does_not_undo_the_answer(kit: Kit) -> None:
    key = str(uuid4())
    order: list[str] = []
    kit.work.wake = lambda: order.append("wake")

    def broken() -> None:
        raise Broken

    async with kit.work() as work:
        work.after_commit(broken)
        work.after_commit(lambda: order.append("after"))
        await write(kit, key)
    assert await kept(kit, key) == (True, 1)
    assert sorted(order) == ["after", "wake"]


async def test_only_events_are_published(kit: Kit) -> None:
    with pytest.raises(BrokenContract):
        async with kit.work() as work:
            work.publish(Job())


async def test_a_request_id_has_one_effect_and_one_answer(kit: Kit) -> None:
    calling(CREATE)
    made: list[str] = []

    async def create(request: CreateJobRequest, context: object) -> CreateJobResponse:
        key = str(uuid4())
        await write(kit, key)
        made.append(key)
        return CreateJobResponse(job=Job(id=key))

    handler = idempotent(CREATE, create, kit.work)
    request = CreateJobRequest(request_id=str(uuid4()), job=Job(title="Menuisière"))
    answers = await asyncio.gather(*(handler(request, None) for _ in range(20)))
    assert {answer.job.id for answer in answers} == set(made)
    assert len(made) == 1
    other = CreateJobRequest(request_id=request.request_id, job=Job(title="Menuisier"))
    with pytest.raises(RequestIdReused):
        await handler(other, None)
    calling(CREATE)
    assert (await handler(request, None)).job.id not in {answers[0].job.id}
    assert await kit.count("idempotency") == 2


async def test_a_failed_request_may_be_sent_again(kit: Kit) -> None:
    calling(CREATE)
    key = str(uuid4())
    fail = [True]

    async def create(request: CreateJobRequest, context: object) -> CreateJobResponse:
        await write(kit, key)
        if fail:
            raise Broken
        return CreateJobResponse(job=Job(id=key))

    handler = idempotent(CREATE, create, kit.work)
    request = CreateJobRequest(request_id=str(uuid4()))
    with pytest.raises(Broken):
        await handler(request, None)
    assert await kit.count("idempotency") == 0
    assert await kept(kit, key) == (False, 0)
    fail.clear()
    assert (await handler(request, None)).job.id == key


async def test_postgres_away_is_said_and_passes(kit: Kit) -> None:
    key = str(uuid4())
    await write(kit, key)
    await kit.stores.stop("postgres")
    try:
        with pytest.raises(DependencyDown):
            await write(kit, str(uuid4()))
        with pytest.raises(DependencyDown):
            await kit.database.reader.fetch(SEEN, id=key)
    finally:
        await kit.stores.start("postgres")
    assert await kept(kit, key) == (True, 1)
    await write(kit, str(uuid4()))


async def test_postgres_lost_in_the_middle_of_a_unit(kit: Kit) -> None:
    key = str(uuid4())
    with pytest.raises(DependencyDown):
        async with kit.work():
            await write(kit, key)
            await kit.stores.stop("postgres")
            await kit.stores.start("postgres")
            await write(kit, str(uuid4()))
    assert await kept(kit, key) == (False, 0)
    with pytest.raises(DependencyDown):
        async with kit.work():
            await write(kit, key)
            await kit.stores.stop("postgres")
            await kit.stores.start("postgres")
    assert await kept(kit, key) == (False, 0)
