"""Charges against the stand-in: three answers of a card, crashes, faults, each exactly once."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1.mail_pb2 import MAIL_TYPE_PAYMENT_CONFIRMATION
from weneeds.payment.events.v1.charge_events_pb2 import (
    ChargeActionRequired,
    ChargeDeclined,
    ChargeSucceeded,
    PaymentMethodAdded,
)

from services.kit.clock import FakeClock
from services.kit.errors import RequestIdReused
from services.payment.app.collections import ChargeOrder, ChargeStatus, Purpose
from services.payment.app.methods import Consent
from services.payment.app.processor import Unclear
from services.payment.domain.budgets import BudgetStatus
from services.payment.domain.errors import AmountInvalid, CardDeclined, PaymentMethodMissing
from services.payment.domain.jobs import JobRef
from tests.mesh.payment.house import EURO, House
from tests.mesh.payment.shop import finish, fund
from tests.support.standin import StandIn

ASKS = "pm_card_authenticationRequired"


async def only_charge(shop: House) -> dict[str, Any]:
    rows = await shop.rows("select * from charges")
    assert len(rows) == 1
    return rows[0]


async def paid_once(shop: House, stripe: StandIn, job: JobRef, amount: int = 10 * EURO) -> None:
    totals = await stripe.totals()
    assert (totals["succeeded"], totals["doubled"]) == (1, [])
    assert (await shop.budgets.get(job.job_id)).balance == amount
    assert len(await shop.published(ChargeSucceeded)) == 1
    assert (await shop.verify()).sound


async def test_the_attempt_is_committed_before_the_processor_hears_of_it(
    shop: House, stripe: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, seen = await shop.job(), []

    async def look(**asked: Any) -> Any:
        # Another connection sees the row, and no transaction of the service is open.
        seen.extend(await shop.rows("select id, status from charges"))
        idle = "select 1 from pg_stat_activity where usename = current_user"
        seen.append(await shop.rows(f"{idle} and state like 'idle in transaction%'"))
        assert asked["key"] == f"{seen[0]['id']}:0"
        raise Unclear("stop here")

    monkeypatch.setattr(shop.cards.processor, "charge", look)
    outcome = await fund(shop, job)
    assert outcome.status is ChargeStatus.PENDING
    assert seen[0]["status"] == "PENDING"
    assert seen[1] == []


async def test_a_charge_is_settled_once_and_repeated_never(shop: House, stripe: StandIn) -> None:
    job = await shop.job()
    first = await fund(shop, job, request_id=str(uuid.UUID(int=9)))
    again = await fund(shop, job, request_id=str(uuid.UUID(int=9)))
    assert first == again
    assert first.paid
    await paid_once(shop, stripe, job)
    with pytest.raises(RequestIdReused):
        await fund(shop, job, "pm_card_mastercard", str(uuid.UUID(int=9)))


async def test_two_at_once_charge_once(shop: House, stripe: StandIn) -> None:
    job = await shop.job()
    same = str(uuid.uuid4())
    await asyncio.gather(*(fund(shop, job, request_id=same) for _ in range(5)))
    await finish(shop)
    await paid_once(shop, stripe, job)


async def test_a_declined_card_says_why(shop: House) -> None:
    job = await shop.job()
    with pytest.raises(CardDeclined) as refused:
        await fund(shop, job, "pm_card_chargeDeclinedInsufficientFunds")
    assert refused.value.metadata == {"decline_code": "insufficient_funds"}
    (told,) = await shop.published(ChargeDeclined)
    assert isinstance(told, ChargeDeclined)
    assert told.decline_code == "insufficient_funds"


async def test_the_bank_asks_the_budget_waits_and_goes_on(shop: House, stripe: StandIn) -> None:
    job = await shop.job()
    await shop.fund(job, 5 * EURO)
    outcome = await fund(shop, job, ASKS)
    assert outcome.status is ChargeStatus.REQUIRES_ACTION
    assert outcome.link.startswith(f"{stripe.url}/3ds/pi_")
    assert (await shop.budgets.get(job.job_id)).status is BudgetStatus.PAUSED
    assert len(await shop.published(ChargeActionRequired)) == 1
    mails = [mail for mail in await shop.published(MailSend) if isinstance(mail, MailSend)]
    (mail,) = [mail for mail in mails if mail.type == MAIL_TYPE_PAYMENT_CONFIRMATION]
    assert mail.recipient_user_id == job.recruiter_id
    assert mail.variables["page"].endswith(f"/charges/{outcome.charge_id}")
    await stripe.bank(outcome.link)
    await finish(shop)
    budget = await shop.budgets.get(job.job_id)
    assert (budget.status, budget.balance) == (BudgetStatus.ACTIVE, 15 * EURO)
    assert (await shop.verify()).sound


async def test_an_owner_who_refuses_leaves_the_budget_as_it_was(
    shop: House, stripe: StandIn
) -> None:
    job = await shop.job()
    await shop.fund(job, 5 * EURO)
    outcome = await fund(shop, job, ASKS)
    await stripe.bank(outcome.link, "fail")
    await finish(shop)
    budget = await shop.budgets.get(job.job_id)
    assert (budget.status, budget.balance) == (BudgetStatus.ACTIVE, 5 * EURO)
    (row,) = await shop.rows("select * from charges where id = :id", id=outcome.charge_id)
    assert (row["status"], row["link"]) == ("DECLINED", "")


async def test_an_owner_who_never_comes_is_waited_for_a_day(shop: House, stripe: StandIn) -> None:
    job = await shop.job()
    outcome = await fund(shop, job, ASKS)
    assert isinstance(shop.clock, FakeClock)
    shop.clock.move(timedelta(hours=25))
    await shop.cards.finish_due()
    row = await only_charge(shop)
    assert row["status"] == "DECLINED"
    assert stripe.store.get("payment_intent", str(row["intent_id"]))["status"] == "canceled"
    assert outcome.charge_id == row["id"]


async def test_a_fresh_link_leads_to_the_bank(shop: House, stripe: StandIn) -> None:
    job = await shop.job()
    outcome = await fund(shop, job, ASKS)
    attempt = await shop.cards.reads.authenticate(job.company_id, outcome.charge_id)
    await stripe.bank(attempt.charge.link)
    await finish(shop)
    await paid_once(shop, stripe, job)


@pytest.mark.parametrize(
    "mode", ["error_500", "commit_then_500", "drop_request", "drop_reply", "rate_limit"]
)
@pytest.mark.parametrize("times", [1, 3])
async def test_a_fault_ends_in_exactly_one_charge(
    shop: House, stripe: StandIn, mode: str, times: int
) -> None:
    job = await shop.job()
    await shop.cards.collections._payers.customer(job.company_id)
    await stripe.faults({"mode": mode, "path": "/v1/payment_intents", "count": times})
    outcome = await fund(shop, job)
    assert outcome.status is ChargeStatus.PENDING
    for _ in range(times + 3):
        await finish(shop)
    await paid_once(shop, stripe, job)
    assert (await only_charge(shop))["status"] == "SUCCEEDED"


async def test_a_slow_processor_is_not_waited_for_forever(
    shop: House, stripe: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.payment.app.collecting._PATIENCE_SECONDS", 0.3)
    job = await shop.job()
    await shop.cards.collections._payers.customer(job.company_id)
    await stripe.faults({"mode": "slow", "count": 1, "seconds": 1.0})
    assert (await fund(shop, job)).status is ChargeStatus.PENDING
    await asyncio.gather(*shop.cards.apart._running)
    await paid_once(shop, stripe, job)


@pytest.mark.parametrize("point", ["before the call", "after the commit", "before settlement"])
async def test_a_crash_at_each_point_ends_in_exactly_one_charge(
    shop: House, stripe: StandIn, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """The process dies between the attempt's commit and its settlement; the next one finishes."""
    job = await shop.job()
    reached, real = asyncio.Event(), shop.cards.processor.charge

    async def die(**asked: Any) -> Any:
        if point == "after the commit":
            await real(**asked)
        reached.set()
        await asyncio.Event().wait()

    async def stop(*_: Any) -> Any:
        reached.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        if point == "before settlement":
            patch.setattr(shop.cards.collections, "_learn", stop)
        else:
            patch.setattr(shop.cards.processor, "charge", die)
        asking = asyncio.create_task(fund(shop, job))
        await asyncio.wait_for(reached.wait(), 10)
        asking.cancel()
        await shop.cards.apart.close()
        await asyncio.gather(asking, return_exceptions=True)
    assert (await only_charge(shop))["status"] == "PENDING"
    await finish(shop)
    await paid_once(shop, stripe, job)


