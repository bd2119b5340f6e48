"""Charges: each action exactly once, whatever happens in between."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

import pytest
from weneeds.common.v1.action_pb2 import (
    ACTION_TYPE_APPLICATION_RECEIVED,
    ACTION_TYPE_INTERVIEW_FAILED,
    ACTION_TYPE_INTERVIEW_SUCCEEDED,
    ACTION_TYPE_MEETING_SCHEDULED,
    ActionType,
)
from weneeds.jobs.events.v1.events_pb2 import ActionPerformed
from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1.mail_pb2 import (
    MAIL_TYPE_APPLICATION_RECEIVED,
    MAIL_TYPE_BUDGET_EXHAUSTED,
)
from weneeds.payment.events.v1.events_pb2 import ActionGivenUp, BudgetExhausted, FeeCharged

from services.kit.errors import InvalidFields, RequestIdReused
from services.payment.app.charges import Report
from services.payment.app.stores import DueAction, Posted
from services.payment.domain.actions import MAX_TRIES
from services.payment.domain.budgets import BudgetStatus
from services.payment.domain.ledger import fee
from tests.mesh.payment.house import EURO, House, application

pytestmark = pytest.mark.mesh


@pytest.mark.parametrize(
    ("score", "fee"), [(80, 800_000), (100, EURO), (0, 0), (None, 670_000), (82, 820_000)]
)
async def test_an_application_costs_a_cent_a_point(
    house: House, score: int | None, fee: int
) -> None:
    job = await house.job()
    await house.fund(job)
    row = await house.action(await house.apply(job, score))
    assert (row["status"], row["amount"], row["retry_count"]) == ("PROCESSED", fee, 0)
    assert (await house.budgets.get(job.job_id)).balance == 10 * EURO - fee
    assert (row["transaction_id"] is not None) == (fee > 0)
    assert (await house.verify()).sound


@pytest.mark.parametrize(
    ("action", "fee"),
    [
        (ACTION_TYPE_INTERVIEW_SUCCEEDED, EURO),
        (ACTION_TYPE_INTERVIEW_FAILED, EURO // 2),
        (ACTION_TYPE_MEETING_SCHEDULED, 0),
        (ActionType.ValueType(4711), 0),
    ],
)
async def test_other_actions_have_fixed_prices_or_none(
    house: House, action: ActionType.ValueType, fee: int
) -> None:
    job = await house.job()
    await house.fund(job)
    row = await house.action(await house.act(job, action))
    assert (row["status"], row["amount"]) == ("PROCESSED", fee)
    assert (await house.budgets.get(job.job_id)).balance == 10 * EURO - fee


async def test_the_action_is_written_down_before_it_is_charged(house: House) -> None:
    job = await house.job()
    await house.fund(job)
    row = await house.action(await house.log_only(job))
    assert (row["status"], row["retry_count"], row["amount"]) == ("PENDING", 0, 800_000)
    assert row["created_at"] == house.clock.now()
    assert (await house.budgets.get(job.job_id)).balance == 10 * EURO
    assert await house.published(FeeCharged) == []


async def test_a_crash_between_log_and_charge_is_made_good_by_the_minute_job(house: House) -> None:
    job = await house.job()
    await house.fund(job)
    applied = await house.log_only(job)
    assert await house.charges.retry() == Report(processed=1)
    assert (await house.action(applied))["processed_at"] == house.clock.now()
    assert await house.charges.retry() == Report()
    assert (await house.budgets.get(job.job_id)).balance == 10 * EURO - 800_000


async def test_duplicate_events_charge_once(house: House) -> None:
    job = await house.job()
    await house.fund(job)
    event = application(job, 80)
    for _ in range(3):
        await house.events.application_received(event)
    await house.pump.idle()
    assert len(await house.published(FeeCharged)) == 1
    assert (await house.budgets.get(job.job_id)).balance == 10 * EURO - 800_000


async def test_another_action_under_the_same_key_is_refused(house: House) -> None:
    job = await house.job()
    await house.fund(job)
    applied = await house.apply(job, 80)
    with pytest.raises(RequestIdReused):
        await house.apply(job, 90, applied)
    assert (await house.action(applied))["amount"] == 800_000


async def test_malformed_events_are_refused(house: House) -> None:
    job = await house.job()
    with pytest.raises(InvalidFields):
        await house.apply(job, 101)
    with pytest.raises(InvalidFields):
        await house.apply(job, 80, "not-a-uuid")
    with pytest.raises(InvalidFields):
        await house.act(job, ACTION_TYPE_APPLICATION_RECEIVED)
    with pytest.raises(InvalidFields):
        await house.events.action_performed(ActionPerformed(job_id=job.job_id))
    assert await house.rows("select 1 from action_log") == []


async def test_the_recruiter_reads_score_fee_and_balance(house: House) -> None:
    job = await house.job()
    await house.fund(job)
    applied = await house.apply(job, 82)
    [mail] = await house.published(MailSend)
    assert isinstance(mail, MailSend)
    assert mail.recipient_user_id == job.recruiter_id
    assert mail.type == MAIL_TYPE_APPLICATION_RECEIVED
    assert dict(mail.variables) == {
        "job_id": job.job_id,
        "job_title": "Data engineer",
        "application_id": applied,
        "score": "82",
        "fee": "0.82",
        "balance": "9.18",
    }
    [event] = await house.published(FeeCharged)
    assert isinstance(event, FeeCharged)
    row = await house.action(applied)
    assert event.transaction_id == row["transaction_id"]
    assert event.receipt_id == row["receipt_id"]
    assert (event.amount.units, event.amount.nanos) == (0, 820_000_000)


async def test_interviews_send_no_mail(house: House) -> None:
    job = await house.job()
    await house.fund(job)
    await house.act(job, ACTION_TYPE_INTERVIEW_SUCCEEDED)
    assert await house.published(MailSend) == []
    assert len(await house.published(FeeCharged)) == 1


async def test_an_empty_budget_keeps_the_application_until_it_is_funded(house: House) -> None:
    job = await house.job()
    await house.fund(job, EURO)
    first, second, third = [await house.apply(job, 60) for _ in range(3)]
    assert (await house.action(first))["status"] == "PROCESSED"
    for waiting in (second, third):
        row = await house.action(waiting)
        assert (row["status"], row["waits_for"], row["retry_count"]) == (
            "PENDING",
            "BUDGET_EXHAUSTED",
            0,
        )
    budget = await house.budgets.get(job.job_id)
    assert (budget.status, budget.balance) == (BudgetStatus.EXHAUSTED, 400_000)
    assert len(await house.published(BudgetExhausted)) == 1
    mails = [m.type for m in await house.published(MailSend) if isinstance(m, MailSend)]
    assert mails.count(MAIL_TYPE_BUDGET_EXHAUSTED) == 1

    await house.fund(job, 5 * EURO)
    for waiting in (second, third):
        assert (await house.action(waiting))["status"] == "PROCESSED"
    budget = await house.budgets.get(job.job_id)
    assert (budget.status, budget.balance) == (BudgetStatus.ACTIVE, 6 * EURO - 3 * 600_000)
    assert (await house.verify()).sound


async def test_waiting_actions_are_no_work_for_the_minute_job(house: House) -> None:
    job = await house.job()
    await house.apply(job)
    house.clock.move(timedelta(days=3))  # type: ignore[attr-defined]
    assert await house.charges.retry() == Report()


async def test_a_funding_that_dies_before_the_charges_is_made_good(house: House) -> None:
    job = await house.job()
    applied = await house.apply(job)
    assert (await house.action(applied))["waits_for"] == "NO_BUDGET"
    house.dead = True
    await house.fund(job)
    assert (await house.action(applied))["status"] == "PENDING"
    assert (await house.charges.retry()).processed == 1


async def test_a_paused_budget_waits_and_a_free_action_does_not(house: House) -> None:
    job = await house.job()
    await house.fund(job)
    await house.budgets.pause(job.job_id)
    waiting, free = await house.apply(job, 50), await house.apply(job, 0)
    assert (await house.action(waiting))["waits_for"] == "BUDGET_PAUSED"
    assert (await house.action(free))["status"] == "PROCESSED"
    await house.budgets.resume(job.job_id)
    await house.pump.idle()
    assert (await house.action(waiting))["status"] == "PROCESSED"


async def test_a_premium_job_is_never_debited_and_never_waits(house: House) -> None:
    job = await house.job(premium=True)
    applied = await house.apply(job, 80)
    row = await house.action(applied)
    assert (row["status"], row["amount"], row["transaction_id"]) == ("PROCESSED", 800_000, None)
    assert await house.published(FeeCharged) == []
    [mail] = await house.published(MailSend)
    assert isinstance(mail, MailSend)
    assert mail.variables["fee"] == "0.00"


async def test_what_waited_goes_through_once_the_job_is_premium(house: House) -> None:
    job = await house.job()
    applied = await house.apply(job)
    await house.premium(job)
    assert (await house.action(applied))["status"] == "PROCESSED"


async def test_many_charges_at_once_neither_lose_nor_double(house: House) -> None:
    job = await house.job()
    await house.fund(job, 20 * EURO)
    applied = [await house.log_only(job, 80) for _ in range(40)]
    rows = await house.rows("select id from action_log")
    due = [DueAction(str(row["id"]), job.job_id) for row in rows]
    # Each action is tried by three runners at the same time.
    await asyncio.gather(*(house.charges.process([item]) for item in [*due, *due, *due]))
    await house.charges.retry()
    statuses = [(await house.action(one))["status"] for one in applied]
    assert statuses.count("PROCESSED") == 25
    assert statuses.count("PENDING") == 15
    budget = await house.budgets.get(job.job_id)
    assert (budget.balance, budget.status) == (0, BudgetStatus.EXHAUSTED)
    assert len(await house.published(FeeCharged)) == 25
    assert len(await house.published(BudgetExhausted)) == 1
    assert (await house.verify()).sound


async def test_the_minute_job_takes_fifty_a_run_oldest_first(house: House) -> None:
    job = await house.job()
    await house.fund(job, 200 * EURO)
    applied = []
    for _ in range(120):
        applied.append(await house.log_only(job))
        house.clock.move(timedelta(milliseconds=1))  # type: ignore[attr-defined]
    runs = [await house.charges.retry() for _ in range(4)]
    assert [run.processed for run in runs] == [50, 50, 20, 0]
    order = await house.rows(
        """
        select action.application_id from ledger_entries entry
        join action_log action on action.transaction_id = entry.transaction_id
        where entry.account = 'revenue:fees' order by entry.seq
        """
    )
    assert [row["application_id"] for row in order] == applied


async def test_two_runners_at_once_share_the_work(house: House) -> None:
    job = await house.job()
    await house.fund(job, 200 * EURO)
    for _ in range(80):
        await house.log_only(job)
    reports = await asyncio.gather(house.charges.retry(), house.charges.retry())
    assert sum(report.processed for report in reports) == 80
    assert (await house.budgets.get(job.job_id)).balance == 200 * EURO - 80 * 800_000


async def test_a_poison_action_stops_nobody_and_ends_failed(house: House) -> None:
    job = await house.job()
    await house.fund(job, 100 * EURO)
    unknown = application(job)
    unknown.job_id = str(uuid.uuid4())
    await house.events.application_received(unknown)
    await house.pump.idle()
    row = await house.action(unknown.application_id)
    assert (row["status"], row["retry_count"], row["last_error"]) == ("PENDING", 1, "JobUnknown")
    for _ in range(49):
        await house.log_only(job)
    house.clock.move(timedelta(hours=2))  # type: ignore[attr-defined]
    report = await house.charges.retry()
    assert (report.processed, report.failed) == (49, 1)
    for _ in range(MAX_TRIES - 2):
        house.clock.move(timedelta(hours=2))  # type: ignore[attr-defined]
        assert (await house.charges.retry()).failed == 1
    row = await house.action(unknown.application_id)
    assert (row["status"], row["retry_count"]) == ("FAILED", MAX_TRIES)
    assert await house.published(ActionGivenUp) == [
        ActionGivenUp(
            job_id=unknown.job_id, action_id=str(row["id"]), reason="JobUnknown", tries=MAX_TRIES
        )
    ]
    house.clock.move(timedelta(hours=2))  # type: ignore[attr-defined]
    assert await house.charges.retry() == Report()


async def test_one_bad_action_of_a_batch_leaves_the_others_charged(house: House) -> None:
    job = await house.job()
    await house.fund(job, 100 * EURO)
    applied = [await house.log_only(job, 80) for _ in range(5)]
    # Somebody posted the third one's fee by hand: its key is taken.
    by_hand = fee(f"action:APPLICATION_RECEIVED:{applied[2]}", job.job_id, 1, "")
    async with house.work() as work:
        await house.ledger.post(work, [Posted.of(by_hand, house.ids)], house.clock.now())
    assert await house.charges.retry() == Report(processed=4, failed=1)
    bad = await house.action(applied[2])
    assert (bad["status"], bad["last_error"]) == ("PENDING", "VERSION_CONFLICT")
    assert (await house.budgets.get(job.job_id)).balance == 100 * EURO - 4 * 800_000


async def test_actions_of_one_batch_keep_their_order_and_running_balance(house: House) -> None:
    job = await house.job()
    await house.fund(job, 2 * EURO)
    applied = [await house.log_only(job, score) for score in (90, 50, 70, 10)]
    assert await house.charges.retry() == Report(processed=2, waiting=2)
    entries = await house.rows(
        """
        select amount, balance, account_version from ledger_entries
        where account = :account order by account_version
        """,
        account=f"budget:{job.job_id}",
    )
    assert [tuple(row.values()) for row in entries] == [
        (2 * EURO, 2 * EURO, 1),
        (-900_000, 1_100_000, 2),
        (-500_000, 600_000, 3),
    ]
    # The last one would fit; it waits its turn behind the one that does not.
    assert (await house.action(applied[3]))["waits_for"] == "BUDGET_EXHAUSTED"
    assert (await house.verify()).sound


async def test_an_unreachable_jobs_service_delays_and_loses_nothing(house: House) -> None:
    job = await house.job()
    await house.execute("delete from job_refs")
    house.facts.down = True
    applied = await house.apply(job)
    assert (await house.action(applied))["last_error"] == "DEPENDENCY_DOWN"
    house.facts.down = False
    await house.fund(job)
    house.clock.move(timedelta(minutes=2))  # type: ignore[attr-defined]
    assert (await house.charges.retry()).processed == 1
