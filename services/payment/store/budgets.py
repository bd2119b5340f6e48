"""Budgets by job."""

from __future__ import annotations

from services.kit.db import Query, Reader, Row
from services.kit.errors import VersionConflict
from services.kit.work import UnitOfWork
from services.payment.domain import accounts
from services.payment.domain.budgets import Budget, BudgetStatus

_FIND = Query.text("select * from budgets where job_id = :job_id")
_LOCK = Query.text("select * from budgets where job_id = :job_id for update")
_OPEN = Query.text(
    """
    insert into budgets (job_id, company_id, status, balance, total, paused_at,
                         billing_cycle_starts_at, version)
    values (:job_id, :company_id, :status, :balance, :total, :paused_at, :cycle, :version)
    on conflict (job_id) do nothing
    """
)
_OPEN_ACCOUNT = Query.text(
    "insert into accounts (name, balance, version) values (:name, 0, 0) on conflict do nothing"
)
_SAVE = Query.text(
    """
    update budgets set status = :status, balance = :balance, total = :total,
        paused_at = :paused_at, billing_cycle_starts_at = :cycle, version = :version
    where job_id = :job_id and version = :version_before
    """
)


class BudgetTable:
    """`budgets`, one row a job that was ever funded."""

    async def find(self, reader: Reader | UnitOfWork, job_id: str) -> Budget | None:
        """Return a job's budget."""
        row = await reader.fetch_one(_FIND, job_id=job_id)
        return _budget(row) if row else None

    async def lock(self, work: UnitOfWork, job_id: str) -> Budget | None:
        """Return a job's budget; nobody else changes it before this unit ends."""
        row = await work.fetch_one(_LOCK, job_id=job_id)
        return _budget(row) if row else None

    async def open(self, work: UnitOfWork, budget: Budget) -> None:
        """Insert a budget and its account, unless the job has them."""
        await work.execute(_OPEN, **_values(budget), company_id=budget.company_id)
        await work.execute(_OPEN_ACCOUNT, name=accounts.budget(budget.job_id))

    async def save(self, work: UnitOfWork, budget: Budget, version_before: int) -> None:
        """Write a budget over `version_before`; raise VersionConflict where that has gone."""
        if not await work.execute(_SAVE, **_values(budget), version_before=version_before):
            raise VersionConflict


def _values(budget: Budget) -> dict[str, object]:
    return {
        "job_id": budget.job_id,
        "status": budget.status.value,
        "balance": budget.balance,
        "total": budget.total,
        "paused_at": budget.paused_at,
        "cycle": budget.cycle_starts_at,
        "version": budget.version,
    }


def _budget(row: Row) -> Budget:
    return Budget(
        job_id=row["job_id"],
        company_id=row["company_id"],
        status=BudgetStatus(row["status"]),
        balance=row["balance"],
        total=row["total"],
        paused_at=row["paused_at"],
        cycle_starts_at=row["billing_cycle_starts_at"],
        version=row["version"],
    )