async def test_an_old_key_creates_nothing_any_more(shop: House, stripe: StandIn) -> None:
    job = await shop.job()
    await shop.cards.collections._payers.customer(job.company_id)
    await stripe.faults({"mode": "drop_request", "count": 1})
    assert (await fund(shop, job)).status is ChargeStatus.PENDING
    assert isinstance(shop.clock, FakeClock)
    shop.clock.move(timedelta(hours=30))
    await shop.cards.finish_due()
    row = await only_charge(shop)
    assert (row["status"], row["decline_code"]) == ("DECLINED", "not_created")
    assert (await stripe.totals())["intents"] == 0


async def test_an_old_key_finds_what_it_had_created(shop: House, stripe: StandIn) -> None:
    job = await shop.job()
    await shop.cards.collections._payers.customer(job.company_id)
    await stripe.faults({"mode": "drop_reply", "count": 1})
    assert (await fund(shop, job)).status is ChargeStatus.PENDING
    assert isinstance(shop.clock, FakeClock)
    shop.clock.move(timedelta(hours=30))
    await shop.cards.finish_due()
    await paid_once(shop, stripe, job)


def consent(company_id: str) -> Consent:
    return Consent(company_id, str(uuid.uuid4()), "192.0.2.7", "a browser")


async def test_a_card_is_added_with_a_mandate_and_charged_by_default(
    shop: House, stripe: StandIn
) -> None:
    job = await shop.job()
    who = consent(job.company_id)
    added = await shop.cards.methods.add(who, "pm_card_visa", "r1")
    again = await shop.cards.methods.add(who, "pm_card_visa", "r1")
    assert added == again
    method = added.method
    assert method is not None
    assert (method.brand, method.last4, method.default) == ("visa", "4242", True)
    assert method.mandate_id.startswith("mandate_")
    assert (method.accepted_by, method.terms) == (who.user_id, "off-session-1")
    (told,) = await shop.published(PaymentMethodAdded)
    assert isinstance(told, PaymentMethodAdded)
    assert told.payment_method_id == method.id
    outcome = await fund(shop, job, card="")
    assert outcome.paid
    row = await only_charge(shop)
    assert row["method_id"] == method.method_id


