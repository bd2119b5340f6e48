"""The payment service put together for a test, without gRPC and NATS."""

from __future__ import annotations

import uuid
from dataclasses import replace

from google.protobuf.message import Message
from weneeds.common.v1.action_pb2 import ActionType
from weneeds.jobs.events.v1.events_pb2 import ActionPerformed, ApplicationReceived

from services.kit.clock import Clock
from services.kit.contract import event_of
from services.kit.db import Database, Query
from services.kit.errors import DependencyDown
from services.kit.ids import Ids
from services.kit.work import UnitOfWork, UnitsOfWork
from services.payment.app.actions import Actions
from services.payment.app.books import Books, Records
from services.payment.app.budgets import Budgets, FundingOrder
from services.payment.app.charges import Charges
from services.payment.app.jobs import Jobs
from services.payment.app.posting import Posting
from services.payment.app.prices import Prices
from services.payment.app.pump import Pump
from services.payment.app.verifying import LedgerFigures
from services.payment.bookkeeping import book_rooms
from services.payment.cards import card_rooms
from services.payment.domain.budget_views import BudgetView
from services.payment.domain.jobs import JobRef
from services.payment.events import Events
from services.payment.ports.prices import contract_prices
from services.payment.settings import PaymentSettings
from services.payment.store.actions import ActionLog
from services.payment.store.budgets import BudgetTable
from services.payment.store.jobs import JobRefs
from services.payment.store.ledger import LedgerTables
from services.payment.store.prices import PriceTable
from services.payment.store.recount import Recount

EURO = 1_000_000


class Facts:
    """Stands in for the jobs service."""

    def __init__(self) -> None:
        self.jobs: dict[str, JobRef] = {}
        self.down = False
        self.asked = 0

    async def job_ref(self, job_id: str) -> JobRef | None:
        """Return a job that the test knows."""
        self.asked += 1
        if self.down:
            raise DependencyDown(dependency="jobs")
        return self.jobs.get(job_id)


