"""Billing per cycle: credit, charges with floor and residue, crashes in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from weneeds.payment.events.v1.events_pb2 import CycleUnpaid

from services.payment.domain import accounts
from services.payment.domain.budgets import BudgetStatus
from services.payment.domain.charges import ChargeStatus
from services.payment.domain.cycles import CycleKind
from services.payment.domain.jobs import JobRef
from services.payment.domain.settings import BillingMode, BudgetSettings
from tests.mesh.payment.billing import THRESHOLD, Billing
from tests.mesh.payment.house import EURO

pytestmark = pytest.mark.mesh

PER_CYCLE = BudgetSettings(mode=BillingMode.PER_CYCLE, cap=10 * EURO)
APRIL = datetime(2026, 3, 31, 22, tzinfo=UTC)
MAY = datetime(2026, 4, 30, 22, tzinfo=UTC)


async def lent(billing: Billing, settings: BudgetSettings = PER_CYCLE) -> JobRef:
    """A job whose budget is billed per cycle."""
    job = await billing.house.job()
    await billing.set(job, settings)
    return job


async def test_a_cycle_is_charged_at_its_end_and_the_cap_is_lent_again(billing: Billing) -> None:
    job = await lent(billing)
    await billing.apply(job, 80, 67)
    assert (await billing.wallets.get(job.company_id)).owed == 1_470_000
    await billing.at(APRIL - timedelta(seconds=1))
    assert not billing.desk.charged
    await billing.at(APRIL)
    [charge] = billing.desk.charged.values()
    assert (charge.order.amount, charge.order.company_id) == (1_470_000, job.company_id)
    budget = await billing.budget(job)
    assert (budget.balance, budget.cycle_spent, budget.cycle_starts_at) == (10 * EURO, 0, APRIL)
    assert (await billing.wallets.get(job.company_id)).owed == 0
    assert await billing.balance(accounts.receivable(job.company_id)) == -10 * EURO
    assert await billing.balance(accounts.CLEARING) == -1_470_000
    await billing.at(APRIL + timedelta(minutes=1))
    assert len(billing.desk.charged) == 1
    await billing.sound()


async def test_what_is_below_the_floor_is_carried_into_the_next_cycle(billing: Billing) -> None:
    job = await lent(billing)
    await billing.apply(job, 49)
    await billing.at(APRIL)
    assert not billing.desk.charged
    await billing.apply(job, 1)
    await billing.at(MAY)
    [charge] = billing.desk.charged.values()
    assert charge.order.amount == 500_000
    await billing.sound()


async def test_what_is_below_a_cent_stays_owed(billing: Billing) -> None:
    job = await lent(billing)
    await billing.house.execute(
        "insert into prices (action_type, valid_from, fixed_micros, micros_per_point, "
        "default_points) values ('MEETING_SCHEDULED', '2020-01-01', 777777, 0, 0)"
    )
    from weneeds.common.v1.action_pb2 import ACTION_TYPE_MEETING_SCHEDULED

    await billing.house.act(job, ACTION_TYPE_MEETING_SCHEDULED)
    await billing.at(APRIL)
    [charge] = billing.desk.charged.values()
    assert charge.order.amount == 770_000
    assert (await billing.wallets.get(job.company_id)).owed == 7_777
    await billing.sound()


async def test_who_owes_the_threshold_is_charged_within_the_cycle(billing: Billing) -> None:
    job = await lent(billing, replace(PER_CYCLE, cap=200 * EURO))
    await billing.apply(job, *[100] * 49)
    await billing.cycles.run()
    assert not billing.desk.charged
    await billing.apply(job, 100, 30)
    await billing.cycles.run()
    [charge] = billing.desk.charged.values()
    assert charge.order.amount == THRESHOLD + 300_000
    # The cap counts what was charged already.
    assert (await billing.budget(job)).cycle_spent == THRESHOLD + 300_000
    await billing.sound()


async def test_no_fee_goes_over_the_cap_and_none_is_lost(billing: Billing) -> None:
    job = await lent(billing, replace(PER_CYCLE, cap=2 * EURO))
    await billing.apply(job, 90, 90, 90)
    budget = await billing.budget(job)
    assert (budget.status, budget.cycle_spent) == (BudgetStatus.EXHAUSTED, 1_800_000)
    await billing.sound()
    await billing.at(APRIL)
    budget = await billing.budget(job)
    # The application that came in too late is charged in the next cycle.
    assert (budget.status, budget.cycle_spent) == (BudgetStatus.ACTIVE, 900_000)
    assert [charge.order.amount for charge in billing.desk.charged.values()] == [1_800_000]
    await billing.sound()


async def test_a_prepaid_cap_holds_too(billing: Billing) -> None:
    job = await billing.house.job()
    await billing.fund(job, 20 * EURO)
    await billing.set(job, BudgetSettings(cap=EURO))
    await billing.apply(job, 60, 60)
    assert (await billing.budget(job)).cycle_spent == 600_000
    await billing.at(APRIL)
    assert (await billing.budget(job)).cycle_spent == 600_000
    assert (await billing.budget(job)).balance == 20 * EURO - 1_200_000
    await billing.sound()


@pytest.mark.parametrize("answer", ["expired_card", "asks"])
async def test_a_decline_pauses_and_tells_and_is_tried_again(billing: Billing, answer: str) -> None:
    job = await lent(billing)
    await billing.apply(job, 80)
    billing.desk.answers.append(answer)
    await billing.at(APRIL)
    assert (await billing.budget(job)).status is BudgetStatus.PAUSED
    [told] = await billing.house.published(CycleUnpaid)
    assert isinstance(told, CycleUnpaid)
    assert (told.company_id, told.reason) == (
        job.company_id,
        "authentication_required" if answer == "asks" else answer,
    )
    assert (await billing.wallets.get(job.company_id)).owed == 800_000
    await billing.at(APRIL + timedelta(minutes=1))
    assert len(billing.desk.charged) == 1
    # The application that comes in meanwhile is not lost.
    await billing.apply(job, 70)
    if answer == "asks":
        [key] = billing.desk.charged
        await billing.desk.end(key)
        assert (await billing.wallets.get(job.company_id)).owed == 0
    await billing.at(MAY)
    amounts = [charge.order.amount for charge in billing.desk.charged.values()]
    assert amounts == ([800_000] if answer == "asks" else [800_000, 800_000])
    assert (await billing.wallets.get(job.company_id)).owed == 0
    await billing.house.budgets.resume(job.job_id)
    await billing.idle()
    assert (await billing.budget(job)).cycle_spent == 700_000
    await billing.sound()


async def test_a_crash_between_charge_and_books_charges_once(billing: Billing) -> None:
    job = await lent(billing)
    await billing.apply(job, 80)
    billing.desk.answers.append("cut")
    await billing.at(APRIL)
    [key] = billing.desk.charged
    assert (await billing.wallets.get(job.company_id)).owed == 800_000
    # The next run asks under the same key, and the webhook says how it ended.
    await billing.at(APRIL + timedelta(minutes=1))
    await billing.desk.end(key, ChargeStatus.SUCCEEDED)
    await billing.at(APRIL + timedelta(minutes=2))
    assert list(billing.desk.charged) == [key]
    assert (await billing.wallets.get(job.company_id)).owed == 0
    await billing.sound()


async def test_a_crash_before_the_charge_is_taken_up(billing: Billing) -> None:
    job = await lent(billing)
    await billing.apply(job, 80)
    billing.clock.move(APRIL - billing.clock.now())
    await billing.cycles.roll(job.job_id)
    assert not billing.desk.charged
    await billing.cycles.run()
    assert [charge.order.amount for charge in billing.desk.charged.values()] == [800_000]
    await billing.sound()


async def test_runs_at_once_roll_and_charge_once(billing: Billing) -> None:
    jobs = [await lent(billing) for _ in range(3)]
    for job in jobs:
        await billing.apply(job, 80)
    billing.clock.move(APRIL - billing.clock.now())
    await asyncio.gather(*(billing.cycles.run() for _ in range(3)))
    await billing.cycles.run()
    charged = sorted(charge.order.company_id for charge in billing.desk.charged.values())
    assert charged == sorted(job.company_id for job in jobs)
    for job in jobs:
        assert (await billing.budget(job)).balance == 10 * EURO
    await billing.sound()


async def test_a_missed_month_is_one_roll(billing: Billing) -> None:
    job = await lent(billing)
    await billing.apply(job, 80)
    await billing.at(MAY + timedelta(days=3))
    budget = await billing.budget(job)
    assert (budget.cycle_starts_at, budget.balance) == (MAY, 10 * EURO)
    assert len(billing.desk.charged) == 1
    await billing.sound()


async def test_an_anniversary_rolls_on_its_day(billing: Billing) -> None:
    await billing.at(datetime(2026, 8, 31, 10, tzinfo=UTC))
    job = await lent(billing, replace(PER_CYCLE, cycle_kind=CycleKind.ANNIVERSARY))
    starts = []
    for day in range(1, 64):
        await billing.at(datetime(2026, 8, 31, 10, tzinfo=UTC) + timedelta(days=day))
        starts.append((await billing.budget(job)).cycle_starts_at.isoformat())
    # The 31st: the last day of September, then 31 October, after the clocks went back.
    assert list(dict.fromkeys(starts)) == [
        "2026-07-31T22:00:00+00:00",
        "2026-09-29T22:00:00+00:00",
        "2026-10-30T23:00:00+00:00",
    ]
    await billing.sound()


async def test_leaving_the_cycle_collects_what_is_owed(billing: Billing) -> None:
    job = await lent(billing)
    await billing.apply(job, 80)
    await billing.set(job, BudgetSettings())
    assert (await billing.budget(job)).balance == 0
    await billing.cycles.run()
    assert [charge.order.amount for charge in billing.desk.charged.values()] == [800_000]
    await billing.sound()