async def test_the_default_card_can_be_chosen_and_removed(shop: House) -> None:
    job = await shop.job()
    who, methods = consent(job.company_id), shop.cards.methods
    first = (await methods.add(who, "pm_card_visa", "r1")).method
    second = (await methods.add(who, "pm_card_mastercard", "r2")).method
    assert first is not None
    assert second is not None
    assert (first.default, second.default) == (True, False)
    assert (await methods.make_default(job.company_id, second.id)).default
    assert [one.default for one in await methods.listed(job.company_id)] == [True, False]
    await methods.remove(job.company_id, second.id)
    (left,) = await methods.listed(job.company_id)
    assert (left.id, left.default) == (first.id, True)
    with pytest.raises(PaymentMethodMissing):
        await methods.remove(job.company_id, second.id)
    with pytest.raises(PaymentMethodMissing):
        await fund(shop, job, second.method_id)


async def test_nobody_charges_the_card_of_another_company(shop: House, stripe: StandIn) -> None:
    mine, theirs = await shop.job(), await shop.job()
    method = (await shop.cards.methods.add(consent(theirs.company_id), "pm_card_visa", "r")).method
    assert method is not None
    with pytest.raises(PaymentMethodMissing):
        await fund(shop, mine, method.method_id)
    with pytest.raises(PaymentMethodMissing):
        await shop.cards.methods.make_default(mine.company_id, method.id)
    assert (await stripe.totals())["intents"] == 0


async def test_a_card_that_the_bank_asks_about_is_there_after_the_owner_agreed(
    shop: House, stripe: StandIn
) -> None:
    job = await shop.job()
    added = await shop.cards.methods.add(
        consent(job.company_id), "pm_card_authenticationRequiredOnSetup", "r"
    )
    assert added.method is None
    await stripe.bank(added.link)
    (setup,) = stripe.store.listed("setup_intent")
    await shop.cards.methods.added(await shop.cards.processor.setup(setup["id"]))
    (method,) = await shop.cards.methods.listed(job.company_id)
    assert (await fund(shop, job, method.method_id)).paid


async def test_a_card_that_declines_is_not_added(shop: House) -> None:
    job = await shop.job()
    with pytest.raises(CardDeclined):
        await shop.cards.methods.add(consent(job.company_id), "pm_card_chargeDeclined", "r")
    assert await shop.cards.methods.listed(job.company_id) == []


@pytest.mark.parametrize("amount", [0, 10_000, 499_999, 500_001, -EURO, 10**13])
async def test_amounts_that_are_never_charged(shop: House, amount: int) -> None:
    job = await shop.job()
    order = ChargeOrder("k", job.company_id, amount, Purpose.WALLET, payment_method="pm_card_visa")
    with pytest.raises(AmountInvalid):
        await shop.cards.collections.charge(order)


async def test_a_wallet_is_filled(shop: House, stripe: StandIn) -> None:
    company = str(uuid.uuid4())
    order = ChargeOrder("w1", company, EURO // 2, Purpose.WALLET, payment_method="pm_card_visa")
    assert (await shop.cards.collections.charge(order)).paid
    rows = await shop.rows(
        "select balance from accounts where name = :name", name=f"company:{company}:wallet"
    )
    assert rows == [{"balance": EURO // 2}]
