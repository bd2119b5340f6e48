"""Use cases on jobs."""

from __future__ import annotations

from typing import Any

from weneeds.jobs.events.v1.events_pb2 import OfferClosed, OfferCreated, OfferUpdated

from services.jobs.app.stores import Collaborators, JobStore
from services.jobs.domain.errors import JobNotFound
from services.jobs.domain.jobs import Job, JobStatus
from services.kit.call import User
from services.kit.clock import Clock
from services.kit.ids import Ids
from services.kit.paging import Listing, Page
from services.kit.times import to_timestamp
from services.kit.work import UnitOfWork, UnitsOfWork


class Jobs:
    """Creates, changes, publishes, closes and reads jobs."""

    def __init__(
        self,
        work: UnitsOfWork,
        store: JobStore,
        collaborators: Collaborators,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._store = store
        self._collaborators = collaborators
        self._clock = clock
        self._ids = ids

    async def create(self, user: User, fields: dict[str, Any]) -> Job:
        """Create a draft from `fields`, which hold at least company, title and description."""
        job = Job(id=self._ids.new(), recruiter_id=user.id, created_at=self._clock.now(), **fields)
        async with self._work() as work:
            await self._store.insert(work, job)
        return job

    async def get(self, user: User, job_id: str) -> Job:
        """Read a job; drafts and closed ones only for the company's collaborators."""
        job = await self._store.get(job_id)
        if job is None:
            raise JobNotFound(job_id=job_id)
        if job.status is JobStatus.OPEN:
            return job
        if await self._collaborators.is_collaborator(user, job.company_id):
            return job
        raise JobNotFound(job_id=job_id)

    async def list_open(self, page: Page) -> Listing[Job]:
        """Return a page of the open jobs, newest first."""
        return await self._store.open_jobs(page)

    async def list_company(
        self, page: Page, company_id: str, status: JobStatus | None
    ) -> Listing[Job]:
        """Return a page of a company's jobs, newest first."""
        return await self._store.company_jobs(page, company_id, status)

    async def update(self, job_id: str, changes: dict[str, Any], version: int) -> Job:
        """Change fields of a job; tell the platform when it is open."""
        async with self._work() as work:
            before = await self._locked(work, job_id)
            job = before.changed(changes, version)
            await self._store.save(work, job)
            if job.status is JobStatus.OPEN:
                work.publish(
                    OfferUpdated(
                        job_id=job.id,
                        company_id=job.company_id,
                        version=job.version,
                        premium=job.premium,
                    )
                )
        return job

    async def publish(self, job_id: str) -> Job:
        """Open a draft for applications; the first time the platform is told."""
        async with self._work() as work:
            before = await self._locked(work, job_id)
            now = self._clock.now()
            job = before.published(now)
            if job is before:
                return job
            await self._store.save(work, job)
            work.publish(
                OfferCreated(
                    job_id=job.id,
                    company_id=job.company_id,
                    recruiter_id=job.recruiter_id,
                    version=job.version,
                    premium=job.premium,
                    title=job.title,
                    published_at=to_timestamp(now),
                )
            )
        return job

    async def close(self, job_id: str) -> Job:
        """Close a job for good."""
        async with self._work() as work:
            before = await self._locked(work, job_id)
            job = before.closed()
            if job is before:
                return job
            await self._store.save(work, job)
            if before.status is JobStatus.OPEN:
                work.publish(
                    OfferClosed(job_id=job.id, company_id=job.company_id, version=job.version)
                )
        return job

    async def delete(self, job_id: str) -> None:
        """Delete a draft."""
        async with self._work() as work:
            job = await self._store.lock(work, job_id)
            if job is None:
                return
            job.check_deletable()
            await self._store.delete(work, job_id)

    async def _locked(self, work: UnitOfWork, job_id: str) -> Job:
        job = await self._store.lock(work, job_id)
        if job is None:
            raise JobNotFound(job_id=job_id)
        return job
