"""What collaborators see of a budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.payment.domain.budgets import Budget, BudgetStatus
from services.payment.domain.cycles import cycle_start

# What a premium job shows as its balance, in micro-euros.
UNLIMITED_BALANCE = 999_999 * 1_000_000


@dataclass(frozen=True, slots=True)
class BudgetView:
    """What a collaborator sees of a budget."""

    job_id: str
    status: BudgetStatus
    balance: int
    total: int
    paused_at: datetime | None
    cycle_starts_at: datetime
    unlimited: bool
    version: int

    @property
    def has_budget(self) -> bool:
        """Whether anything is left."""
        return self.balance > 0

    @property
    def active(self) -> bool:
        """Whether fees can be debited."""
        return self.status is BudgetStatus.ACTIVE


def view(budget: Budget, now: datetime) -> BudgetView:
    """Show `budget` with the billing cycle that `now` falls into."""
    over = now >= budget.cycle_ends_at
    return BudgetView(
        job_id=budget.job_id,
        status=budget.status,
        balance=budget.balance,
        total=budget.total,
        paused_at=budget.paused_at,
        cycle_starts_at=budget.schedule.cycle_of(now).start if over else budget.cycle_starts_at,
        unlimited=False,
        version=budget.version,
    )


def unlimited_view(job_id: str, budget: Budget | None, now: datetime) -> BudgetView:
    """Show the budget of a premium job: active and without an end, funded or not."""
    return BudgetView(
        job_id=job_id,
        status=BudgetStatus.ACTIVE,
        balance=UNLIMITED_BALANCE,
        total=budget.total if budget else 0,
        paused_at=None,
        cycle_starts_at=cycle_start(now),
        unlimited=True,
        version=budget.version if budget else 0,
    )
