"""Wiring of what keeps the books. As main.py, it sees all rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from weneeds.jobs.events.v1.events_pb2 import OfferClosed
from weneeds.payment.v1 import ledger_service_pb2

from services.kit.clock import Clock
from services.kit.consumer import Consumer
from services.kit.db import Database
from services.kit.ids import Ids
from services.kit.service import Endpoint, Periodic
from services.kit.work import UnitsOfWork
from services.payment.app.books import Books
from services.payment.app.closing import Closing
from services.payment.app.corrections import Corrections
from services.payment.app.explaining import Stories
from services.payment.app.holds import Holds
from services.payment.app.jobs import Jobs
from services.payment.app.prices import Prices
from services.payment.app.purses import Purses
from services.payment.app.retention import Retention
from services.payment.app.sealing import Sealer
from services.payment.app.wallets import Wallets
from services.payment.rpc.ledger import LedgerRpc
from services.payment.store.actions import ActionLog
from services.payment.store.budgets import BudgetTable
from services.payment.store.dues import Dues
from services.payment.store.holds import HoldTable
from services.payment.store.sealing import Blocks
from services.payment.store.stories import StoryTables

_LEDGER = ledger_service_pb2.DESCRIPTOR.services_by_name["LedgerService"]
_SEAL_SECONDS = 5
_MINUTE = 60
_DAY = 86_400


@dataclass(frozen=True)
class BookRooms:
    """The use cases of the books."""

    holds: Holds
    corrections: Corrections
    stories: Stories
    closing: Closing
    sealer: Sealer
    retention: Retention
    prices: Prices

    def endpoints(self) -> list[Endpoint]:
        """Return what answers."""
        rpc = LedgerRpc(self.stories, self.corrections, self.prices)
        return [Endpoint(_LEDGER, rpc)]

    def periodic(self) -> list[Periodic]:
        """Return what runs by itself."""

        async def seal() -> None:
            await self.sealer.run()

        async def forget() -> None:
            await self.retention.run()

        return [
            Periodic("payment-seal", _SEAL_SECONDS, seal),
            Periodic("payment-holds", _MINUTE, self.holds.expire),
            Periodic("payment-retention", _DAY, forget),
        ]

    def consumers(self) -> list[Consumer]:
        """Return what is heard."""

        async def closed(event: OfferClosed) -> None:
            await self.closing.offer_closed(event.job_id)

        return [Consumer("payment-offers-closed", OfferClosed, closed)]


def book_rooms(
    *,
    database: Database,
    work: UnitsOfWork,
    books: Books,
    jobs: Jobs,
    prices: Prices,
    wake: Callable[[str], None],
    clock: Clock,
    ids: Ids,
) -> BookRooms:
    """Put the rooms together."""
    budgets, actions, stories = BudgetTable(), ActionLog(), StoryTables()
    purses = Purses(budgets, books, jobs, clock)
    holds = Holds(work=work, store=HoldTable(), purses=purses, clock=clock, ids=ids, wake=wake)
    wallets = Wallets(
        work=work, reader=database.reader, purses=purses, dues=Dues(), clock=clock, wake=wake
    )
    return BookRooms(
        holds=holds,
        corrections=Corrections(work=work, stories=stories, purses=purses, books=books, wake=wake),
        stories=Stories(work, stories, prices),
        closing=Closing(
            work=work, actions=actions, budgets=budgets, holds=holds, wallets=wallets, clock=clock
        ),
        sealer=Sealer(Blocks(database), clock),
        retention=Retention(work, actions, clock),
        prices=prices,
    )
