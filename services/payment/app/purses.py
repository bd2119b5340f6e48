"""What use cases on budgets share: find the job, lock the budget, save what became of it."""

from __future__ import annotations

from collections.abc import Iterable

from services.kit.clock import Clock
from services.kit.errors import ScopeDenied
from services.kit.work import UnitOfWork
from services.payment.app.books import Books
from services.payment.app.jobs import Jobs
from services.payment.app.stores import BudgetStore
from services.payment.domain.budgets import Budget
from services.payment.domain.errors import BudgetNotFound, BudgetState
from services.payment.domain.jobs import JobRef


class Purses:
    """Budgets, each behind the lock of its row."""

    def __init__(self, store: BudgetStore, books: Books, jobs: Jobs, clock: Clock) -> None:
        self.store = store
        self._books = books
        self._jobs = jobs
        self._clock = clock

    async def job(self, job_id: str) -> JobRef:
        """Return whose a job is. Raises ScopeDenied for a job that is not."""
        job = await self._jobs.ref(job_id)
        if job is None:
            raise ScopeDenied
        return job

    async def limited(self, job_id: str) -> JobRef:
        """Return a job that fees apply to. Raises ScopeDenied, BudgetState for a premium one."""
        job = await self.job(job_id)
        if job.premium:
            raise BudgetState(status="UNLIMITED")
        return job

    async def locked(self, work: UnitOfWork, job_id: str) -> Budget:
        """Return a job's budget, locked. Raises BudgetNotFound."""
        budget = await self.store.lock(work, job_id)
        if budget is None:
            raise BudgetNotFound(job_id=job_id)
        return budget

    async def opened(self, work: UnitOfWork, job: JobRef) -> Budget:
        """Return a job's budget, locked; it is opened where there is none."""
        now = self._clock.now()
        await self.store.open(work, Budget.opened(job.job_id, job.company_id, now))
        return await self.locked(work, job.job_id)

    async def save(
        self,
        work: UnitOfWork,
        before: Budget,
        after: Budget,
        *,
        key: str = "",
        movements: Iterable[tuple[str, int]] = (),
        reference: str = "",
    ) -> bool:
        """Post `movements` (without zeros) under `key`, and write the budget.

        Returns whether anything was done: a key that was posted before does
        nothing again. Raises what `Books.post` raises.
        """
        if not await self.post(work, key=key, movements=movements, reference=reference):
            return False
        if after is not before:
            await self.store.save(work, after, before.version)
        return True

    async def post(
        self,
        work: UnitOfWork,
        *,
        key: str,
        movements: Iterable[tuple[str, int]],
        reference: str = "",
    ) -> bool:
        """Post `movements` without their zeros; return False when `key` was posted before."""
        lines = [(account, amount) for account, amount in movements if amount]
        if not lines:
            return True
        return (await self._books.post(work, key=key, lines=lines, reference=reference)).new
