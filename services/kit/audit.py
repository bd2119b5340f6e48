"""The audit log: append-only, each row's hash covers the row before it.

A method whose policy names an action is recorded by the kit. What the method
changed it says with `note_change`; what has no signed-in caller, like a
sign-in, is recorded by the use case itself with `AuditLog.note`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from weneeds.options.v1.policy_pb2 import AuditAction

from services.kit.call import Call, current_call
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
# Columns that came later. They are covered where one of them is filled, so that
# the hashes of the rows before them still hold.
_COVERED_LATER = ("resource_type", "metadata")
_HEAD = Query.text("select seq, hash from audit_head where id = 1 for update")
_MOVE = Query.text("update audit_head set seq = :seq, hash = cast(:hash as bytea) where id = 1")
_INSERT = Query.text(
    """
    insert into audit (seq, id, at, actor_id, actor_access, action, method, resource_type,
                       resource_id, company_id, success, reason, metadata, correlation_id, hash)
    values (:seq, cast(:id as uuid), :at, :actor_id, :actor_access, :action, :method,
            :resource_type, :resource_id, :company_id, :success, :reason,
            cast(:metadata as jsonb), :correlation_id, cast(:hash as bytea))
    """
)
_PAGE = Query.text("select * from audit where seq > :after order by seq limit 1000")
_END = Query.text("select seq, hash from audit_head where id = 1")
_NOTED = "audit_change"
_RESOURCE = ("resource_type", "resource_id")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a use case records by itself. Ids, no people: the log is kept for years."""

    action: AuditAction.ValueType
    # Whose account it is; empty when not known.
    actor_id: str = ""
    # "site" for users, "admin" for staff, "service" for what runs by itself.
    actor_access: str = ""
    resource_type: str = ""
    resource_id: str = ""
    success: bool = True
    # The reason of the refusal.
    reason: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


def note_change(
    *,
    resource_type: str = "",
    resource_id: str = "",
    old: Mapping[str, str] | None = None,
    new: Mapping[str, str] | None = None,
    reason: str = "",
) -> None:
    """Say what the current call changes, for its row in the audit log.

    `old` and `new` are the values before and after, `reason` is the caller's
    own. Outside of a call nothing is recorded.
    """
    call = current_call()
    if call is None:
        return
    if resource_type:
        call.notes.update(resource_type=resource_type, resource_id=resource_id)
    change = {"old": dict(old or {}), "new": dict(new or {}), "reason": reason}
    call.notes[_NOTED] = {name: value for name, value in change.items() if value}


class AuditLog:
    """Writes the audit rows of one service."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids

    async def append(self, work: UnitOfWork, method: Method, *, success: bool, reason: str) -> None:
        """Add the row of the current call, in the transaction of `work`."""
        call = current_call()
        user = call.user if call is not None else None
        notes = call.notes if call is not None else {}
        await self._write(
            work,
            call,
            Entry(
                action=method.policy.audit,
                actor_id=user.id if user else "",
                actor_access=user.access if user else "",
                resource_type=notes.get("resource_type", ""),
                resource_id=notes.get("resource_id", ""),
                success=success,
                reason=reason,
                metadata=notes.get(_NOTED, {}),
            ),
        )

    async def note(self, work: UnitOfWork, entry: Entry) -> None:
        """Add a row for what the kit cannot see, in the transaction of `work`."""
        await self._write(work, current_call(), entry)

    async def _write(self, work: UnitOfWork, call: Call | None, entry: Entry) -> None:
        head = await work.fetch_one(_HEAD)
        if head is None:
            raise RuntimeError("audit_head is empty: the first migration fills it")
        row: dict[str, Any] = {
            "seq": head["seq"] + 1,
            "id": self._ids.new(),
            "at": self._clock.now(),
            "actor_id": entry.actor_id,
            "actor_access": entry.actor_access,
            "action": AuditAction.Name(entry.action).removeprefix("AUDIT_ACTION_"),
            "method": call.method.path if call else "",
            "resource_type": entry.resource_type,
            "resource_id": entry.resource_id,
            "company_id": call.company_id if call else "",
            "success": entry.success,
            "reason": entry.reason,
            "metadata": dict(entry.metadata),
            "correlation_id": call.correlation_id if call else "",
        }
        row["hash"] = chained(head["hash"], row)
        await work.execute(_INSERT, **row)
        await work.execute(_MOVE, seq=row["seq"], hash=row["hash"])


def chained(previous: bytes, row: Row | Mapping[str, Any]) -> bytes:
    """Return SHA-256 over the previous hash and the row's columns as JSON.

    A row whose later columns are all empty covers the first twelve columns and
    nothing else, which is also the form of the rows written before those
    columns came; any other row covers all. The two forms differ in length, so
    a value can be neither taken from a row nor added to one.
    """
    names: tuple[str, ...] = _COVERED
    if any(row[name] for name in _COVERED_LATER):
        names += _COVERED_LATER
    values = [_plain(row[name]) for name in names]
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
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
    """Check the whole log. Return how many rows hold and where it breaks, or None.

    The end is checked too: rows that were cut off there are missed.
    """
    end = await reader.fetch_one(_END)
    if end is None:
        return 0, 1
    count, previous = 0, GENESIS
    while rows := await reader.fetch(_PAGE, after=count):
        if rows[0]["seq"] != count + 1:
            return count, int(rows[0]["seq"])
        broken = first_break(rows, previous)
        if broken is not None:
            return broken - 1, broken
        if count < end["seq"] <= rows[-1]["seq"]:
            ending = rows[end["seq"] - count - 1]
            if ending["hash"] != end["hash"]:
                return end["seq"] - 1, end["seq"]
        count, previous = rows[-1]["seq"], rows[-1]["hash"]
    return (count, None) if count >= end["seq"] else (count, count + 1)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
