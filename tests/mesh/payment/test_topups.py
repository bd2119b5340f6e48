"""Budgets that warn, top themselves up, and are closed into the wallet."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime

import pytest
from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1.mail_pb2 import MAIL_TYPE_BUDGET_THRESHOLD, MAIL_TYPE_PAYMENT_FAILED
from weneeds.payment.events.v1.events_pb2 import (
    BudgetClosed,
    BudgetThresholdReached,
    TopUpStopped,
)

from services.kit.errors import VersionConflict
from services.payment.domain import accounts
from services.payment.domain.budgets import BudgetStatus
from services.payment.domain.errors import (
    AmountInvalid,
    BalanceTooLow,
    BudgetNotFound,
    BudgetState,
)
from services.payment.domain.jobs import JobRef
from services.payment.domain.settings import BillingMode, BudgetSettings, TopUp
from tests.mesh.payment.billing import Billing
from tests.mesh.payment.house import EURO

pytestmark = pytest.mark.mesh

TOP_UP = BudgetSettings(top_up=TopUp(amount=5 * EURO, trigger=EURO, monthly_cap=10 * EURO))


async def mails(billing: Billing, kind: int) -> list[MailSend]:
    sent = await billing.house.published(MailSend)
    return [mail for mail in sent if isinstance(mail, MailSend) and mail.type == kind]


async def low(billing: Billing, settings: BudgetSettings = TOP_UP) -> JobRef:
    """A job with 2 EUR that tops itself up."""
    job = await billing.house.job()
    await billing.fund(job, 2 * EURO)
    await billing.set(job, settings)
    return job


async def test_thresholds_warn_once_by_event_and_mail(billing: Billing) -> None:
    job = await billing.house.job()
    await billing.fund(job, 10 * EURO)
    await billing.apply(job, *[100] * 7)
    assert await billing.house.published(BudgetThresholdReached) == []
    await billing.apply(job, 100, 10, 10)
    await billing.apply(job, *[100] * 1, 50)
    told = await billing.house.published(BudgetThresholdReached)
    assert [event.percent for event in told if isinstance(event, BudgetThresholdReached)] == [
        80,
        95,
    ]
    warned = await mails(billing, MAIL_TYPE_BUDGET_THRESHOLD)
    assert [mail.variables["percent"] for mail in warned] == ["80", "95"]
    assert {mail.recipient_user_id for mail in warned} == {job.recruiter_id}


async def test_a_low_budget_tops_itself_up_and_no_fee_is_lost(billing: Billing) -> None:
    job = await low(billing)
    await billing.apply(job, 90)
    assert not billing.desk.charged
    await billing.apply(job, 90, 90)
    [charge] = billing.desk.charged.values()
    assert charge.order.key == f"topup:{job.job_id}:1"
    budget = await billing.budget(job)
    assert (budget.balance, budget.status) == (7 * EURO - 2_700_000, BudgetStatus.ACTIVE)
    await billing.sound()


async def test_top_ups_stop_at_their_cap_until_the_next_cycle(billing: Billing) -> None:
    job = await low(billing)
    await billing.apply(job, *[100] * 14)
    assert len(billing.desk.charged) == 2
    budget = await billing.budget(job)
    assert (budget.status, budget.balance) == (BudgetStatus.EXHAUSTED, 0)
    assert not budget.top_up_stopped
    await billing.at(datetime(2026, 4, 1, tzinfo=UTC))
    await billing.top_ups.run(job.job_id)
    await billing.idle()
    assert len(billing.desk.charged) == 3
    assert (await billing.budget(job)).balance == 3 * EURO
    await billing.sound()


async def test_one_top_up_is_on_its_way_at_most(billing: Billing) -> None:
    job = await low(billing)
    billing.desk.answers.append("slow")
    await billing.apply(job, 90, 90, 90)
    await asyncio.gather(*(billing.top_ups.run(job.job_id) for _ in range(4)))
    [key] = billing.desk.charged
    await billing.top_ups.resume()
    assert list(billing.desk.charged) == [key]
    await billing.desk.end(key)
    await billing.idle()
    assert (await billing.budget(job)).balance == 7 * EURO - 2_700_000
    await billing.sound()


async def test_a_crash_after_the_charge_pays_in_once(billing: Billing) -> None:
    job = await low(billing)
    billing.desk.answers.append("cut")
    await billing.apply(job, 90, 90)
    [key] = billing.desk.charged
    assert (await billing.budget(job)).balance == 200_000
    await billing.top_ups.resume()
    await billing.desk.end(key)
    await billing.desk.end(key)
    assert (await billing.budget(job)).balance == 5_200_000
    await billing.sound()


async def test_a_decline_stops_top_ups_and_tells(billing: Billing) -> None:
    job = await low(billing)
    billing.desk.answers.append("insufficient_funds")
    await billing.apply(job, 90, 90, 90)
    budget = await billing.budget(job)
    assert (budget.top_up_stopped, budget.status) == ("insufficient_funds", BudgetStatus.EXHAUSTED)
    [told] = await billing.house.published(TopUpStopped)
    assert isinstance(told, TopUpStopped)
    assert told.reason == "insufficient_funds"
    assert len(await mails(billing, MAIL_TYPE_PAYMENT_FAILED)) == 1
    await billing.top_ups.run(job.job_id)
    assert len(billing.desk.charged) == 1
    # Saved again they go on, and the application that waited is charged.
    await billing.set(job, TOP_UP)
    assert len(billing.desk.charged) == 2
    assert (await billing.budget(job)).balance == 7 * EURO - 2_700_000
    await billing.sound()


async def test_settings_are_saved_over_what_was_read(billing: Billing) -> None:
    job = await billing.house.job()
    with pytest.raises(BudgetNotFound):
        await billing.settings.get(job.job_id)
    first = await billing.set(job, BudgetSettings())
    results = await asyncio.gather(
        *(
            billing.settings.update(
                str(uuid.uuid4()), job.job_id, BudgetSettings(cap=n * EURO), first.settings_version
            )
            for n in (1, 2, 3)
        ),
        return_exceptions=True,
    )
    assert [type(result) for result in results].count(VersionConflict) == 2
    # Fees change the budget and not its settings: they do not get in the way.
    await billing.fund(job)
    version = (await billing.settings.get(job.job_id)).settings_version
    await billing.apply(job, 50)
    await billing.settings.update(str(uuid.uuid4()), job.job_id, BudgetSettings(), version)


async def test_a_closed_budget_gives_its_rest_to_the_wallet(billing: Billing) -> None:
    job = await billing.house.job()
    await billing.fund(job, 10 * EURO)
    await billing.apply(job, 80)
    budget, returned = await billing.wallets.close(job.job_id)
    assert (budget.status, budget.balance, returned) == (BudgetStatus.CLOSED, 0, 9_200_000)
    assert await billing.wallets.close(job.job_id) == (budget, 0)
    assert (await billing.wallets.get(job.company_id)).balance == 9_200_000
    assert len(await billing.house.published(BudgetClosed)) == 1
    await billing.apply(job, 80)
    assert (await billing.wallets.get(job.company_id)).balance == 9_200_000
    with pytest.raises(BudgetState):
        await billing.wallets.fund(str(uuid.uuid4()), job.job_id, EURO)
    await billing.sound()


async def test_closing_credit_goes_back_and_is_not_a_gift(billing: Billing) -> None:
    job = await billing.house.job()
    await billing.set(job, BudgetSettings(mode=BillingMode.PER_CYCLE, cap=10 * EURO))
    await billing.apply(job, 80)
    _, returned = await billing.wallets.close(job.job_id)
    assert returned == 0
    wallet = await billing.wallets.get(job.company_id)
    assert (wallet.balance, wallet.owed) == (0, 800_000)
    await billing.cycles.run()
    assert (await billing.wallets.get(job.company_id)).owed == 0
    await billing.sound()


async def test_the_wallet_funds_budgets_and_never_falls_below_zero(billing: Billing) -> None:
    old = await billing.house.job()
    await billing.fund(old, 10 * EURO)
    await billing.wallets.close(old.job_id)
    job = JobRef(str(uuid.uuid4()), old.company_id, old.recruiter_id, "Data engineer", False)
    billing.house.facts.jobs[job.job_id] = job
    results = await asyncio.gather(
        *(billing.wallets.fund(str(uuid.uuid4()), job.job_id, 4 * EURO) for _ in range(4)),
        return_exceptions=True,
    )
    assert [type(result) for result in results].count(BalanceTooLow) == 2
    assert (await billing.wallets.get(job.company_id)).balance == 2 * EURO
    assert (await billing.budget(job)).balance == 8 * EURO
    assert await billing.balance(accounts.wallet(job.company_id)) == 2 * EURO
    with pytest.raises(AmountInvalid):
        await billing.wallets.fund(str(uuid.uuid4()), job.job_id, EURO // 2)
    await billing.sound()


async def test_billing_per_cycle_frees_prepaid_money(billing: Billing) -> None:
    job = await billing.house.job()
    await billing.fund(job, 10 * EURO)
    await billing.set(job, BudgetSettings(mode=BillingMode.PER_CYCLE, cap=3 * EURO))
    assert (await billing.wallets.get(job.company_id)).balance == 10 * EURO
    assert (await billing.budget(job)).balance == 3 * EURO
    await billing.sound()


async def test_a_premium_job_has_nothing_to_set_or_close(billing: Billing) -> None:
    job = await billing.house.job(premium=True)
    for call in (
        billing.settings.update(str(uuid.uuid4()), job.job_id, BudgetSettings(), None),
        billing.wallets.close(job.job_id),
    ):
        with pytest.raises(BudgetState):
            await call
