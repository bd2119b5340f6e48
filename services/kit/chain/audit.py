"""Audit: an action and its row are one commit; a refused action leaves a row too."""

from __future__ import annotations

from typing import Any

from services.kit.audit import AuditLog
from services.kit.call import Call
from services.kit.chain import Guard, Handler
from services.kit.contract import Method, field_reader
from services.kit.errors import Refused
from services.kit.ids import is_uuid
from services.kit.work import UnitsOfWork

_ID = "_id"


def resource(method: Method) -> Guard | None:
    """Return the guard that notes what an audited method without a scope is about.

    It is the first request field named after a thing: `user_id`, `admin_id`.
    With a scope the policy notes it.
    """
    if not method.policy.audit or method.policy.HasField("scope"):
        return None
    fields = method.request.DESCRIPTOR.fields
    names = [f.name for f in fields if f.name.endswith(_ID) and f.name != "request_id"]
    if not names:
        return None
    name = names[0]
    read = field_reader(method.request.DESCRIPTOR, name, method.path)

    def guard(call: Call, message: Any) -> None:
        resource_id = read(message)
        call.notes["resource_type"] = name.removesuffix(_ID)
        if is_uuid(resource_id):
            call.notes["resource_id"] = resource_id

    return guard


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