class House:
    """All rooms of the service on one database."""

    def __init__(
        self, database: Database, clock: Clock, ids: Ids, settings: PaymentSettings
    ) -> None:
        self.database = database
        self.clock = clock
        self.ids = ids
        self.work = UnitsOfWork(database, clock, ids)
        self.facts = Facts()
        # The service dies before it charges what is due.
        self.dead = False
        self.pump = Pump(self._settle)
        self.ledger = LedgerTables()
        self.books = Books(self.ledger, clock, ids)
        self.action_log = ActionLog()
        self.jobs = Jobs(self.work, JobRefs(), self.facts, self.pump.wake)
        posting = Posting(
            actions=self.action_log,
            budgets=BudgetTable(),
            books=self.books,
            clock=clock,
            ids=ids,
        )
        self.charges = Charges(
            work=self.work, actions=self.action_log, posting=posting, jobs=self.jobs, clock=clock
        )
        self.prices = Prices(self.work, PriceTable(), contract_prices(), clock)
        self.actions = Actions(
            work=self.work,
            store=self.action_log,
            prices=self.prices,
            clock=clock,
            ids=ids,
            wake=self.pump.wake,
        )
        self.cards = card_rooms(
            settings=settings,
            work=self.work,
            reader=database.reader,
            books=self.books,
            budgets=BudgetTable(),
            jobs=JobRefs(),
            wake=self.pump.wake,
            clock=clock,
            ids=ids,
        )
        self.budgets = Budgets(
            work=self.work,
            reader=database.reader,
            store=BudgetTable(),
            jobs=self.jobs,
            collections=self.cards.collections,
            clock=clock,
            wake=self.pump.wake,
        )
        self.records = Records(database.reader, self.ledger, self.action_log)
        rooms = book_rooms(
            database=database,
            work=self.work,
            books=self.books,
            jobs=self.jobs,
            prices=self.prices,
            wake=self.pump.wake,
            clock=clock,
            ids=ids,
        )
        self.rooms = rooms
        self.sealer, self.holds = rooms.sealer, rooms.holds
        self.events = Events(self.actions, self.jobs)

    async def _settle(self, job_id: str) -> None:
        if not self.dead:
            await self.charges.settle(job_id)

    async def job(self, *, premium: bool = False) -> JobRef:
        """Return a published job."""
        job = JobRef(_id(), _id(), _id(), "Data engineer", premium)
        self.facts.jobs[job.job_id] = job
        await self.jobs.published(job, version=1)
        await self.pump.idle()
        return job

    async def premium(self, job: JobRef) -> None:
        """Make the job premium."""
        self.facts.jobs[job.job_id] = replace(job, premium=True)
        await self.jobs.changed(job.job_id, job.company_id, premium=True, version=2)
        await self.pump.idle()

    async def fund(
        self,
        job: JobRef,
        amount: int = 10 * EURO,
        *,
        request_id: str = "",
        card: str = "pm_card_visa",
    ) -> BudgetView:
        """Fund the job's budget, and wait for what that sets off."""
        funding = await self.budgets.fund(
            FundingOrder(request_id or _id(), job.job_id, amount, card)
        )
        await self.pump.idle()
        assert funding.budget is not None
        return funding.budget

    async def apply(self, job: JobRef, score: int | None = 80, application_id: str = "") -> str:
        """Deliver application.received, and wait for its charge."""
        event = application(job, score, application_id)
        await self.events.application_received(event)
        await self.pump.idle()
        return event.application_id

    async def act(self, job: JobRef, action: ActionType.ValueType, application_id: str = "") -> str:
        """Deliver action.performed, and wait for its charge."""
        event = ActionPerformed(
            type=action,
            job_id=job.job_id,
            company_id=job.company_id,
            application_id=application_id or _id(),
            user_id=_id(),
        )
        await self.events.action_performed(event)
        await self.pump.idle()
        return event.application_id

    async def log_only(self, job: JobRef, score: int | None = 80) -> str:
        """Write an action down and die before it is charged."""
        quiet = Actions(
            work=self.work,
            store=self.action_log,
            prices=self.prices,
            clock=self.clock,
            ids=self.ids,
            wake=_nobody,
        )
        event = application(job, score)
        await Events(quiet, self.jobs).application_received(event)
        return event.application_id

    async def rows(self, sql: str, **values: object) -> list[dict[str, object]]:
        """Run a query as the service's role."""
        query = Query.text(sql)
        return [dict(row) for row in await self.database.reader.fetch(query, **values)]

    async def execute(self, sql: str, **values: object) -> int:
        """Run a statement as the service's role."""

        async def run(work: UnitOfWork) -> int:
            return await work.execute(Query.text(sql), **values)

        return int(await self.work.run(run))

    async def action(self, application_id: str) -> dict[str, object]:
        """Return an application's only row in the write-ahead log."""
        rows = await self.rows(
            "select * from action_log where application_id = :id", id=application_id
        )
        assert len(rows) == 1
        return rows[0]

    async def published(self, kind: type[Message]) -> list[Message]:
        """Return the events of one kind in the outbox, oldest first."""
        rows = await self.rows(
            "select payload from outbox where type = :type order by seq",
            type=event_of(kind.DESCRIPTOR).name,
        )
        return [kind.FromString(row["payload"]) for row in rows]  # type: ignore[arg-type]

    async def verify(self) -> LedgerFigures:
        """Seal and recount the books."""
        await self.sealer.run()
        return await Recount(self.database).figures()


def application(
    job: JobRef, score: int | None = 80, application_id: str = ""
) -> ApplicationReceived:
    """Return application.received for a job."""
    return ApplicationReceived(
        job_id=job.job_id,
        company_id=job.company_id,
        application_id=application_id or _id(),
        matching_score=score,
        receipt_id=_id(),
        candidate_id=_id(),
        recruiter_id=job.recruiter_id,
        job_title=job.title,
    )


def _nobody(job_id: str) -> None:
    del job_id


def _id() -> str:
    return str(uuid.uuid4())
