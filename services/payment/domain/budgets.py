"""A job's budget and the states it can be in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from services.payment.domain.cycles import Schedule, paris_day, schedule
from services.payment.domain.errors import BalanceTooLow, BudgetState
from services.payment.domain.settings import BillingMode, BudgetSettings

_FULL = 100


class BudgetStatus(StrEnum):
    """Whether fees can be debited."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    # The last fee did not fit into what is left, or under the cap. Funding and
    # the next cycle make it ACTIVE again.
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
    # All that was put in, less all that was taken out other than by fees.
    total: int
    paused_at: datetime | None
    cycle_starts_at: datetime
    version: int
    cycle_ends_at: datetime
    # The day of the month, in Paris, on which it was opened.
    anchor_day: int = 1
    settings: BudgetSettings = field(default_factory=BudgetSettings)
    settings_version: int = 1
    # Fees of this cycle.
    cycle_spent: int = 0
    # Put in for this cycle without being paid for yet.
    lent: int = 0
    # The highest percent that was warned of.
    warned: int = 0
    # Why top-ups stopped by themselves; empty while they run.
    top_up_stopped: str = ""

    @classmethod
    def opened(cls, job_id: str, company_id: str, now: datetime) -> Budget:
        """Return a new, empty, prepaid budget."""
        cycle = Schedule().cycle_of(now)
        return cls(
            job_id=job_id,
            company_id=company_id,
            status=BudgetStatus.ACTIVE,
            balance=0,
            total=0,
            paused_at=None,
            cycle_starts_at=cycle.start,
            version=0,
            cycle_ends_at=cycle.end,
            anchor_day=paris_day(now),
        )

    @property
    def schedule(self) -> Schedule:
        """How its cycles follow each other."""
        return schedule(self.settings.cycle_kind, self.anchor_day)

    @property
    def room(self) -> int | None:
        """What the cap leaves for this cycle; None without a cap."""
        cap = self.settings.cap
        return None if cap is None else max(cap - self.cycle_spent, 0)

    @property
    def unspent_credit(self) -> int:
        """What is left of the money lent to it. Own money is spent first."""
        return min(self.lent, self.balance)

    @property
    def used_percent(self) -> int:
        """How much of the cap is used, or of all that was put in."""
        cap = self.settings.cap
        used, whole = (self.total - self.balance, self.total)
        if cap is not None:
            used, whole = self.cycle_spent, cap
        return used * _FULL // whole if whole else 0

    @property
    def wants_top_up(self) -> bool:
        """Whether so little is left that it tops itself up."""
        top_up = self.settings.top_up
        spends = self.status in (BudgetStatus.ACTIVE, BudgetStatus.EXHAUSTED)
        if top_up is None or self.top_up_stopped or not spends:
            return False
        room = self.room
        short = self.status is BudgetStatus.EXHAUSTED and (room is None or self.balance < room)
        return short or self.balance < top_up.trigger

    def fund(self, amount: int, now: datetime) -> Budget:
        """Add `amount`; an exhausted budget is active again, a paused one stays paused.

        Raises BudgetState when it is closed.
        """
        del now
        self.check_open()
        return self._put(amount)._woken()._next()

    def adjust(self, amount: int) -> Budget:
        """Add `amount`, or take it when it is negative; the balance stays at 0 or above.

        Raises BudgetState when it is closed, BalanceTooLow.
        """
        self.check_open()
        if self.balance + amount < 0:
            raise BalanceTooLow
        adjusted = self._put(amount)
        return (adjusted._woken() if amount > 0 else adjusted)._next()

    def pause(self, now: datetime) -> Budget:
        """Stop debits. Raises BudgetState when it is closed."""
        self.check_open()
        if self.status is BudgetStatus.PAUSED:
            return self
        return replace(self, status=BudgetStatus.PAUSED, paused_at=now)._next()

    def resume(self) -> Budget:
        """Allow debits again. Raises BudgetState when it is exhausted or closed."""
        if self.status is BudgetStatus.ACTIVE:
            return self
        if self.status is not BudgetStatus.PAUSED:
            raise BudgetState(status=self.status.value)
        return replace(self, status=BudgetStatus.ACTIVE, paused_at=None)._next()

    def close(self) -> Budget:
        """End it: nothing is left in it, and nothing comes after. Closed again, nothing changes."""
        if self.status is BudgetStatus.CLOSED:
            return self
        emptied = replace(self._put(-self.balance), lent=0)
        return replace(emptied, status=BudgetStatus.CLOSED, paused_at=None)._next()

    def holds(self, fee: int) -> bool:
        """Whether `fee` can be debited now."""
        room = self.room
        fits = self.balance >= fee and (room is None or room >= fee)
        return self.status is BudgetStatus.ACTIVE and fits

    def debit(self, fee: int, now: datetime) -> Budget:
        """Take `fee`, which the budget holds. Raises BudgetState when it does not."""
        del now
        if not self.holds(fee):
            raise BudgetState(status=self.status.value)
        return replace(
            self,
            balance=self.balance - fee,
            cycle_spent=self.cycle_spent + fee,
            version=self.version + 1,
        )

    def reserve(self, amount: int) -> Budget:
        """Set `amount` aside: it counts as spent. Raises BudgetState when it is not there."""
        if not self.holds(amount):
            raise BudgetState(status=self.status.value)
        spent = self.cycle_spent + amount
        return replace(self, balance=self.balance - amount, cycle_spent=spent)._next()

    def release(self, amount: int) -> Budget:
        """Take back what was set aside or charged; an exhausted budget is active again.

        Raises BudgetState when it is closed.
        """
        self.check_open()
        spent = max(self.cycle_spent - amount, 0)
        return replace(self, balance=self.balance + amount, cycle_spent=spent)._woken()._next()

    def miss(self, fee: int) -> Budget:
        """Take note that `fee` is due: an active budget that cannot hold it is exhausted."""
        if self.status is not BudgetStatus.ACTIVE or self.holds(fee):
            return self
        return replace(self, status=BudgetStatus.EXHAUSTED)._next()

    def warn(self) -> tuple[Budget, int]:
        """Return the budget and the highest threshold passed that nobody was warned of; or 0.

        Part of the change that passed it: the version is that change's.
        """
        passed = self._passed()
        if passed <= self.warned:
            return self, 0
        return replace(self, warned=passed), passed

    def roll(self, now: datetime) -> Budget:
        """Begin the cycle that `now` falls into, when this one is over.

        Credit that was not used goes back, the next cycle's is lent.
        """
        if now < self.cycle_ends_at or self.status is BudgetStatus.CLOSED:
            return self
        cycle = self.schedule.cycle_of(now)
        rolled = replace(self, cycle_starts_at=cycle.start, cycle_ends_at=cycle.end, cycle_spent=0)
        return rolled._lend()._woken()._next()

    def configure(self, settings: BudgetSettings, now: datetime) -> tuple[Budget, int]:
        """Take over `settings`; return the budget and what goes to the company's wallet.

        A budget that is billed per cycle from now on gives its own money to the
        wallet. The running cycle ends with the next boundary of its new kind.
        Raises BudgetState when it is closed.
        """
        self.check_open()
        bare = self._put(-self.unspent_credit)
        changed = replace(bare, settings=settings, lent=0, top_up_stopped="")
        prepaid = self.settings.mode is BillingMode.PREPAID
        freed = changed.balance if prepaid and settings.mode is BillingMode.PER_CYCLE else 0
        changed = changed._put(-freed)._lend()
        ends = max(changed.schedule.cycle_of(now).end, now)
        changed = replace(changed, cycle_ends_at=ends, settings_version=self.settings_version + 1)
        return replace(changed, warned=changed._passed())._woken()._next(), freed

    def stop_top_ups(self, why: str) -> Budget:
        """Top it up no more until its settings are saved again."""
        return replace(self, top_up_stopped=why)._next()

    def check_open(self) -> None:
        """Raise BudgetState when it is closed."""
        if self.status is BudgetStatus.CLOSED:
            raise BudgetState(status=self.status.value)

    def _passed(self) -> int:
        used = self.used_percent
        return max((at for at in self.settings.warn_at if at <= used), default=0)

    def _put(self, amount: int) -> Budget:
        moved = replace(self, balance=self.balance + amount, total=self.total + amount)
        return replace(moved, warned=min(self.warned, moved._passed()))

    def _lend(self) -> Budget:
        """Give back what is left of the credit, and lend what the cap leaves."""
        if self.settings.mode is not BillingMode.PER_CYCLE:
            return replace(self._put(-self.unspent_credit), lent=0)
        room = self.room or 0
        return replace(self._put(room - self.unspent_credit), lent=room)

    def _woken(self) -> Budget:
        able = self.balance > 0 and self.room != 0
        if self.status is not BudgetStatus.EXHAUSTED or not able:
            return self
        return replace(self, status=BudgetStatus.ACTIVE)

    def _next(self) -> Budget:
        return replace(self, version=self.version + 1)
