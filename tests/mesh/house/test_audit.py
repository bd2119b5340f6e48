"""The audit log: of the same commit as the act, chained, and out of reach of the service."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from weneeds.jobs.v1.job_service_pb2 import PublishJobRequest, PublishJobResponse

from services.kit.audit import AuditLog, verify
from services.kit.chain.audit import audited, record_denial
from services.kit.db import Query
from services.kit.errors import ScopeDenied
from tests.mesh.house.acts import calling, write
from tests.mesh.house.conftest import Kit
from tests.support.contract import PUBLIC

PUBLISH = next(method for method in PUBLIC if method.name == "PublishJob")
LAST_AUDIT = Query.text("select * from audit order by seq desc limit 1")


class Broken(Exception):
    """A failure that nobody expects."""


async def test_audit_rows_are_of_the_same_commit_and_chained(kit: Kit) -> None:
    log = AuditLog(kit.clock, kit.ids)
    key = str(uuid4())

    async def publish(request: PublishJobRequest, context: object) -> PublishJobResponse:
        await write(kit, request.job_id)
        if request.job_id != key:
            raise Broken
        return PublishJobResponse()

    handler: Any = audited(PUBLISH, publish, kit.work, log)
    before = await kit.count("audit")
    call = calling(PUBLISH)
    call.notes["resource_id"] = key
    await handler(PublishJobRequest(job_id=key), None)
    with pytest.raises(Broken):
        await handler(PublishJobRequest(job_id=str(uuid4())), None)
    await asyncio.gather(*(denied(kit, log) for _ in range(10)))
    assert await kit.count("audit") == before + 11
    assert await verify(kit.database.reader) == (before + 11, None)


async def denied(kit: Kit, log: AuditLog) -> None:
    """An audited action that is refused leaves a row of its own commit."""
    call = calling(PUBLISH)
    assert call.user is not None
    await record_denial(PUBLISH, ScopeDenied(), kit.work, log)
    rows = await kit.database.reader.fetch(
        Query.text("select * from audit where actor_id = :actor"), actor=call.user.id
    )
    [row] = rows
    assert (row["success"], row["reason"]) == (False, "SCOPE_DENIED")
    assert row["correlation_id"] == call.correlation_id


async def test_the_service_cannot_rewrite_its_audit_log(kit: Kit) -> None:
    for sql in ("update audit set success = true", "delete from audit"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with kit.work() as work:
                await work.execute(Query.text(sql))


async def test_a_changed_audit_row_is_found(kit: Kit) -> None:
    log = AuditLog(kit.clock, kit.ids)
    for _ in range(3):
        await denied(kit, log)
    [last] = await kit.database.reader.fetch(LAST_AUDIT)
    admin = await asyncpg.connect(kit.stores.topology.admin_url)
    change = "update jobs.audit set reason = $1 where seq = $2"
    try:
        await admin.execute(change, "FORGED", last["seq"] - 1)
        assert await verify(kit.database.reader) == (last["seq"] - 2, last["seq"] - 1)
    finally:
        await admin.execute(change, "SCOPE_DENIED", last["seq"] - 1)
        await admin.close()
    assert (await verify(kit.database.reader))[1] is None
