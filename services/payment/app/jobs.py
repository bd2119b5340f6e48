"""What payment knows of jobs: a read model fed by events, else the jobs service is asked."""

from __future__ import annotations

from collections.abc import Callable

from services.kit.work import UnitsOfWork
from services.payment.app.ports import JobFacts
from services.payment.app.stores import JobRefStore
from services.payment.domain.jobs import JobRef

# A job as the jobs service tells it has no version: any event is later.
_NO_VERSION = 0


class Jobs:
    """Keeps and finds jobs."""

    def __init__(
        self, work: UnitsOfWork, store: JobRefStore, facts: JobFacts, wake: Callable[[str], None]
    ) -> None:
        self._work = work
        self._store = store
        self._facts = facts
        self._wake = wake

    async def ref(self, job_id: str) -> JobRef | None:
        """Return what is known of a job; None when there is no such job.

        Raises DependencyDown when the jobs service is needed and does not answer.
        """
        async with self._work() as work:
            known = await self._store.find(work, job_id)
        if known is not None and known.recruiter_id:
            return known
        told = await self._facts.job_ref(job_id)
        if told is None:
            return known
        async with self._work() as work:
            await self._store.save_published(work, told, _NO_VERSION)
            return await self._store.find(work, job_id)

    async def published(self, job: JobRef, version: int) -> None:
        """Keep a job that was published."""
        async with self._work() as work:
            await self._store.save_published(work, job, version)
            work.after_commit(lambda: self._wake(job.job_id))

    async def changed(self, job_id: str, company_id: str, premium: bool, version: int) -> None:
        """Keep a change of a job. What waited for money goes through once it is premium."""
        async with self._work() as work:
            await self._store.save_change(work, job_id, company_id, premium, version)
            work.after_commit(lambda: self._wake(job_id))
