"""Wiring of the payment service, nothing else."""

from __future__ import annotations

from pathlib import Path

from weneeds.options.v1.policy_pb2 import SCOPE_KIND_JOB
from weneeds.payment.v1 import (
    action_service_pb2,
    budget_service_pb2,
    charge_service_pb2,
    error_reason_pb2,
    payment_method_service_pb2,
    webhook_service_pb2,
)

from services.kit.chain.policy import Ownership
from services.kit.service import Endpoint, Periodic, Resources, Service, Wiring
from services.payment.app.actions import Actions
from services.payment.app.books import Books, Records
from services.payment.app.budgets import Budgets
from services.payment.app.charges import Charges
from services.payment.app.intake import Intake
from services.payment.app.jobs import Jobs
from services.payment.app.posting import Posting
from services.payment.app.prices import Prices
from services.payment.app.pump import Pump
from services.payment.billing import billing_rooms
from services.payment.bookkeeping import book_rooms
from services.payment.cards import card_rooms
from services.payment.events import Events, company_consumers, consumers
from services.payment.ports.jobs import JobsService
from services.payment.ports.prices import contract_prices
from services.payment.rpc.actions import ActionRpc
from services.payment.rpc.budgets import BudgetRpc
from services.payment.rpc.charges import ChargeRpc, WebhookRpc
from services.payment.rpc.methods import PaymentMethodRpc
from services.payment.settings import PaymentSettings
from services.payment.store.actions import ActionLog
from services.payment.store.budgets import BudgetTable
from services.payment.store.jobs import JobRefs
from services.payment.store.ledger import LedgerTables
from services.payment.store.prices import PriceTable

_BUDGETS = budget_service_pb2.DESCRIPTOR.services_by_name["BudgetService"]
_ACTIONS = action_service_pb2.DESCRIPTOR.services_by_name["ActionService"]
_METHODS = payment_method_service_pb2.DESCRIPTOR.services_by_name["PaymentMethodService"]
_CHARGES = charge_service_pb2.DESCRIPTOR.services_by_name["ChargeService"]
_WEBHOOKS = webhook_service_pb2.DESCRIPTOR.services_by_name["WebhookService"]
_REASONS = error_reason_pb2.DESCRIPTOR.enum_types_by_name["ErrorReason"]
_RETRY_SECONDS = 60
_RECONCILE_SECONDS = 3600
_FORGET_SECONDS = 86_400


async def wire(kit: Resources[PaymentSettings]) -> Wiring:
    """Put the rooms together."""
    action_log, budget_table, ledger = ActionLog(), BudgetTable(), LedgerTables()
    books = Books(ledger, kit.clock, kit.ids)

    async def settle(job_id: str) -> None:
        await charges.settle(job_id)

    def low(job_id: str) -> None:
        billing.low.wake(job_id)

    pump = Pump(settle)
    jobs = Jobs(kit.work, JobRefs(), JobsService(kit.channels.to("jobs")), pump.wake)
    posting = Posting(
        actions=action_log,
        budgets=budget_table,
        books=books,
        clock=kit.clock,
        ids=kit.ids,
        low=low,
    )
    charges = Charges(
        work=kit.work, actions=action_log, posting=posting, jobs=jobs, clock=kit.clock
    )
    prices = Prices(kit.work, PriceTable(), contract_prices(), kit.clock)
    actions = Actions(
        work=kit.work,
        store=action_log,
        prices=prices,
        clock=kit.clock,
        ids=kit.ids,
        wake=pump.wake,
    )
    cards = card_rooms(
        settings=kit.settings,
        work=kit.work,
        reader=kit.reader,
        books=books,
        budgets=budget_table,
        jobs=JobRefs(),
        wake=pump.wake,
        clock=kit.clock,
        ids=kit.ids,
    )
    budgets = Budgets(
        work=kit.work,
        reader=kit.reader,
        store=budget_table,
        jobs=jobs,
        collections=cards.collections,
        clock=kit.clock,
        wake=pump.wake,
    )

    billing = billing_rooms(
        settings=kit.settings,
        work=kit.work,
        reader=kit.reader,
        books=books,
        budgets=budget_table,
        jobs=jobs,
        cards=cards,
        wake=pump.wake,
        clock=kit.clock,
        ids=kit.ids,
    )

    async def owner_of_job(job_id: str) -> Ownership | None:
        job = await jobs.ref(job_id)
        return Ownership(company_id=job.company_id) if job else None

    async def retry() -> None:
        await charges.retry()

    ledger_rooms = book_rooms(
        database=kit.database,
        work=kit.work,
        books=books,
        jobs=jobs,
        prices=prices,
        wake=pump.wake,
        clock=kit.clock,
        ids=kit.ids,
    )

    async def close() -> None:
        await pump.stop()
        await billing.low.stop()
        await cards.close()

    records = Records(kit.reader, ledger, action_log)
    return Wiring(
        endpoints=[
            Endpoint(_BUDGETS, BudgetRpc(budgets, records, cards.reads)),
            Endpoint(_ACTIONS, ActionRpc(Intake(actions))),
            Endpoint(_METHODS, PaymentMethodRpc(cards.methods)),
            Endpoint(_CHARGES, ChargeRpc(cards.reads, cards.refunds)),
            Endpoint(_WEBHOOKS, WebhookRpc(cards.webhooks)),
            *billing.endpoints,
            *ledger_rooms.endpoints(),
        ],
        reasons=[_REASONS],
        consumers=[
            *consumers(Events(actions, jobs)),
            *company_consumers(billing.profiles),
            *ledger_rooms.consumers(),
        ],
        periodic=[
            Periodic("payment-retry", _RETRY_SECONDS, retry),
            Periodic("payment-charges", _RETRY_SECONDS, cards.finish_due),
            Periodic("payment-reconcile", _RECONCILE_SECONDS, cards.reconciler.scheduled),
            Periodic("payment-webhooks-forget", _FORGET_SECONDS, cards.webhooks.forget_old),
            *billing.periodic,
            *ledger_rooms.periodic(),
        ],
        scopes={SCOPE_KIND_JOB: owner_of_job},
        close=close,
    )


SERVICE = Service(
    name="payment",
    wire=wire,
    migrations=Path(__file__).parent / "migrations",
    settings=PaymentSettings,
)
