"""Refunds, disputes, webhooks and the reconciliation, against the stand-in."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest
from weneeds.payment.events.v1.charge_events_pb2 import (
    ChargeSucceeded,
    DisputeClosed,
    DisputeOpened,
    RefundIssued,
)

from services.kit.errors import DependencyDown, RequestIdReused
from services.payment.app.reconciling import Finding
from services.payment.app.refunds import RefundOrder
from services.payment.domain.charges import Refund, RefundStatus
from services.payment.domain.errors import (
    BalanceTooLow,
    ChargeNotFound,
    ChargeState,
    RefundTooLarge,
    WebhookInvalid,
)
from services.payment.domain.jobs import JobRef
from stack.standins.stripe.webhooks import signature
from tests.mesh.payment.house import EURO, House
from tests.mesh.payment.shop import account, balance, finish, fund, hear, newest, webhook
from tests.support.standin import SECRET, StandIn

CLEARING = "stripe:clearing"


async def give_back(shop: House, charge_id: str, amount: int = 0, refund_id: str = "") -> Refund:
    order = RefundOrder(refund_id or str(uuid.uuid4()), charge_id, amount, "asked for")
    return await shop.cards.refunds.refund(order)


async def sound(shop: House) -> bool:
    """Whether the books add up, by themselves and against the processor."""
    report = await shop.cards.reconciler.compare(shop.clock.now() - timedelta(days=400))
    # Nobody relays the outbox of the house, so its clock makes events look forgotten.
    rest = [one for one in report.differences if one.finding is not Finding.NOT_TOLD]
    return not rest and (await shop.verify()).sound


async def test_a_refund_takes_the_money_out_of_the_budget(shop: House, stripe: StandIn) -> None:
    job = await shop.job()
    charge = await fund(shop, job)
    refund = await give_back(shop, charge.charge_id, 4 * EURO)
    assert refund.status is RefundStatus.SUCCEEDED
    assert await balance(shop, job) == 6 * EURO
    assert await account(shop, CLEARING) == -6 * EURO
    assert await account(shop, "refunds:pending") == 0
    assert len(await shop.published(RefundIssued)) == 1
    assert (await stripe.totals())["refunded"] == 400
    assert await sound(shop)


async def test_the_same_refund_is_given_once(shop: House, stripe: StandIn) -> None:
    job = await shop.job()
    charge = await fund(shop, job)
    same = str(uuid.uuid4())
    for _ in range(2):
        await give_back(shop, charge.charge_id, 4 * EURO, same)
    await asyncio.gather(*(give_back(shop, charge.charge_id, 4 * EURO, same) for _ in range(3)))
    assert (await stripe.totals())["refunded"] == 400
    with pytest.raises(RequestIdReused):
        await give_back(shop, charge.charge_id, 5 * EURO, same)


async def test_no_more_is_given_back_than_was_taken(shop: House, stripe: StandIn) -> None:
    job = await shop.job()
    charge = await fund(shop, job)
    await give_back(shop, charge.charge_id, 7 * EURO)
    with pytest.raises(RefundTooLarge) as refused:
        await give_back(shop, charge.charge_id, 4 * EURO)
    assert refused.value.metadata["left"] == "3.00"
    assert (await give_back(shop, charge.charge_id)).amount == 3 * EURO
    with pytest.raises(RefundTooLarge):
        await give_back(shop, charge.charge_id)
    # The processor refuses too, should we ever ask.
    (row,) = await shop.rows("select intent_id from charges")
    async with httpx.AsyncClient(base_url=stripe.url) as direct:
        answer = await direct.post(
            "/v1/refunds",
            data={"payment_intent": str(row["intent_id"]), "amount": "1"},
            headers={"authorization": "Bearer sk_test_x"},
        )
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "charge_already_refunded"


async def test_what_is_spent_is_not_given_back(shop: House) -> None:
    job = await shop.job()
    charge = await fund(shop, job)
    await shop.apply(job, 100)
    with pytest.raises(BalanceTooLow):
        await give_back(shop, charge.charge_id)
    assert await balance(shop, job) == 9 * EURO
    assert await sound(shop)


async def test_only_what_was_paid_is_given_back(shop: House) -> None:
    with pytest.raises(ChargeNotFound):
        await give_back(shop, str(uuid.uuid4()))
    job = await shop.job()
    charge = await fund(shop, job, "pm_card_authenticationRequired")
    with pytest.raises(ChargeState):
        await give_back(shop, charge.charge_id)


async def test_a_refund_that_fails_later_puts_the_money_back(shop: House, stripe: StandIn) -> None:
    job = await shop.job()
    charge = await fund(shop, job, "pm_card_refundFail")
    refund = await give_back(shop, charge.charge_id, 4 * EURO)
    assert refund.status is RefundStatus.SUCCEEDED
    for _ in range(2):
        await hear(shop, stripe, "refund", "refund.failed", refund.provider_id)
    assert await balance(shop, job) == 10 * EURO
    (row,) = await shop.rows("select status, failure from refunds")
    assert row == {"status": "FAILED", "failure": "expired_or_canceled_card"}
    assert (await shop.cards.reads.get(job.company_id, charge.charge_id))[0].charge.refunded == 0
    assert await sound(shop)


@pytest.mark.parametrize("mode", ["error_500", "commit_then_500", "drop_request", "drop_reply"])
@pytest.mark.parametrize("times", [1, 3])
async def test_a_fault_ends_in_exactly_one_refund(
    shop: House, stripe: StandIn, mode: str, times: int
) -> None:
    job = await shop.job()
    charge = await fund(shop, job)
    await stripe.faults({"mode": mode, "path": "/v1/refunds", "count": times})
    refund = await give_back(shop, charge.charge_id, 4 * EURO)
    assert refund.status is RefundStatus.PENDING
    # It cannot be spent meanwhile.
    assert await balance(shop, job) == 6 * EURO
    for _ in range(times + 3):
        await finish(shop)
    assert (await stripe.totals())["refunded"] == 400
    assert len(await shop.published(RefundIssued)) == 1
    assert await sound(shop)


async def test_a_refund_made_by_hand_is_posted_apart(shop: House, stripe: StandIn) -> None:
    job = await shop.job()
    charge = await fund(shop, job)
    (row,) = await shop.rows("select intent_id from charges")
    with stripe.store.transaction():
        api_refund = _by_hand(stripe, str(row["intent_id"]), 250)
    for _ in range(2):
        await hear(shop, stripe, "refund", "refund.created", api_refund["id"])
    assert await balance(shop, job) == 10 * EURO
    assert await account(shop, "refunds:manual") == -2_500_000
    assert await sound(shop)
    with pytest.raises(RefundTooLarge):
        await give_back(shop, charge.charge_id, 8 * EURO)


def _by_hand(stripe: StandIn, intent_id: str, cents: int) -> dict[str, Any]:
    from stack.standins.stripe.disputes import Refunds

    return Refunds(stripe.store).create({"payment_intent": intent_id, "amount": str(cents)})


@pytest.mark.parametrize("won", [True, False])
async def test_a_dispute_is_opened_and_decided(shop: House, stripe: StandIn, won: bool) -> None:
    job = await shop.job()
    await fund(shop, job, "pm_card_createDispute")
    dispute = newest(stripe, "dispute")
    await hear(shop, stripe, "dispute", "charge.dispute.created", dispute["id"])
    assert await account(shop, CLEARING) == 0
    assert await account(shop, "disputes:open") == -10 * EURO
    assert await sound(shop)
    await stripe.control("decisions", dispute=dispute["id"], won=won)
    for _ in range(2):
        await hear(shop, stripe, "dispute", "charge.dispute.closed", dispute["id"])
    assert await account(shop, "disputes:open") == 0
    assert await account(shop, CLEARING) == (-10 * EURO if won else 0)
    assert await account(shop, "disputes:lost") == (0 if won else -10 * EURO)
    (closed,) = await shop.published(DisputeClosed)
    assert isinstance(closed, DisputeClosed)
    assert closed.won is won
    assert await sound(shop)


async def test_the_order_of_webhooks_is_all_one(shop: House, stripe: StandIn) -> None:
    """The first news of a dispute is its end, and that of a charge is its dispute."""
    job = await shop.job()
    await fund(shop, job, "pm_card_createDispute")
    dispute = newest(stripe, "dispute")
    opened = webhook(shop, stripe, "dispute", "charge.dispute.created", dispute["id"])
    await stripe.control("decisions", dispute=dispute["id"], won=False)
    await hear(shop, stripe, "dispute", "charge.dispute.closed", dispute["id"])
    await shop.cards.webhooks.receive(*opened)
    assert len(await shop.published(DisputeOpened)) == 1
    assert len(await shop.published(DisputeClosed)) == 1
    assert await sound(shop)


async def test_a_webhook_finishes_a_charge_whose_answer_was_lost(
    shop: House, stripe: StandIn
) -> None:
    job = await shop.job()
    await shop.cards.collections._payers.customer(job.company_id)
    await stripe.faults({"mode": "drop_reply", "count": 1})
    await fund(shop, job)
    intent = newest(stripe, "payment_intent")
    news = webhook(shop, stripe, "payment_intent", "payment_intent.succeeded", intent["id"])
    await asyncio.gather(*(shop.cards.webhooks.receive(*news) for _ in range(4)))
    assert await balance(shop, job) == 10 * EURO
    assert len(await shop.published(ChargeSucceeded)) == 1
    assert len(await shop.rows("select 1 from provider_events")) == 1


async def test_a_webhook_is_believed_only_as_far_as_the_api_says_so(
    shop: House, stripe: StandIn
) -> None:
    job = await shop.job()
    await fund(shop, job, "pm_card_authenticationRequired")
    intent = newest(stripe, "payment_intent")
    lie = {**intent, "status": "succeeded", "amount_received": intent["amount"]}
    body = json.dumps({"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": lie}})
    signed = signature(body, SECRET, int(shop.clock.now().timestamp()))
    await shop.cards.webhooks.receive(body.encode(), signed)
    assert await shop.published(ChargeSucceeded) == []


@pytest.mark.parametrize("minutes", [-6, 6, -60 * 24, 60 * 24])
async def test_a_webhook_from_the_past_or_the_future_is_refused(shop: House, minutes: int) -> None:
    body = json.dumps({"id": "evt_1", "type": "x", "data": {"object": {"id": "pi_1"}}})
    at = shop.clock.now() + timedelta(minutes=minutes)
    with pytest.raises(WebhookInvalid):
        await shop.cards.webhooks.receive(
            body.encode(), signature(body, SECRET, int(at.timestamp()))
        )
    assert await shop.rows("select 1 from provider_events") == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body, signed: (body + b" ", signed),
        lambda body, signed: (body, ""),
        lambda body, signed: (body, "t=1,v1=00"),
        lambda body, signed: (body, signed.replace("v1=", "v0=")),
        lambda body, signed: (body, "t=x,v1=y"),
        lambda body, signed: (b"\xff\xfe", signed),
    ],
)
async def test_a_spoiled_webhook_is_refused(shop: House, spoil: Any) -> None:
    body = json.dumps({"id": "evt_1", "type": "x", "data": {"object": {"id": "pi_1"}}})
    signed = signature(body, SECRET, int(shop.clock.now().timestamp()))
    with pytest.raises(WebhookInvalid):
        await shop.cards.webhooks.receive(*spoil(body.encode(), signed))


@pytest.mark.parametrize("body", ["[]", "{}", '{"id": 1, "type": "x", "data": {"object": {}}}'])
async def test_a_signed_webhook_that_is_no_event_is_refused(shop: House, body: str) -> None:
    signed = signature(body, SECRET, int(shop.clock.now().timestamp()))
    with pytest.raises(WebhookInvalid):
        await shop.cards.webhooks.receive(body.encode(), signed)


async def test_a_webhook_comes_again_when_the_api_is_away(
    shop: House, stripe: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await shop.job()
    await fund(shop, job)
    intent = newest(stripe, "payment_intent")
    news = webhook(shop, stripe, "payment_intent", "payment_intent.succeeded", intent["id"])
    from services.payment.app.processor import Unclear

    async def away(intent_id: str) -> Any:
        raise Unclear(intent_id)

    with monkeypatch.context() as patch:
        patch.setattr(shop.cards.processor, "intent", away)
        with pytest.raises(DependencyDown):
            await shop.cards.webhooks.receive(*news)
    assert await shop.rows("select 1 from provider_events") == []
    await shop.cards.webhooks.receive(*news)
    assert len(await shop.rows("select 1 from provider_events")) == 1


async def report_of(shop: House) -> Any:
    return await shop.cards.reconciler.compare(shop.clock.now() - timedelta(days=400))


async def test_a_missing_posting_is_found_and_mended(shop: House, stripe: StandIn) -> None:
    job = await shop.job()
    await shop.cards.collections._payers.customer(job.company_id)
    await stripe.faults({"mode": "drop_reply", "count": 1})
    await fund(shop, job)
    # The stand-in's clock is the real one: of the house's, the object is not young.
    (found,) = (await later(shop, stripe)).differences
    intent = newest(stripe, "payment_intent")
    assert (found.finding, found.id) == (Finding.MISSING_POSTING, intent["id"])
    assert (found.ours, found.theirs) == (0, 10 * EURO)
    await shop.cards.reconciler.mend(shop.clock.now() - timedelta(days=400))
    assert (await report_of(shop)).sound
    assert await balance(shop, job) == 10 * EURO


async def later(shop: House, stripe: StandIn) -> Any:
    """The report once nothing is young any more, by the processor's clock."""
    from services.kit.clock import FakeClock

    assert isinstance(shop.clock, FakeClock)
    made = max(one["created"] for one in stripe.store.listed("payment_intent"))
    shop.clock.move(timedelta(seconds=made + 3600 - shop.clock.now().timestamp()))
    return await report_of(shop)


