"""Holds and corrections: money that is set aside, and fees that are taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from weneeds.common.v1.action_pb2 import ACTION_TYPE_INTERVIEW_SUCCEEDED
from weneeds.jobs.events.v1.events_pb2 import OfferClosed

from services.kit.clock import FakeClock
from services.kit.errors import RequestIdReused, VersionConflict
from services.payment.domain.budgets import BudgetStatus
from services.payment.domain.errors import (
    BudgetState,
    HoldState,
    LedgerItemNotFound,
    NotReversible,
)
from services.payment.domain.holds import HoldStatus
from tests.mesh.payment.house import EURO, House

pytestmark = pytest.mark.mesh

_WEEK = timedelta(days=7)


async def _balances(house: House) -> dict[object, object]:
    rows = await house.rows("select name, balance from accounts where not shared")
    return {str(row["name"]).partition(":")[0]: row["balance"] for row in rows}


async def test_what_is_held_cannot_be_spent(house: House) -> None:
    job = await house.job()
    await house.fund(job, 2 * EURO)
    await house.holds.place("one", job.job_id, 3 * EURO // 2, _WEEK)
    await house.act(job, ACTION_TYPE_INTERVIEW_SUCCEEDED)
    budget = await house.budgets.get(job.job_id)
    assert (budget.balance, budget.status) == (EURO // 2, BudgetStatus.EXHAUSTED)
    assert await _balances(house) == {"budget": EURO // 2, "held": 3 * EURO // 2}
    assert (await house.verify()).sound


async def test_a_hold_is_taken_in_part_and_the_rest_goes_back(house: House) -> None:
    job = await house.job()
    await house.fund(job, 2 * EURO)
    await house.holds.place("one", job.job_id, EURO, _WEEK)
    hold = await house.holds.post("one", job.job_id, 300_000, "revenue:fees")
    assert (hold.status, hold.posted) == (HoldStatus.POSTED, 300_000)
    assert await house.holds.post("one", job.job_id, 300_000, "revenue:fees") == hold
    assert await _balances(house) == {"budget": 1_700_000, "held": 0}
    with pytest.raises(HoldState):
        await house.holds.void("one", job.job_id)
    assert (await house.verify()).sound


async def test_a_hold_is_given_back_once(house: House) -> None:
    job = await house.job()
    await house.fund(job, 2 * EURO)
    await house.holds.place("one", job.job_id, EURO, _WEEK)
    again = await house.holds.place("one", job.job_id, EURO, _WEEK)
    for _ in range(2):
        assert (await house.holds.void("one", job.job_id)).status is HoldStatus.VOIDED
    assert again.key == "one"
    assert await _balances(house) == {"budget": 2 * EURO, "held": 0}
    assert (await house.verify()).sound


async def test_a_key_holds_one_amount(house: House) -> None:
    job = await house.job()
    await house.fund(job, 2 * EURO)
    await house.holds.place("one", job.job_id, EURO, _WEEK)
    with pytest.raises(RequestIdReused):
        await house.holds.place("one", job.job_id, EURO + 1, _WEEK)
    with pytest.raises(BudgetState):
        await house.holds.place("two", job.job_id, EURO + 1, _WEEK)
    with pytest.raises(HoldState):
        await house.holds.void("three", job.job_id)
    assert (await house.verify()).sound


async def test_a_hold_expires(house: House) -> None:
    assert isinstance(house.clock, FakeClock)
    job = await house.job()
    await house.fund(job, 2 * EURO)
    await house.holds.place("one", job.job_id, 2 * EURO, _WEEK)
    house.clock.move(_WEEK - timedelta(seconds=1))
    await house.holds.expire()
    assert await _balances(house) == {"budget": 0, "held": 2 * EURO}
    house.clock.move(timedelta(seconds=1))
    await house.holds.expire()
    assert await _balances(house) == {"budget": 2 * EURO, "held": 0}
    with pytest.raises(HoldState):
        await house.holds.post("one", job.job_id, EURO, "revenue:fees")
    assert (await house.verify()).sound


async def test_a_fee_is_taken_back_once_and_cited(house: House) -> None:
    job = await house.job()
    await house.fund(job, EURO)
    application = await house.apply(job, 82)
    await house.act(job, ACTION_TYPE_INTERVIEW_SUCCEEDED)
    fee = str((await house.action(application))["transaction_id"])
    corrected = await house.rooms.corrections.reverse_fee(fee, "Candidature fictive")
    await house.pump.idle()
    # The money is back, and the interview that waited for it is charged.
    budget = await house.budgets.get(job.job_id)
    assert (budget.balance, budget.status) == (0, BudgetStatus.ACTIVE)
    story = await house.rooms.stories.tell(corrected)
    assert (story.stored.reverses, story.stored.note) == (fee, "Candidature fictive")
    assert (await house.rooms.stories.tell(fee)).stored.reversed_by == corrected
    for wrong in (fee, corrected):
        with pytest.raises(NotReversible):
            await house.rooms.corrections.reverse_fee(wrong, "again")
    assert (await house.verify()).sound


async def test_only_fees_are_taken_back(house: House) -> None:
    job = await house.job()
    await house.fund(job, EURO)
    [funding] = await house.rows("select id from ledger_transactions")
    with pytest.raises(NotReversible):
        await house.rooms.corrections.reverse_fee(str(funding["id"]), "no")
    with pytest.raises(LedgerItemNotFound):
        await house.rooms.corrections.reverse_fee(job.job_id, "no")


async def test_a_story_names_the_action_the_score_and_the_receipt(house: House) -> None:
    job = await house.job()
    await house.fund(job, 5 * EURO)
    application = await house.apply(job, 82)
    await house.sealer.run()
    action = await house.action(application)
    [entry] = await house.rows("select id from ledger_entries where account = 'revenue:fees'")
    told = [
        await house.rooms.stories.tell(str(item))
        for item in (action["id"], action["transaction_id"], entry["id"])
    ]
    assert told[0] == told[1] == told[2]
    stored = told[0].stored
    assert told[0].calculation == "82 points at 0.01 = 0.82"
    assert stored.receipt_id == action["receipt_id"]
    assert stored.action is not None
    assert stored.action.application_id == application
    assert stored.block == 1
    assert [line.amount for line in stored.lines] == [-820_000, 820_000]


async def test_a_closed_offer_gives_the_rest_back(house: House) -> None:
    job = await house.job()
    await house.fund(job, 5 * EURO)
    await house.apply(job, 100)
    await house.holds.place("one", job.job_id, 2 * EURO, _WEEK)
    event = OfferClosed(job_id=job.job_id, company_id=job.company_id, version=3)
    [consumer] = house.rooms.consumers()
    for _ in range(2):
        await consumer.handle(event)
    budget = await house.budgets.get(job.job_id)
    assert (budget.balance, budget.status) == (0, BudgetStatus.CLOSED)
    assert await _balances(house) == {"budget": 0, "held": 0, "company": 4 * EURO}
    assert (await house.verify()).sound


async def test_an_offer_closes_after_what_is_due_is_charged(house: House) -> None:
    job = await house.job()
    await house.fund(job, 5 * EURO)
    application = await house.log_only(job, 100)
    with pytest.raises(VersionConflict):
        await house.rooms.closing.offer_closed(job.job_id)
    await house.charges.retry()
    await house.rooms.closing.offer_closed(job.job_id)
    assert (await house.action(application))["status"] == "PROCESSED"
    assert (await _balances(house))["company"] == 4 * EURO


async def test_an_offer_without_a_budget_closes_too(house: House) -> None:
    job = await house.job()
    await house.rooms.closing.offer_closed(job.job_id)
    assert not await house.rows("select 1 as one from budgets")
