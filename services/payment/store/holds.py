"""Holds on budgets."""

from __future__ import annotations

from datetime import datetime

from services.kit.db import Query, Row
from services.kit.errors import VersionConflict
from services.kit.work import UnitOfWork
from services.payment.domain.holds import Hold, HoldStatus

_INSERT = Query.text(
    """
    insert into holds (id, key, request_hash, job_id, amount, posted, status, expires_at,
                       created_at, version)
    values (:id, :key, :request_hash, :job_id, :amount, :posted, :status, :expires_at,
            :created_at, :version)
    on conflict (key) do nothing
    """
)
_FIND = Query.text("select * from holds where key = :key")
_PLACED = Query.text("select * from holds where job_id = :job_id and status = 'PLACED' order by id")
_EXPIRED = Query.text(
    """
    select job_id, key from holds where status = 'PLACED' and expires_at <= :now
    order by expires_at limit :size
    """
)
_END = Query.text(
    """
    update holds set status = :status, posted = :posted, ended_at = :ended_at, version = :version
    where id = :id and version = :version_before
    """
)


class HoldTable:
    """`holds`, one row each. Who changes one holds the budget's row."""

    async def insert(self, work: UnitOfWork, hold: Hold) -> bool:
        """Write a hold down; return False when its key is taken."""
        written = await work.execute(
            _INSERT,
            id=hold.id,
            key=hold.key,
            request_hash=hold.request_hash,
            job_id=hold.job_id,
            amount=hold.amount,
            posted=hold.posted,
            status=hold.status.value,
            expires_at=hold.expires_at,
            created_at=hold.created_at,
            version=hold.version,
        )
        return bool(written)

    async def find(self, work: UnitOfWork, key: str) -> Hold | None:
        """Return the hold under `key`."""
        row = await work.fetch_one(_FIND, key=key)
        return _hold(row) if row else None

    async def placed(self, work: UnitOfWork, job_id: str) -> list[Hold]:
        """Return the holds of a job that have not ended."""
        return [_hold(row) for row in await work.fetch(_PLACED, job_id=job_id)]

    async def expired(self, work: UnitOfWork, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Return (job id, key) of holds whose time is over, longest over first."""
        rows = await work.fetch(_EXPIRED, now=now, size=limit)
        return [(row["job_id"], row["key"]) for row in rows]

    async def save(self, work: UnitOfWork, hold: Hold, version_before: int) -> None:
        """Write an end over `version_before`. Raises VersionConflict where that has gone."""
        ended = await work.execute(
            _END,
            id=hold.id,
            status=hold.status.value,
            posted=hold.posted,
            ended_at=hold.ended_at,
            version=hold.version,
            version_before=version_before,
        )
        if not ended:
            raise VersionConflict


def _hold(row: Row) -> Hold:
    return Hold(
        id=row["id"],
        key=row["key"],
        job_id=row["job_id"],
        amount=row["amount"],
        expires_at=row["expires_at"],
        created_at=row["created_at"],
        status=HoldStatus(row["status"]),
        posted=row["posted"],
        ended_at=row["ended_at"],
        version=row["version"],
    )
