"""The reconciliation by itself, for the command line. As main.py, it sees all rooms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.kit.clock import SystemClock
from services.kit.db import Database
from services.kit.ids import Uuid7Ids
from services.kit.work import UnitsOfWork
from services.payment.app.books import Books
from services.payment.app.reconciling import Reconciler
from services.payment.cards import card_rooms
from services.payment.settings import PaymentSettings
from services.payment.store.budgets import BudgetTable
from services.payment.store.jobs import JobRefs
from services.payment.store.ledger import LedgerTables


@asynccontextmanager
async def opened(settings: PaymentSettings) -> AsyncIterator[Reconciler]:
    """Connect to the service's database and the processor."""
    clock = SystemClock()
    ids = Uuid7Ids(clock)
    database = await Database.connect(settings.database_url, settings.reader_url, 2)
    rooms = card_rooms(
        settings=settings,
        work=UnitsOfWork(database, clock, ids),
        reader=database.reader,
        books=Books(LedgerTables(), clock, ids),
        budgets=BudgetTable(),
        jobs=JobRefs(),
        # Whoever waits for money is woken by the service's own minute job.
        wake=_nobody,
        clock=clock,
        ids=ids,
    )
    try:
        yield rooms.reconciler
    finally:
        await rooms.close()
        await database.close()


def _nobody(job_id: str) -> None:
    del job_id
