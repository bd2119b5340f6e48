"""Wiring of settings, wallets, cycles, top-ups, invoices. As main.py, it sees all rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from weneeds.payment.v1 import (
    budget_settings_service_pb2,
    invoice_service_pb2,
    payment_admin_service_pb2,
    wallet_service_pb2,
)

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.ids import Ids
from services.kit.service import Endpoint, Periodic
from services.kit.work import UnitsOfWork
from services.payment.app.administration import Administration
from services.payment.app.books import Books
from services.payment.app.cycles import Cycles
from services.payment.app.invoices import Invoices, Profiles
from services.payment.app.jobs import Jobs
from services.payment.app.pump import Pump
from services.payment.app.purses import Purses
from services.payment.app.settings import SettingsBook
from services.payment.app.stores import BudgetStore
from services.payment.app.topups import TopUps
from services.payment.app.wallets import WalletFunding, Wallets
from services.payment.cards import CardRooms
from services.payment.domain.charges import Purpose
from services.payment.domain.fees import MICROS_PER_EURO
from services.payment.ports.facturx import FacturX
from services.payment.rpc.administration import PaymentAdminRpc
from services.payment.rpc.invoices import InvoiceRpc
from services.payment.rpc.settings import SettingsRpc
from services.payment.rpc.wallets import WalletRpc
from services.payment.settings import PaymentSettings
from services.payment.store.administration import Administration as AdministrationTable
from services.payment.store.dues import Dues
from services.payment.store.invoices import InvoiceTables
from services.payment.store.profiles import ProfileTables

_SETTINGS = budget_settings_service_pb2.DESCRIPTOR.services_by_name["BudgetSettingsService"]
_WALLETS = wallet_service_pb2.DESCRIPTOR.services_by_name["WalletService"]
_ADMIN = payment_admin_service_pb2.DESCRIPTOR.services_by_name["PaymentAdminService"]
_INVOICES = invoice_service_pb2.DESCRIPTOR.services_by_name["InvoiceService"]
_MINUTE = 60
_INVOICE_SECONDS = 300


@dataclass(frozen=True)
class BillingRooms:
    """The use cases of billing."""

    endpoints: list[Endpoint]
    periodic: list[Periodic]
    profiles: Profiles
    # Tops budgets up that run low, soon after the commit that told of it.
    low: Pump


def billing_rooms(
    *,
    settings: PaymentSettings,
    work: UnitsOfWork,
    reader: Reader,
    books: Books,
    budgets: BudgetStore,
    jobs: Jobs,
    cards: CardRooms,
    wake: Callable[[str], None],
    clock: Clock,
    ids: Ids,
) -> BillingRooms:
    """Put the rooms together, and register what charges for them do to the books."""
    purses, dues = Purses(budgets, books, jobs, clock), Dues()
    top_ups = TopUps(
        work=work,
        reader=reader,
        purses=purses,
        dues=dues,
        collections=cards.collections,
        funding=cards.settlements[Purpose.FUND_BUDGET],
        clock=clock,
    )
    cycles = Cycles(
        work=work,
        reader=reader,
        purses=purses,
        dues=dues,
        collections=cards.collections,
        threshold=settings.charge_threshold_euros * MICROS_PER_EURO,
        clock=clock,
        wake=wake,
    )
    cards.settlements[Purpose.TOP_UP] = top_ups
    cards.settlements[Purpose.CYCLE] = cycles
    low = Pump(top_ups.run)

    def changed(job_id: str) -> None:
        wake(job_id)
        low.wake(job_id)

    profiles = Profiles(work, reader, ProfileTables(), clock)
    invoices = Invoices(
        work=work,
        reader=reader,
        store=InvoiceTables(),
        profiles=ProfileTables(),
        books=books,
        printer=FacturX(),
        seller=settings.seller(),
        clock=clock,
        ids=ids,
    )
    administration = Administration(
        work=work, reader=reader, store=AdministrationTable(), purses=purses, clock=clock, wake=wake
    )
    wallets = Wallets(
        work=work,
        reader=reader,
        purses=purses,
        dues=dues,
        clock=clock,
        wake=wake,
    )
    book = SettingsBook(
        work=work, reader=reader, purses=purses, dues=dues, clock=clock, changed=changed
    )

    async def issue() -> None:
        await invoices.run()

    return BillingRooms(
        endpoints=[
            Endpoint(_SETTINGS, SettingsRpc(book)),
            Endpoint(
                _WALLETS, WalletRpc(wallets, WalletFunding(wallets, cards.collections), cards.reads)
            ),
            Endpoint(_ADMIN, PaymentAdminRpc(administration, invoices)),
            Endpoint(_INVOICES, InvoiceRpc(invoices, profiles)),
        ],
        periodic=[
            Periodic("payment-cycles", _MINUTE, cycles.run),
            Periodic("payment-top-ups", _MINUTE, top_ups.resume),
            Periodic("payment-invoices", _INVOICE_SECONDS, issue),
        ],
        profiles=profiles,
        low=low,
    )
