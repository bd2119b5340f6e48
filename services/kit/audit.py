"""The audit log: append-only, each row's hash covers the row before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from weneeds.options.v1.policy_pb2 import AuditAction

from services.kit.call import current_call
from services.kit.clock import Clock
from services.kit.contract import Method
from services.kit.db import Query, Reader, Row
from services.kit.ids import Ids
from services.kit.work import UnitOfWork

GENESIS = bytes(32)
_COVERED = (
    "seq", "id", "at", "actor_id", "actor_access", "action", "method", "resource_id",
    "company_id", "success", "reason", "correlation_id",
)  # fmt: skip
_HEAD = Query.text("select seq, hash from audit_head where id = 1 for update")
_MOVE = Query.text("update audit_head set seq = :seq, hash = cast(:hash as bytea) where id = 1")
_INSERT = Query.text(
    """
    insert into audit (seq, id, at, actor_id, actor_access, action, method, resource_id,
                       company_id, success, reason, correlation_id, hash)
    values (:seq, cast(:id as uuid), :at, :actor_id, :actor_access, :action, :method,
            :resource_id, :company_id, :success, :reason, :correlation_id, cast(:hash as bytea))
    """
)
_PAGE = Query.text("select * from audit where seq > :after order by seq limit 1000")


class AuditLog:
    """Writes the audit rows of one service."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids

    async def append(self, work: UnitOfWork, method: Method, *, success: bool, reason: str) -> None:
        """Add one row for the current call, in the transaction of `work`."""
        call = current_call()
        user = call.user if call is not None else None
        head = await work.fetch_one(_HEAD)
        if head is None:
            raise RuntimeError("audit_head is empty: the first migration fills it")
        row: dict[str, Any] = {
            "seq": head["seq"] + 1,
            "id": self._ids.new(),
            "at": self._clock.now(),
            "actor_id": user.id if user else "",
            "actor_access": user.access if user else "",
            "action": AuditAction.Name(method.policy.audit).removeprefix("AUDIT_ACTION_"),
            "method": method.path,
            "resource_id": call.notes.get("resource_id", "") if call else "",
            "company_id": call.company_id if call else "",
            "success": success,
            "reason": reason,
            "correlation_id": call.correlation_id if call else "",
        }
        row["hash"] = chained(head["hash"], row)
        await work.execute(_INSERT, **row)
        await work.execute(_MOVE, seq=row["seq"], hash=row["hash"])


def chained(previous: bytes, row: Row | Mapping[str, Any]) -> bytes:
    """Return SHA-256 over the previous hash and the row's columns as JSON."""
    values = [_plain(row[name]) for name in _COVERED]
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(previous + text.encode()).digest()


def first_break(rows: Iterable[Row], previous: bytes = GENESIS) -> int | None:
    """Return the seq of the first row whose hash does not hold, or None."""
    expected_seq: int | None = None
    for row in rows:
        if expected_seq is not None and row["seq"] != expected_seq:
            return int(row["seq"])
        if chained(previous, row) != row["hash"]:
            return int(row["seq"])
        previous, expected_seq = row["hash"], row["seq"] + 1
    return None


async def verify(reader: Reader) -> tuple[int, int | None]:
    """Check the whole log. Return how many rows it has and where it breaks, or None."""
    count, previous = 0, GENESIS
    while rows := await reader.fetch(_PAGE, after=count):
        if rows[0]["seq"] != count + 1:
            return count, int(rows[0]["seq"])
        broken = first_break(rows, previous)
        if broken is not None:
            return count, broken
        count, previous = rows[-1]["seq"], rows[-1]["hash"]
    return count, None


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
