"""What the audit log keeps of signing keys."""

from __future__ import annotations

from weneeds.options.v1.policy_pb2 import AUDIT_ACTION_ROTATE_KEY

from services.kit.audit import AuditLog, Entry
from services.kit.work import UnitsOfWork


class KeyLog:
    """Records which key signs. Each process that changes its key leaves a row."""

    def __init__(self, work: UnitsOfWork, audit: AuditLog) -> None:
        self._work = work
        self._audit = audit

    async def rotated(self, old_id: str, new_id: str) -> None:
        """Record that the key `new_id` signs from now on, and no more `old_id`."""
        entry = Entry(
            action=AUDIT_ACTION_ROTATE_KEY,
            actor_access="service",
            resource_type="key",
            resource_id=new_id,
            metadata={"old": {"key_id": old_id}, "new": {"key_id": new_id}},
        )
        async with self._work() as work:
            await self._audit.note(work, entry)
