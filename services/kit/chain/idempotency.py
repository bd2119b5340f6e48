"""Idempotency and audit: what is written around the handler, in its own commit.

A method with a `request_id` runs inside one unit of work that first claims the
id. The same id and body gets the first answer again; another body is refused;
a concurrent duplicate waits for the first. A failure rolls the claim back, so
a retry runs again.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

from weneeds.options.v1.sensitivity_pb2 import SENSITIVITY_SECRET, sensitivity

from services.kit.audit import AuditLog
from services.kit.call import current_call
from services.kit.chain import Handler
from services.kit.contract import Method
from services.kit.db import Query
from services.kit.errors import Refused, RequestIdReused
from services.kit.work import UnitOfWork, UnitsOfWork

_CLAIM = Query.text(
    """
    insert into idempotency (caller, method, request_id, request_hash)
    values (:caller, :method, cast(:request_id as uuid), cast(:request_hash as bytea))
    on conflict do nothing
    """
)
_STORED = Query.text(
    """
    select request_hash, response from idempotency
    where caller = :caller and method = :method and request_id = cast(:request_id as uuid)
    """
)
_ANSWER = Query.text(
    """
    update idempotency set response = cast(:response as bytea)
    where caller = :caller and method = :method and request_id = cast(:request_id as uuid)
    """
)


def idempotent(method: Method, handler: Handler, units: UnitsOfWork) -> Handler:
    """Wrap the handler of a method that has a request_id."""
    if not method.has_request_id:
        return handler

    async def once(request: Any, context: Any) -> Any:
        call = current_call()
        caller = call.user.id if call is not None and call.user is not None else ""
        key = {"caller": caller, "method": method.path, "request_id": request.request_id}
        digest = _digest(request)
        async with units() as work:
            if not await work.execute(_CLAIM, **key, request_hash=digest):
                return await _replay(work, method, key, digest)
            response = await handler(request, context)
            await work.execute(_ANSWER, **key, response=response.SerializeToString())
            return response

    return once


def _digest(request: Any) -> bytes:
    """Hash the request without its secrets: a stored hash must not help to guess a password."""
    secrets = _secrets(request.DESCRIPTOR)
    if secrets:
        bare = type(request)()
        bare.CopyFrom(request)
        for name in secrets:
            bare.ClearField(name)
        request = bare
    return hashlib.sha256(request.SerializeToString(deterministic=True)).digest()


@lru_cache(maxsize=512)
def _secrets(message: Any) -> tuple[str, ...]:
    return tuple(
        field.name
        for field in message.fields
        if field.GetOptions().Extensions[sensitivity] == SENSITIVITY_SECRET
    )


async def _replay(work: UnitOfWork, method: Method, key: dict[str, str], digest: bytes) -> Any:
    row = await work.fetch_one(_STORED, **key)
    if row is None or row["request_hash"] != digest:
        raise RequestIdReused(field="request_id")
    return method.response.FromString(row["response"])


def audited(method: Method, handler: Handler, units: UnitsOfWork, log: AuditLog) -> Handler:
    """Wrap the handler of a method whose policy names an audit action."""
    if not method.policy.audit:
        return handler

    async def recorded(request: Any, context: Any) -> Any:
        async with units() as work:
            response = await handler(request, context)
            await log.append(work, method, success=True, reason="")
            return response

    return recorded


async def record_denial(
    method: Method, refused: Refused, units: UnitsOfWork, log: AuditLog
) -> None:
    """Keep that an audited action was tried and refused. The work itself is undone."""
    async with units() as work:
        await log.append(work, method, success=False, reason=refused.reason)