async def test_a_missing_object_and_another_amount_are_found(shop: House, stripe: StandIn) -> None:
    job = await shop.job()
    await fund(shop, job)
    intent = newest(stripe, "payment_intent")
    assert (await report_of(shop)).sound
    async with shop.work() as work:
        wallet = f"company:{job.company_id}:wallet"
        lines = [(CLEARING, -3 * EURO), (wallet, 3 * EURO)]
        await shop.books.post(work, key="ghost", lines=lines, reference="pi_ghost")
    (found,) = (await report_of(shop)).differences
    assert (found.finding, found.id, found.ours) == (Finding.MISSING_OBJECT, "pi_ghost", 3 * EURO)
    intent["amount_received"] = 999
    with stripe.store.transaction():
        stripe.store.save(intent)
    amounts = [one for one in (await report_of(shop)).differences if one.finding is Finding.AMOUNT]
    assert [(one.id, one.ours, one.theirs) for one in amounts] == [
        (intent["id"], 10 * EURO, 9_990_000)
    ]


async def test_an_intent_of_nobody_is_found(shop: House, stripe: StandIn) -> None:
    """Somebody charges by hand at the processor: no posting explains it."""
    async with httpx.AsyncClient(base_url=stripe.url) as direct:
        answer = await direct.post(
            "/v1/payment_intents",
            data={
                "amount": "700",
                "currency": "eur",
                "confirm": "true",
                "payment_method": "pm_card_visa",
            },
            headers={"authorization": "Bearer sk_test_x"},
        )
    assert answer.status_code == 200, answer.text
    (found,) = (await later(shop, stripe)).differences
    assert (found.finding, found.theirs) == (Finding.MISSING_POSTING, 7 * EURO)


async def test_an_event_that_was_never_told_is_found(shop: House, stripe: StandIn) -> None:
    job: JobRef = await shop.job()
    await fund(shop, job)
    (found,) = (await later(shop, stripe)).differences
    assert (found.finding, found.note) == (Finding.NOT_TOLD, "payment.charge.succeeded")
