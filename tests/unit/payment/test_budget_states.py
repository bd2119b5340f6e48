"""The budget's state machine, its cap, its warnings and its credit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.errors import InvalidFields
from services.payment.domain.budgets import Budget, BudgetStatus
from services.payment.domain.cycles import CycleKind
from services.payment.domain.errors import BalanceTooLow, BudgetState
from services.payment.domain.settings import BillingMode, BudgetSettings, TopUp

EURO = 1_000_000
NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
LATER = datetime(2026, 4, 1, tzinfo=UTC)
JOB = "0197a000-0000-7000-8000-000000000001"
ACTIVE, PAUSED, EXHAUSTED, CLOSED = BudgetStatus
PER_CYCLE = BudgetSettings(mode=BillingMode.PER_CYCLE, cap=10 * EURO)

STEPS: dict[str, Callable[[Budget], Budget]] = {
    "fund": lambda budget: budget.fund(EURO, NOW),
    "pause": lambda budget: budget.pause(NOW),
    "resume": lambda budget: budget.resume(),
    "debit": lambda budget: budget.debit(EURO, NOW),
    "miss": lambda budget: budget.miss(6 * EURO),
    "give": lambda budget: budget.adjust(EURO),
    "take": lambda budget: budget.adjust(-EURO),
    "configure": lambda budget: budget.configure(BudgetSettings(), NOW)[0],
    "roll": lambda budget: budget.roll(LATER),
    "stop top-ups": lambda budget: budget.stop_top_ups("expired_card"),
    "close": lambda budget: budget.close(),
}
# Where each step leads from each state, with 5 EUR in the budget. None: refused.
TABLE: dict[str, dict[BudgetStatus, BudgetStatus | None]] = {
    "fund": {ACTIVE: ACTIVE, PAUSED: PAUSED, EXHAUSTED: ACTIVE, CLOSED: None},
    "pause": {ACTIVE: PAUSED, PAUSED: PAUSED, EXHAUSTED: PAUSED, CLOSED: None},
    "resume": {ACTIVE: ACTIVE, PAUSED: ACTIVE, EXHAUSTED: None, CLOSED: None},
    "debit": {ACTIVE: ACTIVE, PAUSED: None, EXHAUSTED: None, CLOSED: None},
    "miss": {ACTIVE: EXHAUSTED, PAUSED: PAUSED, EXHAUSTED: EXHAUSTED, CLOSED: CLOSED},
    "give": {ACTIVE: ACTIVE, PAUSED: PAUSED, EXHAUSTED: ACTIVE, CLOSED: None},
    "take": {ACTIVE: ACTIVE, PAUSED: PAUSED, EXHAUSTED: EXHAUSTED, CLOSED: None},
    "configure": {ACTIVE: ACTIVE, PAUSED: PAUSED, EXHAUSTED: ACTIVE, CLOSED: None},
    "roll": {ACTIVE: ACTIVE, PAUSED: PAUSED, EXHAUSTED: ACTIVE, CLOSED: CLOSED},
    "stop top-ups": {ACTIVE: ACTIVE, PAUSED: PAUSED, EXHAUSTED: EXHAUSTED, CLOSED: CLOSED},
    "close": {ACTIVE: CLOSED, PAUSED: CLOSED, EXHAUSTED: CLOSED, CLOSED: CLOSED},
}


def budget(status: BudgetStatus = ACTIVE, balance: int = 5 * EURO) -> Budget:
    opened = replace(Budget.opened(JOB, JOB, NOW), balance=balance, total=balance)
    return replace(opened, status=status, paused_at=NOW if status is PAUSED else None)


@pytest.mark.parametrize("status", BudgetStatus)
@pytest.mark.parametrize("step", STEPS)
def test_every_transition(step: str, status: BudgetStatus) -> None:
    before, expected = budget(status), TABLE[step][status]
    if expected is None:
        with pytest.raises(BudgetState) as refused:
            STEPS[step](before)
        assert refused.value.metadata == {"status": status.value}
        return
    after = STEPS[step](before)
    assert after.status is expected
    assert (after.paused_at is not None) == (expected is PAUSED)
    # A change is the next version; no change is the same budget.
    assert after.version == before.version + (after is not before)
    assert after.total >= after.balance >= 0


def test_the_table_has_every_step_and_state() -> None:
    assert set(TABLE) == set(STEPS)
    assert all(set(row) == set(BudgetStatus) for row in TABLE.values())


def test_closing_empties() -> None:
    closed = budget().debit(2 * EURO, NOW).close()
    assert (closed.balance, closed.total, closed.lent) == (0, 2 * EURO, 0)
    assert closed.close() is closed


def test_an_adjustment_never_goes_below_zero() -> None:
    assert budget().adjust(-5 * EURO).balance == 0
    with pytest.raises(BalanceTooLow):
        budget().adjust(-5 * EURO - 1)


def test_funding_does_not_wake_what_the_cap_holds() -> None:
    capped = replace(budget(EXHAUSTED), settings=BudgetSettings(cap=EURO), cycle_spent=EURO)
    assert capped.fund(EURO, NOW).status is EXHAUSTED
    assert capped.roll(LATER).status is ACTIVE


@given(
    st.integers(1, 50).map(lambda euros: euros * EURO),
    st.lists(st.integers(1, 3 * EURO), max_size=60),
    st.booleans(),
)
def test_fees_of_a_cycle_stay_under_the_cap(cap: int, fees: list[int], lent: bool) -> None:
    mode = BillingMode.PER_CYCLE if lent else BillingMode.PREPAID
    held, _ = budget(balance=40 * EURO).configure(BudgetSettings(mode=mode, cap=cap), NOW)
    spent = 0
    for fee in fees:
        if held.holds(fee):
            held = held.debit(fee, NOW)
            spent += fee
    assert held.cycle_spent == spent <= cap
    assert held.total - held.balance == spent
    rolled = held.roll(LATER)
    assert rolled.cycle_spent == 0
    # What is not lent to it is what it had: credit and money do not mix.
    assert rolled.unspent_credit == (cap if lent else 0)


def test_thresholds_warn_once_each_and_again_after_funding() -> None:
    held, warned = budget(balance=10 * EURO), []
    for _ in range(10):
        held, percent = held.debit(EURO, NOW).warn()
        warned.append(percent)
    assert warned == [0, 0, 0, 0, 0, 0, 0, 80, 0, 95]
    held = held.fund(10 * EURO, NOW)
    assert held.warn()[1] == 0
    held, percent = held.debit(6 * EURO, NOW).warn()
    assert percent == 80


def test_one_fee_over_two_thresholds_warns_of_the_higher() -> None:
    held, percent = budget(balance=10 * EURO).debit(10 * EURO, NOW).warn()
    assert (percent, held.warned) == (95, 95)


def test_a_cycle_warns_anew_of_a_cap_and_not_of_old_money() -> None:
    capped, _ = budget(balance=20 * EURO).configure(BudgetSettings(cap=5 * EURO), NOW)
    capped, percent = capped.debit(4 * EURO, NOW).warn()
    assert percent == 80
    assert capped.roll(LATER).debit(4 * EURO, LATER).warn()[1] == 80
    plain, percent = budget().debit(4 * EURO, NOW).warn()
    assert percent == 80
    assert plain.roll(LATER).debit(1, LATER).warn()[1] == 0


def test_billing_per_cycle_lends_the_cap_and_frees_own_money() -> None:
    changed, freed = budget().debit(EURO, NOW).configure(PER_CYCLE, NOW)
    # A euro of this cycle is spent already, and counts.
    assert (freed, changed.balance, changed.lent) == (4 * EURO, 9 * EURO, 9 * EURO)
    assert changed.settings_version == 2
    used = changed.debit(2 * EURO, NOW)
    assert (used.lent - used.unspent_credit, used.total) == (2 * EURO, 10 * EURO)
    back, freed = used.configure(BudgetSettings(), NOW)
    assert (freed, back.balance, back.lent, back.total) == (0, 0, 0, 3 * EURO)


def test_a_gift_is_spent_before_the_credit() -> None:
    lent, _ = budget(balance=0).configure(PER_CYCLE, NOW)
    given_two = lent.adjust(2 * EURO).debit(3 * EURO, NOW)
    assert given_two.lent - given_two.unspent_credit == EURO
    assert given_two.roll(LATER).balance == 10 * EURO


def test_top_ups_are_wanted_below_the_trigger_until_they_stop() -> None:
    settings = BudgetSettings(top_up=TopUp(10 * EURO, 2 * EURO, 20 * EURO))
    held, _ = budget().configure(settings, NOW)
    assert not held.debit(3 * EURO, NOW).wants_top_up
    low = held.debit(4 * EURO, NOW)
    assert low.wants_top_up
    # A fee that does not fit wants more, unless it is the cap that it does not fit under.
    assert held.miss(6 * EURO).wants_top_up
    capped = replace(held, settings=replace(settings, cap=EURO), status=EXHAUSTED)
    assert not capped.wants_top_up
    assert not low.pause(NOW).wants_top_up
    stopped = low.stop_top_ups("insufficient_funds")
    assert not stopped.wants_top_up
    assert stopped.configure(settings, NOW)[0].wants_top_up


def test_a_change_of_the_cycle_ends_the_running_one_at_the_next_boundary() -> None:
    yearly = BudgetSettings(cycle_kind=CycleKind.ANNIVERSARY)
    changed, _ = budget().configure(yearly, NOW + timedelta(days=10))
    assert changed.cycle_starts_at == datetime(2026, 2, 28, 23, tzinfo=UTC)
    # Opened on the 15th: the next one begins on 15 April, in summer time.
    assert changed.cycle_ends_at == datetime(2026, 4, 14, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"mode": BillingMode.PER_CYCLE}, "settings.monthly_cap"),
        ({"cap": EURO + 1}, "settings.monthly_cap"),
        ({"warn_at": (95, 80)}, "settings.warn_at_percent"),
        ({"warn_at": (0, 80)}, "settings.warn_at_percent"),
        ({"warn_at": (1, 2, 3, 4, 5, 6)}, "settings.warn_at_percent"),
        ({"top_up": TopUp(EURO // 2, EURO, 5 * EURO)}, "settings.top_up.amount"),
        ({"top_up": TopUp(EURO, 5_000, 5 * EURO)}, "settings.top_up.trigger"),
        ({"top_up": TopUp(5 * EURO, EURO, 4 * EURO)}, "settings.top_up.monthly_cap"),
        (
            {
                "mode": BillingMode.PER_CYCLE,
                "cap": EURO,
                "top_up": TopUp(5 * EURO, EURO, 5 * EURO),
            },
            "settings.top_up",
        ),
    ],
)
def test_settings_that_do_not_fit(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        BudgetSettings(**wrong)  # type: ignore[arg-type]
    assert [name for name, _ in refused.value.violations] == [field]
