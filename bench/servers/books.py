"""The books of the payment service on a database of their own, without gRPC and NATS."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from services.kit.clock import SystemClock
from services.kit.db import Database, Query
from services.kit.ids import Uuid7Ids
from services.kit.migrate import migrate_all
from services.kit.work import UnitsOfWork
from services.payment.app.actions import Actions
from services.payment.app.books import Books
from services.payment.app.charges import Charges
from services.payment.app.jobs import Jobs
from services.payment.app.posting import Posting
from services.payment.app.prices import Prices
from services.payment.app.pump import Pump
from services.payment.app.sealing import Sealer
from services.payment.app.stores import Posted
from services.payment.app.verifying import LedgerFigures
from services.payment.domain import accounts, ledger
from services.payment.domain.actions import APPLICATION_RECEIVED, Action
from services.payment.domain.budgets import Budget
from services.payment.domain.jobs import JobRef
from services.payment.ports.prices import contract_prices
from services.payment.store.actions import ActionLog
from services.payment.store.budgets import BudgetTable
from services.payment.store.jobs import JobRefs
from services.payment.store.ledger import LedgerTables
from services.payment.store.prices import PriceTable
from services.payment.store.recount import Recount
from services.payment.store.sealing import Blocks
from stack.topology import Topology

DATABASE = "bench_books"
_CAPITAL = 100_000 * 1_000_000
_BULK = 2_000
_UNDER_WAY = Query.text("select count(*) as pending from action_log where status = 'PENDING'")


@asynccontextmanager
async def database(topology: Topology) -> AsyncIterator[Database]:
    """A new database with the payment schema; pools of the service's role."""
    admin = await asyncpg.connect(topology.admin_url)
    try:
        await admin.execute(f"drop database if exists {DATABASE} with (force)")
        await admin.execute(f"create database {DATABASE}")
    finally:
        await admin.close()
    secret = topology.passwords["payment"]
    await migrate_all(_there(topology.admin_url), {"payment": secret}, ["payment"])
    opened = await Database.connect(_there(topology.database_url("payment")))
    try:
        yield opened
    finally:
        await opened.close()


def _there(url: str) -> str:
    return f"{url.rpartition('/')[0]}/{DATABASE}"


class BookRoom:
    """What posts, counts and proves."""

    def __init__(self, database: Database) -> None:
        clock = SystemClock()
        self.ids = Uuid7Ids(clock)
        self.clock = clock
        self._database = database
        self._work = UnitsOfWork(database, clock, self.ids)
        self._ledger = LedgerTables()
        self.books = Books(self._ledger, clock, self.ids)
        log = ActionLog()
        self._jobs = Jobs(self._work, JobRefs(), _NoJobs(), _nobody)
        posting = Posting(
            actions=log, budgets=BudgetTable(), books=self.books, clock=clock, ids=self.ids
        )
        self._charges = Charges(
            work=self._work, actions=log, posting=posting, jobs=self._jobs, clock=clock
        )
        self._actions = Actions(
            work=self._work,
            store=log,
            prices=Prices(self._work, PriceTable(), contract_prices(), clock),
            clock=clock,
            ids=self.ids,
            wake=_nobody,
        )
        self._sealer = Sealer(Blocks(database), clock)

    async def job(self) -> JobRef:
        """A job with a large budget."""
        job_id, company_id, recruiter_id = (str(uuid.uuid4()) for _ in range(3))
        job = JobRef(job_id, company_id, recruiter_id, "Poste fictif", premium=False)
        await self._jobs.published(job, version=1)
        now = self.clock.now()
        async with self._work() as work:
            table = BudgetTable()
            await table.open(work, Budget.opened(job.job_id, job.company_id, now))
            held = await table.lock(work, job.job_id)
            assert held is not None
            await table.save(work, held.fund(_CAPITAL, now), held.version)
            funding = ledger.funding(str(uuid.uuid4()), job.job_id, _CAPITAL, "card", "")
            await self.books.write(work, funding)
        return job

    async def backlog(self, jobs: Sequence[JobRef], count: int) -> None:
        """Write `count` actions down, spread over the jobs."""
        actions = [
            Action(
                type=APPLICATION_RECEIVED,
                job_id=job.job_id,
                company_id=job.company_id,
                application_id=str(uuid.uuid4()),
                points=40 + number % 60,
                receipt_id=str(uuid.uuid4()),
            )
            for number in range(count)
            for job in (jobs[number % len(jobs)],)
        ]
        for start in range(0, count, _BULK):
            await self._actions.record_all(actions[start : start + _BULK])

    async def drain(self, jobs: Sequence[JobRef]) -> tuple[float, list[float]]:
        """Charge what is due; return the seconds and how long each unit took, in milliseconds."""
        units: list[float] = []

        async def settle(job_id: str) -> None:
            started = time.perf_counter()
            await self._charges.settle(job_id)
            units.append((time.perf_counter() - started) * 1000)

        pump = Pump(settle)
        started = time.perf_counter()
        for job in jobs:
            pump.wake(job.job_id)
        await pump.idle()
        seconds = time.perf_counter() - started
        row = await self._database.reader.fetch_one(_UNDER_WAY)
        if row is None or row["pending"]:
            raise RuntimeError("not everything was charged")
        return seconds, units

    async def bulk(self, count: int) -> None:
        """Post `count` transactions between wallets and the clearing account."""
        wallets = [accounts.wallet(str(uuid.uuid4())) for _ in range(50)]
        async with self._work() as work:
            await self._ledger.open(work, wallets)
        for start in range(0, count, _BULK):
            postings = [
                Posted.of(
                    ledger.Transaction(
                        f"bench:{uuid.uuid4()}",
                        ledger.lines_of(
                            [(accounts.CLEARING, -number - 1), (wallets[number % 50], number + 1)]
                        ),
                    ),
                    self.ids,
                )
                for number in range(min(_BULK, count - start))
            ]
            async with self._work() as work:
                await self.books.write_all(work, postings)

    async def verify(self) -> tuple[float, LedgerFigures]:
        """Seal, then recount; return the seconds of the recount."""
        await self._sealer.run()
        await asyncio.sleep(0)
        started = time.perf_counter()
        figures = await Recount(self._database).figures()
        return time.perf_counter() - started, figures


class _NoJobs:
    async def job_ref(self, job_id: str) -> JobRef | None:
        """Nobody is asked here."""
        del job_id
        return None


def _nobody(job_id: str) -> None:
    del job_id
