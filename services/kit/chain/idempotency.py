"""Idempotency: the answer to a request id, kept in the commit of its work.

A method with a `request_id` runs inside one unit of work that first claims the
id. The same id and body gets the first answer again; another body is refused;
a concurrent duplicate waits for the first. A failure rolls the claim back, so
a retry runs again. Secrets of an answer are not kept: they are in the first
answer and in no other.
"""

from __future__ import annotations

import hashlib
from typing import Any

from services.kit.call import current_call
from services.kit.chain import Handler
from services.kit.contract import Method
from services.kit.db import Query
from services.kit.errors import RequestIdReused
from services.kit.sensitivity import without_secrets
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
            await work.execute(
                _ANSWER, **key, response=without_secrets(response).SerializeToString()
            )
            return response

    return once


def _digest(request: Any) -> bytes:
    """Hash the request without its secrets: a stored hash must not help to guess a password."""
    bare = without_secrets(request)
    return hashlib.sha256(bare.SerializeToString(deterministic=True)).digest()


async def _replay(work: UnitOfWork, method: Method, key: dict[str, str], digest: bytes) -> Any:
    row = await work.fetch_one(_STORED, **key)
    if row is None or row["request_hash"] != digest:
        raise RequestIdReused(field="request_id")
    return method.response.FromString(row["response"])
