"""A job's budget and the states it can be in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.payment.domain.cycles import cycle_start
from services.payment.domain.errors import BudgetState

# What a premium job shows as its balance, in micro-euros.
UNLIMITED_BALANCE = 999_999 * 1_000_000


class BudgetStatus(StrEnum):
    """Whether fees can be debited."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    # The last fee did not fit. Funding makes it ACTIVE again.
    EXHAUSTED = "EXHAUSTED"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Budget:
    """The money set aside for the fees of one job. Amounts in micro-euros.

    Every change returns a new budget with the next version; what changes
    nothing returns the same one.
    """

    job_id: str
    company_id: str
    status: BudgetStatus
    balance: int
    # All that was ever funded.
    total: int
    paused_at: datetime | None
    cycle_starts_at: datetime
    version: int

    @classmethod
    def opened(cls, job_id: str, company_id: str, now: datetime) -> Budget:
        """Return a new, empty budget."""
        return cls(job_id, company_id, BudgetStatus.ACTIVE, 0, 0, None, cycle_start(now), 0)

    def fund(self, amount: int, now: datetime) -> Budget:
        """Add `amount`; an exhausted budget is active again, a paused one stays paused.

        Raises BudgetState when it is closed.
        """
        self.check_open()
        exhausted = self.status is BudgetStatus.EXHAUSTED
        return replace(
            self,
            balance=self.balance + amount,
            total=self.total + amount,
            status=BudgetStatus.ACTIVE if exhausted else self.status,
            cycle_starts_at=cycle_start(now),
            version=self.version + 1,
        )

    def pause(self, now: datetime) -> Budget:
        """Stop debits. Raises BudgetState when it is closed."""
        self.check_open()
        if self.status is BudgetStatus.PAUSED:
            return self
        return replace(self, status=BudgetStatus.PAUSED, paused_at=now, version=self.version + 1)

    def resume(self) -> Budget:
        """Allow debits again. Raises BudgetState when it is exhausted or closed."""
        if self.status is BudgetStatus.ACTIVE:
            return self
        if self.status is not BudgetStatus.PAUSED:
            raise BudgetState(status=self.status.value)
        return replace(self, status=BudgetStatus.ACTIVE, paused_at=None, version=self.version + 1)

    def holds(self, fee: int) -> bool:
        """Whether `fee` can be debited now."""
        return self.status is BudgetStatus.ACTIVE and self.balance >= fee

    def debit(self, fee: int, now: datetime) -> Budget:
        """Take `fee`, which the budget holds. Raises BudgetState when it does not."""
        if not self.holds(fee):
            raise BudgetState(status=self.status.value)
        return replace(
            self,
            balance=self.balance - fee,
            cycle_starts_at=cycle_start(now),
            version=self.version + 1,
        )

    def miss(self, fee: int) -> Budget:
        """Take note that `fee` is due: an active budget that cannot hold it is exhausted."""
        if self.status is not BudgetStatus.ACTIVE or self.balance >= fee:
            return self
        return replace(self, status=BudgetStatus.EXHAUSTED, version=self.version + 1)

    def check_open(self) -> None:
        """Raise BudgetState when it is closed."""
        if self.status is BudgetStatus.CLOSED:
            raise BudgetState(status=self.status.value)


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
    return BudgetView(
        job_id=budget.job_id,
        status=budget.status,
        balance=budget.balance,
        total=budget.total,
        paused_at=budget.paused_at,
        cycle_starts_at=cycle_start(now),
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
