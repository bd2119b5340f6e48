"""The pure rules: fees, cycles, double entry, budget states, retry delays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from weneeds.common.v1.action_pb2 import ActionType

from services.kit.errors import InvalidFields
from services.kit.money import decimal_text, to_micros, to_money
from services.payment.app.messages import type_name, type_number
from services.payment.domain import ledger
from services.payment.domain.actions import (
    MAX_TRIES,
    Action,
    ActionStatus,
    after_failure,
    retry_delay,
)
from services.payment.domain.budget_views import unlimited_view, view
from services.payment.domain.budgets import Budget, BudgetStatus
from services.payment.domain.cycles import cycle_start
from services.payment.domain.errors import BudgetState
from services.payment.domain.fees import Price, is_card_amount
from services.payment.domain.prices import BEGINNING, DatedPrice, PriceBook
from services.payment.ports.prices import contract_prices

EURO = 1_000_000
NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
JOB = "0197a000-0000-7000-8000-000000000001"
amounts = st.integers(1, 100_000 * EURO)


def _book() -> PriceBook:
    return PriceBook(DatedPrice(name, BEGINNING, one) for name, one in contract_prices().items())


@given(st.integers(0, 100))
def test_a_point_is_a_cent_exactly(score: int) -> None:
    fee = _book().fee("APPLICATION_RECEIVED", score, NOW)
    assert Decimal(decimal_text(fee)) == Decimal(score) / 100


def test_no_score_is_67_points_and_a_score_of_0_is_free() -> None:
    prices = _book()
    assert prices.fee("APPLICATION_RECEIVED", None, NOW) == 670_000
    assert prices.fee("APPLICATION_RECEIVED", 0, NOW) == 0


@pytest.mark.parametrize("score", [35, 41, 47, 57, 69, 70, 82])
def test_scores_that_floats_get_wrong(score: int) -> None:
    assert decimal_text(_book().fee("APPLICATION_RECEIVED", score, NOW)) == f"0.{score}"


def test_fixed_prices_ignore_a_score_and_unknown_types_are_free() -> None:
    prices = _book()
    assert prices.fee("INTERVIEW_SUCCEEDED", 12, NOW) == EURO
    assert prices.fee("INTERVIEW_FAILED", None, NOW) == EURO // 2
    assert prices.fee("MEETING_SCHEDULED", None, NOW) == 0
    assert prices.fee("UNKNOWN_4711", 100, NOW) == 0


def test_the_price_in_force_counts() -> None:
    later = NOW + timedelta(days=1)
    book = PriceBook(
        [
            DatedPrice("INTERVIEW_FAILED", later, Price(2 * EURO)),
            DatedPrice("INTERVIEW_FAILED", BEGINNING, Price(EURO)),
        ]
    )
    assert book.fee("INTERVIEW_FAILED", None, NOW) == EURO
    assert book.fee("INTERVIEW_FAILED", None, later - timedelta(microseconds=1)) == EURO
    assert book.fee("INTERVIEW_FAILED", None, later) == 2 * EURO
    assert [line.valid_to for line in book.lines()] == [later, None]


def test_what_happened_before_all_prices_costs_the_first() -> None:
    book = PriceBook([DatedPrice("INTERVIEW_FAILED", NOW, Price(EURO))])
    assert book.fee("INTERVIEW_FAILED", None, NOW - timedelta(days=9000)) == EURO


@given(st.integers(0, 2**31 - 1))
def test_action_types_have_a_name_and_a_number(number: int) -> None:
    assert type_number(type_name(number)) == number


def test_every_type_of_the_contract_has_a_name() -> None:
    assert type_name(ActionType.ACTION_TYPE_INTERVIEW_FAILED) == "INTERVIEW_FAILED"


@given(st.integers(-(2**62), 2**62))
def test_money_survives_the_wire(micros: int) -> None:
    assert to_micros(to_money(micros)) == micros


@pytest.mark.parametrize(
    ("micros", "fine"),
    [
        (EURO, True),
        (100_000 * EURO, True),
        (12_340_000, True),
        (EURO - 10_000, False),
        (100_000 * EURO + 10_000, False),
        (EURO + 1, False),
        (0, False),
        (-5 * EURO, False),
    ],
)
def test_card_amounts_are_whole_cents_within_bounds(micros: int, fine: bool) -> None:
    assert is_card_amount(micros) is fine


@given(amounts)
def test_transactions_add_up_to_zero(amount: int) -> None:
    for transaction in (
        ledger.funding("r", JOB, amount, "pm_card_visa", "ch_1"),
        ledger.fee("action:X:1", JOB, amount, ""),
    ):
        assert sum(line.amount for line in transaction.lines) == 0


@given(st.lists(st.integers(-5, 5), max_size=4))
def test_what_is_no_double_entry_is_refused(values: list[int]) -> None:
    lines = tuple(ledger.Line(f"account:{i}", value) for i, value in enumerate(values))
    sound = len(values) >= 2 and all(values) and sum(values) == 0
    if sound:
        assert ledger.Transaction("key", lines).lines == lines
        return
    with pytest.raises(ledger.Unbalanced):
        ledger.Transaction("key", lines)


def test_two_lines_on_one_account_are_refused() -> None:
    with pytest.raises(ledger.Unbalanced):
        ledger.Transaction("key", (ledger.Line("a", 1), ledger.Line("a", -1)))


def test_the_hash_tells_requests_apart_and_not_their_charges() -> None:
    first = ledger.funding("r", JOB, EURO, "pm_card_visa", "ch_1").request_hash
    assert first == ledger.funding("r", JOB, EURO, "pm_card_visa", "ch_2").request_hash
    assert first != ledger.funding("r", JOB, 2 * EURO, "pm_card_visa", "ch_1").request_hash
    assert first != ledger.funding("r", JOB, EURO, "pm_card_mastercard", "ch_1").request_hash


@given(st.lists(st.text(max_size=3), max_size=3), st.lists(st.text(max_size=3), max_size=3))
def test_fingerprints_do_not_run_together(one: list[str], other: list[str]) -> None:
    assert (ledger.fingerprint(*one) == ledger.fingerprint(*other)) == (one == other)


@pytest.mark.parametrize(
    ("instant", "start"),
    [
        ("2026-03-15T12:00+00:00", "2026-02-28T23:00+00:00"),
        # The clocks go forward on 29 March: April begins in summer time.
        ("2026-03-31T22:30+00:00", "2026-03-31T22:00+00:00"),
        ("2026-03-31T21:59+00:00", "2026-02-28T23:00+00:00"),
        ("2026-10-31T22:59+00:00", "2026-09-30T22:00+00:00"),
        ("2026-10-31T23:00+00:00", "2026-10-31T23:00+00:00"),
        ("2028-02-29T12:00+00:00", "2028-01-31T23:00+00:00"),
        ("2026-12-31T23:00+00:00", "2026-12-31T23:00+00:00"),
    ],
)
def test_billing_cycles_are_months_in_paris(instant: str, start: str) -> None:
    assert cycle_start(datetime.fromisoformat(instant)) == datetime.fromisoformat(start)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))
def test_an_instant_lies_in_its_cycle(instant: datetime) -> None:
    start = cycle_start(instant)
    assert start <= instant
    assert instant - start < timedelta(days=31, hours=1)
    assert cycle_start(start) == start
    assert cycle_start(start - timedelta(microseconds=1)) < start


def budget(status: BudgetStatus = BudgetStatus.ACTIVE, balance: int = 5 * EURO) -> Budget:
    paused_at = NOW if status is BudgetStatus.PAUSED else None
    opened = (
        Budget.opened(JOB, JOB, NOW).fund(balance, NOW) if balance else Budget.opened(JOB, JOB, NOW)
    )
    return replace(opened, status=status, paused_at=paused_at)


def test_pause_and_resume_are_idempotent() -> None:
    active = budget()
    paused = active.pause(NOW)
    assert (paused.status, paused.paused_at, paused.version) == (BudgetStatus.PAUSED, NOW, 2)
    assert paused.pause(NOW + timedelta(hours=1)) is paused
    resumed = paused.resume()
    assert (resumed.status, resumed.paused_at, resumed.version) == (BudgetStatus.ACTIVE, None, 3)
    assert resumed.resume() is resumed


def test_what_each_state_refuses() -> None:
    closed = budget(BudgetStatus.CLOSED)
    for step in (lambda: closed.fund(EURO, NOW), lambda: closed.pause(NOW), closed.resume):
        with pytest.raises(BudgetState) as refused:
            step()
        assert refused.value.metadata == {"status": "CLOSED"}
    with pytest.raises(BudgetState):
        budget(BudgetStatus.EXHAUSTED).resume()


def test_funding_wakes_an_exhausted_budget_and_no_paused_one() -> None:
    assert budget(BudgetStatus.EXHAUSTED).fund(EURO, NOW).status is BudgetStatus.ACTIVE
    assert budget(BudgetStatus.PAUSED).fund(EURO, NOW).status is BudgetStatus.PAUSED


def test_a_fee_that_does_not_fit_exhausts_an_active_budget_once() -> None:
    active = budget(balance=EURO)
    assert active.holds(EURO)
    assert active.miss(EURO) is active
    exhausted = active.miss(EURO + 1)
    assert exhausted.status is BudgetStatus.EXHAUSTED
    assert exhausted.miss(EURO + 1) is exhausted
    assert not exhausted.holds(1)
    paused = budget(BudgetStatus.PAUSED)
    assert paused.miss(99 * EURO) is paused


def test_has_budget_is_any_money_at_all() -> None:
    assert view(budget(balance=10_000), NOW).has_budget
    assert not view(budget(balance=0), NOW).has_budget
    assert not view(budget(BudgetStatus.PAUSED), NOW).active


def test_the_cycle_rolls_with_the_clock() -> None:
    shown = view(budget(), NOW + timedelta(days=31))
    assert shown.cycle_starts_at == datetime(2026, 3, 31, 22, tzinfo=UTC)


def test_premium_shows_an_unlimited_active_budget() -> None:
    shown = unlimited_view(JOB, budget(BudgetStatus.PAUSED), NOW)
    assert (shown.balance, shown.status, shown.active, shown.has_budget, shown.unlimited) == (
        999_999 * EURO,
        BudgetStatus.ACTIVE,
        True,
        True,
        True,
    )
    assert shown.paused_at is None
    assert unlimited_view(JOB, None, NOW).total == 0


@given(st.integers(1, 1000), st.uuids().map(str))
def test_retry_delays_double_up_to_an_hour_and_spread(tries: int, seed: str) -> None:
    delay = retry_delay(tries, seed)
    plain = min(timedelta(minutes=2 ** min(tries - 1, 10)), timedelta(hours=1))
    assert plain <= delay <= plain * 5 / 4
    assert delay == retry_delay(tries, seed)


def test_the_last_failure_gives_up() -> None:
    assert after_failure(MAX_TRIES - 1, "a", "X", NOW).status is ActionStatus.PENDING
    assert after_failure(MAX_TRIES, "a", "X", NOW).status is ActionStatus.FAILED


def test_an_action_wants_ids_and_a_score_in_bounds() -> None:
    with pytest.raises(InvalidFields) as refused:
        Action("X", "job", "company", "application", -1, "r" * 65, "recruiter", "user")
    assert [field for field, _ in refused.value.violations] == [
        "job_id",
        "company_id",
        "application_id",
        "recruiter_id",
        "user_id",
        "matching_score",
        "receipt_id",
    ]
