"""Budgets: funding, reading, pausing; lists of entries and actions."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from google.type.money_pb2 import Money
from weneeds.common.v1.action_pb2 import ACTION_TYPE_INTERVIEW_FAILED, ActionType
from weneeds.payment.events.v1.events_pb2 import BudgetFunded
from weneeds.payment.v1 import budget_pb2
from weneeds.payment.v1.budget_service_pb2 import (
    FundBudgetRequest,
    GetBudgetRequest,
    ListActionsRequest,
    ListLedgerEntriesRequest,
)

from services.kit.errors import PageTokenInvalid, Refused, RequestIdReused, ScopeDenied
from services.payment.domain.budgets import BudgetStatus
from services.payment.domain.errors import (
    AmountInvalid,
    BudgetNotFound,
    BudgetState,
    CardDeclined,
)
from services.payment.rpc.budgets import BudgetRpc
from tests.mesh.payment.house import EURO, House

pytestmark = pytest.mark.mesh


def rpc(house: House) -> BudgetRpc:
    return BudgetRpc(house.budgets, house.records, house.cards.reads)


async def test_funding_opens_the_budget_and_moves_money_between_two_accounts(house: House) -> None:
    job = await house.job()
    with pytest.raises(BudgetNotFound):
        await house.budgets.get(job.job_id)
    first = await house.fund(job, 5 * EURO)
    assert (first.balance, first.total, first.status) == (5 * EURO, 5 * EURO, BudgetStatus.ACTIVE)
    second = await house.fund(job, 2 * EURO, card="pm_card_mastercard")
    assert (second.balance, second.total, second.version) == (7 * EURO, 7 * EURO, 2)
    assert len(await house.published(BudgetFunded)) == 2
    assert (await house.verify()).sound
    accounts = await house.rows("select name, balance from accounts where version > 0")
    balances = {row["name"]: row["balance"] for row in accounts}
    assert balances == {f"budget:{job.job_id}": 7 * EURO, "stripe:clearing": -7 * EURO}


async def test_the_same_request_charges_once(house: House) -> None:
    job = await house.job()
    request_id = str(uuid.uuid4())
    for _ in range(2):
        assert (await house.fund(job, 5 * EURO, request_id=request_id)).balance == 5 * EURO
    with pytest.raises(RequestIdReused):
        await house.fund(job, 6 * EURO, request_id=request_id)
    results = await asyncio.gather(
        *(house.fund(job, EURO, request_id=str(uuid.UUID(int=7))) for _ in range(4)),
        return_exceptions=True,
    )
    assert any(not isinstance(result, Exception) for result in results)
    assert (await house.budgets.get(job.job_id)).total == 6 * EURO
    assert (await house.verify()).sound


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_nobodyKnows", "resource_missing"),
    ],
)
async def test_a_declined_card_leaves_no_trace(house: House, card: str, code: str) -> None:
    job = await house.job()
    with pytest.raises(CardDeclined) as refused:
        await house.fund(job, card=card)
    assert refused.value.metadata == {"decline_code": code}
    assert await house.rows("select 1 from budgets union all select 1 from ledger_entries") == []


@pytest.mark.parametrize(
    "amount",
    [
        Money(currency_code="USD", units=5),
        Money(currency_code="EUR", units=5, nanos=1_000_000),
        Money(currency_code="EUR", units=5, nanos=1),
        Money(currency_code="EUR", nanos=990_000_000),
        Money(currency_code="EUR", units=100_000, nanos=10_000_000),
        Money(currency_code="EUR", units=-5),
        Money(currency_code="EUR", units=5, nanos=-10_000_000),
        Money(currency_code="EUR", units=2**63 - 1),
        Money(),
    ],
)
async def test_amounts_that_no_card_is_charged_with(house: House, amount: Money) -> None:
    job = await house.job()
    request = FundBudgetRequest(
        request_id=str(uuid.uuid4()),
        job_id=job.job_id,
        amount=amount,
        payment_method="pm_card_visa",
    )
    with pytest.raises(AmountInvalid) as refused:
        await rpc(house).FundBudget(request, None)
    assert refused.value.field == "amount"


async def test_pausing_keeps_the_time_and_resuming_clears_it(house: House) -> None:
    job = await house.job()
    await house.fund(job)
    paused = await house.budgets.pause(job.job_id)
    house.clock.move(timedelta(hours=1))  # type: ignore[attr-defined]
    again = await house.budgets.pause(job.job_id)
    assert again.paused_at == paused.paused_at is not None
    assert again.version == paused.version
    assert (await house.budgets.resume(job.job_id)).paused_at is None


async def test_only_what_exists_and_has_a_limit_can_be_paused(house: House) -> None:
    with pytest.raises(BudgetNotFound):
        await house.budgets.pause((await house.job()).job_id)
    with pytest.raises(BudgetState) as refused:
        await house.budgets.pause((await house.job(premium=True)).job_id)
    assert refused.value.metadata == {"status": "UNLIMITED"}


async def test_a_premium_budget_reads_as_unlimited(house: House) -> None:
    job = await house.job(premium=True)
    answer = await rpc(house).GetBudget(GetBudgetRequest(job_id=job.job_id), None)
    budget = answer.budget
    assert budget.current_balance == Money(currency_code="EUR", units=999_999)
    assert budget.status == budget_pb2.BUDGET_STATUS_ACTIVE
    assert budget.has_budget
    assert budget.budget_active
    assert budget.unlimited
    assert not budget.HasField("paused_at")
    assert budget.HasField("billing_cycle_starts_at")


async def test_a_job_is_asked_for_once_when_no_event_told_of_it(house: House) -> None:
    job = await house.job()
    await house.execute("delete from job_refs")
    for _ in range(3):
        assert await house.jobs.ref(job.job_id) == job
    assert house.facts.asked == 1
    with pytest.raises(ScopeDenied):
        await house.budgets.get(str(uuid.uuid4()))


async def test_events_of_a_job_may_come_in_any_order(house: House) -> None:
    job = await house.job()
    await house.execute("delete from job_refs")
    await house.jobs.changed(job.job_id, job.company_id, premium=True, version=5)
    await house.jobs.changed(job.job_id, job.company_id, premium=False, version=4)
    await house.jobs.published(job, version=1)
    known = await house.jobs.ref(job.job_id)
    assert known is not None
    assert (known.premium, known.title, known.recruiter_id) == (True, job.title, job.recruiter_id)
    assert house.facts.asked == 0
    await house.pump.idle()


async def pages(call: Callable[[str], Any], field: str) -> list[Any]:
    """Walk all pages."""
    found: list[Any] = []
    token = ""
    while True:
        answer = await call(token)
        found += getattr(answer, field)
        token = answer.next_page_token
        if not token:
            assert answer.total_size == len(found)
            return found


async def test_entries_come_newest_first_page_by_page(house: House) -> None:
    job = await house.job()
    await house.fund(job)
    applied = [await house.apply(job, score) for score in (10, 20, 30, 40)]

    async def call(token: str) -> Any:
        request = ListLedgerEntriesRequest(job_id=job.job_id, page_size=2, page_token=token)
        return await rpc(house).ListLedgerEntries(request, None)

    entries = await pages(call, "entries")
    keys = [entry.transaction_key for entry in entries]
    assert keys[:4] == [f"action:APPLICATION_RECEIVED:{one}" for one in reversed(applied)]
    assert keys[4].startswith("fund:")
    assert [entry.balance.units for entry in entries] == [9, 9, 9, 9, 10]
    assert entries[0].amount == Money(currency_code="EUR", nanos=-400_000_000)
    assert entries[0].receipt_id


async def test_actions_can_be_filtered_by_status(house: House) -> None:
    job = await house.job()
    applied = [await house.apply(job, 50) for _ in range(3)]
    await house.act(job, ACTION_TYPE_INTERVIEW_FAILED)
    await house.act(job, ActionType.ValueType(99))

    async def call(token: str) -> Any:
        request = ListActionsRequest(
            job_id=job.job_id,
            status=budget_pb2.ACTION_STATUS_PENDING,
            page_size=3,
            page_token=token,
        )
        return await rpc(house).ListActions(request, None)

    waiting = await pages(call, "actions")
    assert [action.application_id for action in waiting[1:]] == applied[::-1]
    assert {action.last_error for action in waiting} == {"NO_BUDGET"}
    everything = await rpc(house).ListActions(ListActionsRequest(job_id=job.job_id), None)
    assert everything.total_size == 5
    assert everything.actions[0].type == 99
    assert everything.actions[0].status == budget_pb2.ACTION_STATUS_PROCESSED
    await house.fund(job)


async def test_empty_lists_say_so(house: House) -> None:
    job = await house.job()
    entries = await rpc(house).ListLedgerEntries(ListLedgerEntriesRequest(job_id=job.job_id), None)
    actions = await rpc(house).ListActions(ListActionsRequest(job_id=job.job_id), None)
    assert (entries.total_size, actions.total_size) == (0, 0)
    assert (entries.next_page_token, actions.next_page_token) == ("", "")


@pytest.mark.parametrize("token", ["x", "bm90IGpzb24", "e30"])
async def test_foreign_page_tokens_are_refused(house: House, token: str) -> None:
    job_id = str(uuid.uuid4())
    calls: list[Callable[[], Any]] = [
        lambda: rpc(house).ListActions(ListActionsRequest(job_id=job_id, page_token=token), None),
        lambda: rpc(house).ListLedgerEntries(
            ListLedgerEntriesRequest(job_id=job_id, page_token=token), None
        ),
    ]
    for call in calls:
        with pytest.raises(PageTokenInvalid) as refused:
            await call()
        assert isinstance(refused.value, Refused)
