"""Wiring of what has to do with cards. As main.py, it sees all rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.ids import Ids
from services.kit.work import UnitsOfWork
from services.payment.app.apart import Apart
from services.payment.app.books import Books
from services.payment.app.charge_reads import ChargeReads
from services.payment.app.collecting import CardCollections
from services.payment.app.collections import Settlement
from services.payment.app.disputes import Disputes
from services.payment.app.funding import BudgetSettlement, WalletSettlement
from services.payment.app.methods import PaymentMethods
from services.payment.app.payers import Payers
from services.payment.app.reconciling import Reconciler
from services.payment.app.refunds import Refunds
from services.payment.app.stores import BudgetStore, JobRefStore
from services.payment.app.webhooks import Webhooks
from services.payment.domain.charges import Purpose
from services.payment.ports.stripe import StripeProcessor
from services.payment.settings import PaymentSettings
from services.payment.store.charges import ChargeTable
from services.payment.store.methods import MethodTable, ProviderEvents
from services.payment.store.refunds import ProcessorAccount, RefundTable


@dataclass(frozen=True)
class CardRooms:
    """The use cases about cards."""

    collections: CardCollections
    methods: PaymentMethods
    refunds: Refunds
    webhooks: Webhooks
    reconciler: Reconciler
    reads: ChargeReads
    # What each purpose does with its charges; main.py adds those of other rooms.
    settlements: dict[Purpose, Settlement]
    processor: StripeProcessor
    apart: Apart

    async def finish_due(self) -> None:
        """Bring charges and refunds without an end to it."""
        await self.collections.finish_due()
        await self.refunds.finish_due()

    async def close(self) -> None:
        """Stop what runs, and close the connections."""
        await self.apart.close()
        await self.processor.close()


def processor(settings: PaymentSettings) -> StripeProcessor:
    """Stripe, or what stands in for it. Raises RuntimeError for settings that do not fit."""
    settings.check_processor()
    return StripeProcessor(
        api_key=settings.stripe_api_key,
        api_base=settings.stripe_api_base,
        webhook_secret=settings.stripe_webhook_secret,
        test_cards=settings.test_cards,
    )


def card_rooms(
    *,
    settings: PaymentSettings,
    work: UnitsOfWork,
    reader: Reader,
    books: Books,
    budgets: BudgetStore,
    jobs: JobRefStore,
    wake: Callable[[str], None],
    clock: Clock,
    ids: Ids,
) -> CardRooms:
    """Put the rooms together. `wake` settles what a job's actions wait for."""
    stripe, apart = processor(settings), Apart()
    charges, methods, refund_table = ChargeTable(), MethodTable(), RefundTable()
    site_url = settings.site_url
    funding = BudgetSettlement(
        books=books,
        budgets=budgets,
        charges=charges,
        jobs=jobs,
        site_url=site_url,
        clock=clock,
        wake=wake,
    )
    settlements: dict[Purpose, Settlement] = {
        Purpose.FUND_BUDGET: funding,
        Purpose.WALLET: WalletSettlement(books),
    }
    payers = Payers(work, methods, stripe, clock)
    collections = CardCollections(
        work=work,
        charges=charges,
        payers=payers,
        processor=stripe,
        settlements=settlements,
        apart=apart,
        site_url=site_url,
        clock=clock,
        ids=ids,
    )
    refunds = Refunds(
        work=work,
        charges=charges,
        refunds=refund_table,
        books=books,
        processor=stripe,
        settlements=settlements,
        apart=apart,
        clock=clock,
        ids=ids,
    )
    disputes = Disputes(work=work, charges=charges, disputes=refund_table, books=books, clock=clock)
    payment_methods = PaymentMethods(
        work=work,
        reader=reader,
        store=methods,
        payers=payers,
        processor=stripe,
        apart=apart,
        site_url=site_url,
        clock=clock,
        ids=ids,
    )
    return CardRooms(
        collections=collections,
        methods=payment_methods,
        refunds=refunds,
        webhooks=Webhooks(
            work=work,
            inbox=ProviderEvents(),
            processor=stripe,
            collections=collections,
            refunds=refunds,
            disputes=disputes,
            methods=payment_methods,
            apart=apart,
            clock=clock,
        ),
        reconciler=Reconciler(
            reader=reader,
            account=ProcessorAccount(),
            processor=stripe,
            collections=collections,
            refunds=refunds,
            disputes=disputes,
            clock=clock,
        ),
        reads=ChargeReads(reader, charges, refund_table, collections),
        settlements=settlements,
        processor=stripe,
        apart=apart,
    )
