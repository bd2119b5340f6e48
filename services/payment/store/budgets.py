"""Budgets by job."""

from __future__ import annotations

from datetime import datetime

from services.kit.db import Query, Reader, Row
from services.kit.errors import VersionConflict
from services.kit.work import UnitOfWork
from services.payment.domain import accounts
from services.payment.domain.budgets import Budget, BudgetStatus
from services.payment.domain.cycles import CycleKind
from services.payment.domain.settings import BillingMode, BudgetSettings, TopUp

_FIND = Query.text("select * from budgets where job_id = :job_id")
_LOCK = Query.text("select * from budgets where job_id = :job_id for update")
_OPEN = Query.text(
    """
    insert into budgets (job_id, company_id, status, balance, total, paused_at,
                         billing_cycle_starts_at, cycle_ends_at, anchor_day, version)
    values (:job_id, :company_id, :status, :balance, :total, :paused_at, :cycle, :cycle_ends,
            :anchor_day, :version)
    on conflict (job_id) do nothing
    """
)
_OPEN_ACCOUNT = Query.text(
    "insert into accounts (name, balance, version) values (:name, 0, 0) on conflict do nothing"
)
# What fees and funding change.
_SAVE = Query.text(
    """
    update budgets set status = :status, balance = :balance, total = :total,
        paused_at = :paused_at, billing_cycle_starts_at = :cycle, cycle_ends_at = :cycle_ends,
        cycle_spent = :cycle_spent, lent = :lent, warned_percent = :warned,
        top_up_stopped = :top_up_stopped, version = :version
    where job_id = :job_id and version = :version_before
    """
)
_CONFIGURE = Query.text(
    """
    update budgets set billing_mode = :mode, cycle_kind = :kind, cap = :cap, warn_at = :warn_at,
        top_up_amount = :top_up_amount, top_up_trigger = :top_up_trigger,
        top_up_monthly_cap = :top_up_cap, settings_version = :settings_version
    where job_id = :job_id
    """
)
_OVER = Query.text(
    """
    select job_id from budgets
    where cycle_ends_at <= :now and status <> 'CLOSED'
    order by cycle_ends_at, job_id limit :size
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
        await work.execute(
            _OPEN,
            job_id=budget.job_id,
            company_id=budget.company_id,
            status=budget.status.value,
            balance=budget.balance,
            total=budget.total,
            paused_at=budget.paused_at,
            cycle=budget.cycle_starts_at,
            cycle_ends=budget.cycle_ends_at,
            anchor_day=budget.anchor_day,
            version=budget.version,
        )
        await work.execute(_OPEN_ACCOUNT, name=accounts.budget(budget.job_id))

    async def save(self, work: UnitOfWork, budget: Budget, version_before: int) -> None:
        """Write a budget over `version_before`; raise VersionConflict where that has gone."""
        saved = await work.execute(
            _SAVE,
            job_id=budget.job_id,
            status=budget.status.value,
            balance=budget.balance,
            total=budget.total,
            paused_at=budget.paused_at,
            cycle=budget.cycle_starts_at,
            cycle_ends=budget.cycle_ends_at,
            cycle_spent=budget.cycle_spent,
            lent=budget.lent,
            warned=budget.warned,
            top_up_stopped=budget.top_up_stopped,
            version=budget.version,
            version_before=version_before,
        )
        if not saved:
            raise VersionConflict

    async def configure(self, work: UnitOfWork, budget: Budget) -> None:
        """Write the settings of a budget whose row is locked; the rest is `save`'s."""
        settings = budget.settings
        top_up = settings.top_up
        await work.execute(
            _CONFIGURE,
            job_id=budget.job_id,
            mode=settings.mode.value,
            kind=settings.cycle_kind.value,
            cap=settings.cap,
            warn_at=list(settings.warn_at),
            top_up_amount=top_up.amount if top_up else None,
            top_up_trigger=top_up.trigger if top_up else None,
            top_up_cap=top_up.monthly_cap if top_up else None,
            settings_version=budget.settings_version,
        )

    async def over(self, reader: Reader, now: datetime, limit: int) -> list[str]:
        """Return jobs whose budget's cycle is over, longest over first."""
        return [row["job_id"] for row in await reader.fetch(_OVER, now=now, size=limit)]


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
        cycle_ends_at=row["cycle_ends_at"],
        anchor_day=row["anchor_day"],
        settings=_settings(row),
        settings_version=row["settings_version"],
        cycle_spent=row["cycle_spent"],
        lent=row["lent"],
        warned=row["warned_percent"],
        top_up_stopped=row["top_up_stopped"],
    )


def _settings(row: Row) -> BudgetSettings:
    top_up = None
    if row["top_up_amount"] is not None:
        top_up = TopUp(row["top_up_amount"], row["top_up_trigger"], row["top_up_monthly_cap"])
    return BudgetSettings(
        mode=BillingMode(row["billing_mode"]),
        cycle_kind=CycleKind(row["cycle_kind"]),
        cap=row["cap"],
        warn_at=tuple(row["warn_at"]),
        top_up=top_up,
    )
