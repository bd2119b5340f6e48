"""Budgets of jobs: fund, read, pause, resume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import ScopeDenied
from services.kit.work import UnitsOfWork
from services.payment.app.collections import (
    ChargeOrder,
    ChargeStatus,
    Collections,
    Outcome,
    Purpose,
)
from services.payment.app.jobs import Jobs
from services.payment.app.stores import BudgetStore
from services.payment.domain.budget_views import BudgetView, unlimited_view, view
from services.payment.domain.budgets import Budget
from services.payment.domain.errors import (
    AmountInvalid,
    BudgetNotFound,
    BudgetState,
    CardDeclined,
)
from services.payment.domain.fees import is_card_amount
from services.payment.domain.jobs import JobRef


@dataclass(frozen=True, slots=True)
class FundingOrder:
    """A wish to fund a budget with a card. The amount in micro-euros."""

    request_id: str
    job_id: str
    amount: int
    payment_method: str


@dataclass(frozen=True, slots=True)
class Funding:
    """What became of a wish to fund a budget."""

    # None while the first charge of a budget has not succeeded.
    budget: BudgetView | None
    charge: Outcome


class Budgets:
    """What collaborators do with budgets."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        store: BudgetStore,
        jobs: Jobs,
        collections: Collections,
        clock: Clock,
        wake: Callable[[str], None],
    ) -> None:
        self._work = work
        self._reader = reader
        self._store = store
        self._jobs = jobs
        self._collections = collections
        self._clock = clock
        self._wake = wake

    async def fund(self, order: FundingOrder) -> Funding:
        """Charge a card for the budget; the same request id charges once.

        The money is there when `charge.status` is SUCCEEDED; what waited for it
        is charged right after. Raises AmountInvalid, CardDeclined, BudgetState,
        PaymentMethodMissing, RequestIdReused.
        """
        if not is_card_amount(order.amount):
            raise AmountInvalid(field="amount")
        job = await self._known(order.job_id)
        async with self._work() as work:
            opened = await self._store.find(work, order.job_id)
        if opened is not None:
            opened.check_open()
        outcome = await self._collections.charge(_charge_order(order, job))
        if outcome.status is ChargeStatus.DECLINED:
            raise CardDeclined(decline_code=outcome.decline_code)
        async with self._work() as work:
            budget = await self._store.find(work, order.job_id)
        shown = self._show(job, budget) if budget is not None or job.premium else None
        return Funding(shown, outcome)

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


def _charge_order(order: FundingOrder, job: JobRef) -> ChargeOrder:
    return ChargeOrder(
        key=f"fund:{order.request_id}",
        company_id=job.company_id,
        amount=order.amount,
        purpose=Purpose.FUND_BUDGET,
        job_id=order.job_id,
        payment_method=order.payment_method,
    )
