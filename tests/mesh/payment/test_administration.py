"""Staff: the log of all jobs, figures, another try, adjustments."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.kit.errors import InvalidFields
from services.kit.paging import Page
from services.payment.domain import accounts
from services.payment.domain.actions import MAX_TRIES, ActionStatus
from services.payment.domain.budgets import BudgetStatus
from services.payment.domain.errors import (
    ActionNotFound,
    ActionState,
    AmountInvalid,
    BalanceTooLow,
    BudgetNotFound,
    BudgetState,
)
from tests.mesh.payment.billing import Billing
from tests.mesh.payment.house import EURO

pytestmark = pytest.mark.mesh


def first(size: int = 50, skip: int = 0) -> Page:
    return Page(size=size, after=None, skip=skip, binding="")


async def fixture(billing: Billing) -> None:
    """Actions of three days: debited, premium, waiting, given up."""
    job, premium = await billing.house.job(), await billing.house.job(premium=True)
    await billing.fund(job, 50 * EURO)
    for _ in range(3):
        await billing.apply(job, 80, 0)
        await billing.apply(premium, 90)
        billing.clock.move(timedelta(days=1))
    waiting = await billing.house.job()
    await billing.apply(waiting, 70, 71)
    await billing.house.execute(
        "update action_log set status = 'FAILED' where job_id = :job and amount = 710000",
        job=waiting.job_id,
    )


async def test_figures_are_those_of_the_log(billing: Billing) -> None:
    await fixture(billing)
    stats = await billing.administration.stats(None, None)
    assert (stats.processed, stats.pending, stats.failed) == (9, 1, 1)
    # What was processed and not debited is no revenue, nor what waits or failed.
    [row] = await billing.house.rows(
        "select sum(entry.amount) as total from ledger_entries entry "
        "join ledger_transactions posted on posted.id = entry.transaction_id "
        "where entry.account = 'revenue:fees'"
    )
    assert stats.revenue == row["total"] == 3 * 800_000
    rows = await billing.house.rows(
        "select processed_at, amount from action_log where transaction_id is not null"
    )
    days: dict[str, int] = {}
    for found in rows:
        at = found["processed_at"]
        assert isinstance(at, datetime)
        day = at.astimezone(ZoneInfo("Europe/Paris")).date().isoformat()
        days[day] = days.get(day, 0) + int(str(found["amount"]))
    assert {day.day.isoformat(): day.revenue for day in stats.days} == days
    assert [day.actions for day in stats.days] == [1, 1, 1]


async def test_days_are_those_of_paris_and_of_the_span(billing: Billing) -> None:
    job = await billing.house.job()
    await billing.fund(job, 50 * EURO)
    billing.clock.move(datetime(2026, 3, 28, 22, 59, tzinfo=UTC) - billing.clock.now())
    await billing.apply(job, 10)
    billing.clock.move(timedelta(minutes=1))
    await billing.apply(job, 20)
    # The day on which the clocks go forward ends an hour early.
    billing.clock.move(timedelta(hours=23))
    await billing.apply(job, 30)
    stats = await billing.administration.stats(None, billing.clock.now() + timedelta(hours=1))
    found = {day.day.isoformat(): day.revenue for day in stats.days}
    assert found == {"2026-03-28": 100_000, "2026-03-29": 200_000, "2026-03-30": 300_000}
    start = datetime(2026, 3, 28, 23, tzinfo=UTC)
    spanned = await billing.administration.stats(start, start + timedelta(hours=23))
    assert [day.revenue for day in spanned.days] == [200_000]
    assert spanned.revenue == 600_000
    for wrong in (start, start - timedelta(days=1), start + timedelta(days=367)):
        with pytest.raises(InvalidFields):
            await billing.administration.stats(start, wrong)


async def test_the_log_is_listed_by_pages_and_status(billing: Billing) -> None:
    await fixture(billing)
    page = await billing.administration.actions(None, first(4))
    assert (len(page.rows), page.total) == (5, 11)
    skipped = await billing.administration.actions(None, first(4, skip=4))
    assert [row.id for row in page.rows][4] == skipped.rows[0].id
    failed = await billing.administration.actions(ActionStatus.FAILED, first())
    assert [row.amount for row in failed.rows] == [710_000]
    assert failed.total == 1


async def test_a_failed_action_is_tried_again(billing: Billing) -> None:
    job = await billing.house.job()
    await billing.fund(job, 5 * EURO)
    application = await billing.house.log_only(job)
    await billing.house.execute(
        "update action_log set status = 'FAILED', retry_count = :tries where application_id = :id",
        tries=MAX_TRIES,
        id=application,
    )
    action = await billing.house.action(application)
    revived = await billing.administration.retry(str(action["id"]))
    assert (revived.status, revived.retry_count) == (ActionStatus.PENDING, 0)
    await billing.idle()
    assert (await billing.house.action(application))["status"] == "PROCESSED"
    with pytest.raises(ActionState) as refused:
        await billing.administration.retry(str(action["id"]))
    assert refused.value.metadata == {"status": "PROCESSED"}
    with pytest.raises(ActionNotFound):
        await billing.administration.retry(str(uuid.uuid4()))
    await billing.sound()


async def test_adjustments_go_both_ways_through_the_books_and_never_below_zero(
    billing: Billing,
) -> None:
    job = await billing.house.job()
    with pytest.raises(BudgetNotFound):
        await billing.administration.adjust(str(uuid.uuid4()), job.job_id, EURO, "Geste")
    await billing.fund(job, 5 * EURO)
    up = await billing.administration.adjust(str(uuid.uuid4()), job.job_id, 2 * EURO, "Geste")
    assert up.balance == 7 * EURO
    results = await asyncio.gather(
        *(
            billing.administration.adjust(str(uuid.uuid4()), job.job_id, -3 * EURO, "Erreur")
            for _ in range(3)
        ),
        return_exceptions=True,
    )
    assert [type(result) for result in results].count(BalanceTooLow) == 1
    assert (await billing.budget(job)).balance == EURO
    assert await billing.balance(accounts.PROMOTION) == 4 * EURO
    for wrong in (0, 1, 100_001 * EURO):
        with pytest.raises(AmountInvalid):
            await billing.administration.adjust(str(uuid.uuid4()), job.job_id, wrong, "Geste")
    await billing.wallets.close(job.job_id)
    with pytest.raises(BudgetState):
        await billing.administration.adjust(str(uuid.uuid4()), job.job_id, EURO, "Geste")
    await billing.sound()


async def test_an_adjustment_charges_what_waited(billing: Billing) -> None:
    job = await billing.house.job()
    await billing.fund(job, EURO)
    await billing.apply(job, 90, 90)
    assert (await billing.budget(job)).status is BudgetStatus.EXHAUSTED
    await billing.administration.adjust(str(uuid.uuid4()), job.job_id, EURO, "Geste")
    await billing.idle()
    assert (await billing.budget(job)).balance == 200_000
    await billing.sound()
