"""How a budget is billed, capped, watched and topped up. Amounts in micro-euros."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from services.kit.errors import InvalidFields
from services.payment.domain.cycles import CycleKind
from services.payment.domain.fees import MAX_FUNDING, MICROS_PER_CENT, MIN_FUNDING, is_card_amount

_MAX_WARNINGS = 5
_FULL = 100


class BillingMode(StrEnum):
    """When the company pays."""

    # Before: the budget holds what was paid in.
    PREPAID = "PREPAID"
    # After: the monthly cap is lent to the budget, and what was used is charged.
    PER_CYCLE = "PER_CYCLE"


@dataclass(frozen=True, slots=True)
class TopUp:
    """Pays `amount` in when less than `trigger` is left, up to `monthly_cap` a cycle."""

    amount: int
    trigger: int
    monthly_cap: int


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """What a company chose for the budget of a job.

    Raises InvalidFields, naming the fields of the request, for what does not fit together.
    """

    mode: BillingMode = BillingMode.PREPAID
    cycle_kind: CycleKind = CycleKind.CALENDAR_MONTH
    # The most that fees take in a cycle; None for no limit.
    cap: int | None = None
    # Percents of the cap (of all that was funded, without one) at which to warn, rising.
    warn_at: tuple[int, ...] = (80, 95)
    top_up: TopUp | None = None

    def __post_init__(self) -> None:
        wrong = [*self._limits(), *self._warnings(), *self._top_ups()]
        if wrong:
            raise InvalidFields(wrong)

    def _limits(self) -> Iterator[tuple[str, str]]:
        if self.mode is BillingMode.PER_CYCLE and self.cap is None:
            yield "settings.monthly_cap", "is required for billing per cycle"
        if self.cap is not None and not is_card_amount(self.cap):
            yield "settings.monthly_cap", "must be 1 to 100,000 euros in whole cents"

    def _warnings(self) -> Iterator[tuple[str, str]]:
        rising = all(a < b for a, b in zip(self.warn_at, self.warn_at[1:], strict=False))
        bounded = all(0 < percent <= _FULL for percent in self.warn_at)
        if not (rising and bounded and len(self.warn_at) <= _MAX_WARNINGS):
            yield "settings.warn_at_percent", "must be at most 5 rising percents from 1 to 100"

    def _top_ups(self) -> Iterator[tuple[str, str]]:
        top_up = self.top_up
        if top_up is None:
            return
        if self.mode is BillingMode.PER_CYCLE:
            yield "settings.top_up", "is for prepaid budgets"
        if not is_card_amount(top_up.amount):
            yield "settings.top_up.amount", "must be 1 to 100,000 euros in whole cents"
        if not 0 < top_up.trigger <= MAX_FUNDING or top_up.trigger % MICROS_PER_CENT:
            yield "settings.top_up.trigger", "must be 0.01 to 100,000 euros in whole cents"
        if not max(top_up.amount, MIN_FUNDING) <= top_up.monthly_cap <= MAX_FUNDING:
            yield (
                "settings.top_up.monthly_cap",
                "must be the amount at least, 100,000 euros at most",
            )
