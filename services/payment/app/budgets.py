"""Budgets of jobs: fund, read, pause, resume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import ScopeDenied, VersionConflict
from services.kit.ids import Ids
from services.kit.work import UnitOfWork, UnitsOfWork
from services.payment.app import messages
from services.payment.app.books import Books
from services.payment.app.jobs import Jobs
from services.payment.app.ports import Cards
from services.payment.app.stores import BudgetStore
from services.payment.domain import ledger
from services.payment.domain.budgets import Budget, BudgetView, unlimited_view, view
from services.payment.domain.errors import AmountInvalid, BudgetNotFound, BudgetState
from services.payment.domain.fees import is_card_amount
from services.payment.domain.jobs import JobRef


@dataclass(frozen=True, slots=True)
class FundingOrder:
    """A wish to fund a budget with a card. The amount in micro-euros."""

    request_id: str
    job_id: str
    amount: int
    payment_method: str


class Budgets:
    """What collaborators do with budgets."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        store: BudgetStore,
        books: Books,
        jobs: Jobs,
        cards: Cards,
        clock: Clock,
        ids: Ids,
        wake: Callable[[str], None],
    ) -> None:
        self._work = work
        self._reader = reader
        self._store = store
        self._books = books
        self._jobs = jobs
        self._cards = cards
        self._clock = clock
        self._ids = ids
        self._wake = wake

    async def fund(self, order: FundingOrder) -> BudgetView:
        """Charge a card and add the amount; the same request id charges once.

        What waited for money is charged right after. Raises AmountInvalid,
        CardDeclined, BudgetState, RequestIdReused.
        """
        if not is_card_amount(order.amount):
            raise AmountInvalid(field="amount")
        job = await self._known(order.job_id)
        async with self._work() as work:
            if await self._books.find(work, ledger.funding_key(order.request_id)):
                # Posted before: compared with what is asked for, and nothing else.
                await self._books.write(work, _funding(order, charge_id=""))
            else:
                await self._charge_card(work, order, job)
            budget = await self._store.find(work, order.job_id)
            return self._show(job, budget)

    async def get(self, job_id: str) -> BudgetView:
        """Read a budget. Raises BudgetNotFound."""
        job = await self._known(job_id)
        return self._show(job, await self._store.find(self._reader, job_id))

    async def pause(self, job_id: str) -> BudgetView:
        """Stop debits; paused again, nothing changes.

        Raises BudgetNotFound, and BudgetState when it is closed or unlimited.
        """
        return await self._change(job_id, lambda budget: budget.pause(self._clock.now()))

    async def resume(self, job_id: str) -> BudgetView:
        """Allow debits again and charge what waited.

        Raises BudgetNotFound, and BudgetState when it is exhausted, closed or unlimited.
        """
        return await self._change(job_id, lambda budget: budget.resume())

    async def _change(self, job_id: str, step: Callable[[Budget], Budget]) -> BudgetView:
        job = await self._known(job_id)
        if job.premium:
            raise BudgetState(status="UNLIMITED")
        async with self._work() as work:
            before = await self._store.lock(work, job_id)
            if before is None:
                raise BudgetNotFound(job_id=job_id)
            after = step(before)
            if after is not before:
                await self._store.save(work, after, before.version)
            work.after_commit(lambda: self._wake(job_id))
            return view(after, self._clock.now())

    async def _charge_card(self, work: UnitOfWork, order: FundingOrder, job: JobRef) -> None:
        opened = await self._store.find(work, order.job_id)
        if opened is not None:
            opened.check_open()
        charge = await self._cards.charge(
            ledger.funding_key(order.request_id), order.amount, order.payment_method
        )
        now = self._clock.now()
        await self._store.open(work, Budget.opened(job.job_id, job.company_id, now))
        held = await self._store.lock(work, job.job_id)
        if held is None:
            raise BudgetNotFound(job_id=job.job_id)
        budget = held.fund(order.amount, now)
        transaction = _funding(order, charge.id)
        await self._store.save(work, budget, held.version)
        if not (await self._books.write(work, transaction)).new:
            # The same request runs twice at once; the other one has won.
            raise VersionConflict
        work.publish(messages.funded(budget, order.amount))
        work.after_commit(lambda: self._wake(job.job_id))

    async def _known(self, job_id: str) -> JobRef:
        job = await self._jobs.ref(job_id)
        if job is None:
            raise ScopeDenied
        return job

    def _show(self, job: JobRef, budget: Budget | None) -> BudgetView:
        now = self._clock.now()
        if job.premium:
            return unlimited_view(job.job_id, budget, now)
        if budget is None:
            raise BudgetNotFound(job_id=job.job_id)
        return view(budget, now)


def _funding(order: FundingOrder, charge_id: str) -> ledger.Transaction:
    return ledger.funding(
        order.request_id, order.job_id, order.amount, order.payment_method, charge_id
    )
