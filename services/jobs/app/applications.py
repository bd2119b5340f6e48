"""Use cases on applications."""

from __future__ import annotations

from weneeds.common.v1 import action_pb2 as actions
from weneeds.jobs.events.v1.events_pb2 import (
    ActionPerformed,
    ApplicationMoved,
    ApplicationReceived,
)
from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1 import mail_pb2 as mails

from services.jobs.app.stores import ApplicationStore, CandidateStore, JobStore, Prices, Scoring
from services.jobs.domain.applications import (
    Application,
    ApplicationStatus,
    InterviewOutcome,
    Meeting,
)
from services.jobs.domain.errors import (
    ApplicationNotFound,
    JobNotFound,
    JobNotOpen,
    ProfileMissing,
)
from services.jobs.domain.jobs import Job, JobStatus
from services.kit.call import User
from services.kit.clock import Clock
from services.kit.db import Row
from services.kit.ids import Ids
from services.kit.money import to_money
from services.kit.paging import Listing, Page
from services.kit.times import to_timestamp
from services.kit.work import UnitOfWork, UnitsOfWork

_ACTIONS = {
    InterviewOutcome.SUCCEEDED: actions.ACTION_TYPE_INTERVIEW_SUCCEEDED,
    InterviewOutcome.FAILED: actions.ACTION_TYPE_INTERVIEW_FAILED,
}


class Applications:
    """Applies, moves, interviews and reads."""

    def __init__(
        self,
        work: UnitsOfWork,
        store: ApplicationStore,
        jobs: JobStore,
        candidates: CandidateStore,
        scoring: Scoring,
        prices: Prices,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._store = store
        self._jobs = jobs
        self._candidates = candidates
        self._scoring = scoring
        self._prices = prices
        self._clock = clock
        self._ids = ids

    async def apply(self, user: User, job_id: str) -> Row:
        """Apply to an open job. The score is fixed before anything is written."""
        job = await self._open_job(job_id)
        if await self._candidates.get(user.id) is None:
            raise ProfileMissing
        application_id = self._ids.new()
        score = await self._scoring.score(application_id, job_id, user.id)
        application = Application(
            id=application_id,
            job_id=job_id,
            company_id=job.company_id,
            candidate_id=user.id,
            created_at=self._clock.now(),
            matching_score=score.points if score else None,
            receipt_id=score.receipt_id if score else None,
        )
        async with self._work() as work:
            await self._store.insert(work, application)
            work.publish(_received(application, job))
            _mail(work, user.id, mails.MAIL_TYPE_APPLICATION_CONFIRMED, job)
            return await self._row(application_id, work)

    async def get(self, application_id: str) -> Row:
        """Read one application as a list row."""
        return await self._row(application_id)

    async def list_company(
        self, page: Page, company_id: str, job_id: str, status: ApplicationStatus | None
    ) -> Listing[Row]:
        """Return a page of a company's applications, newest first, in one statement."""
        return await self._store.of_company(page, company_id, job_id, status)

    async def list_mine(self, page: Page, user: User) -> Listing[Row]:
        """Return a page of the caller's applications, newest first."""
        return await self._store.of_candidate(page, user.id)

    async def move(self, application_id: str, to: ApplicationStatus) -> Row:
        """Move an application by decision of a person at the company."""
        async with self._work() as work:
            before = await self._locked(work, application_id)
            await self._changed(work, before, before.moved(to), tell=True)
            return await self._row(application_id, work)

    async def withdraw(self, application_id: str) -> Row:
        """Take the caller's application back."""
        async with self._work() as work:
            before = await self._locked(work, application_id)
            await self._changed(work, before, before.withdrawn(), tell=False)
            return await self._row(application_id, work)

    async def schedule(self, user: User, application_id: str, meeting: Meeting) -> Row:
        """Put an appointment on an application that is still open."""
        async with self._work() as work:
            application = await self._locked(work, application_id)
            application.check_open(ApplicationStatus.INTERVIEWED)
            await self._store.put_meeting(work, application_id, meeting)
            self._acted(work, application, user, actions.ACTION_TYPE_MEETING_SCHEDULED)
            job = await self._job(application.job_id)
            starts = meeting.starts_at.strftime("%d/%m/%Y %H:%M UTC")
            kind = mails.MAIL_TYPE_MEETING_SCHEDULED
            _mail(work, application.candidate_id, kind, job, starts_at=starts, place=meeting.place)
            return await self._row(application_id, work)

    async def interview(self, user: User, application_id: str, outcome: InterviewOutcome) -> Row:
        """Record the outcome of the interview; the fee follows from the event."""
        async with self._work() as work:
            before = await self._locked(work, application_id)
            after = before.interviewed(outcome)
            if after is not before:
                await self._changed(work, before, after, tell=False)
                self._acted(work, after, user, _ACTIONS[outcome])
            return await self._row(application_id, work)

    def new_meeting_id(self) -> str:
        """Return an id for a meeting."""
        return self._ids.new()

    async def _changed(
        self, work: UnitOfWork, before: Application, after: Application, *, tell: bool
    ) -> None:
        if after is before:
            return
        await self._store.save(work, after)
        work.publish(
            ApplicationMoved(
                application_id=after.id,
                job_id=after.job_id,
                company_id=after.company_id,
                candidate_id=after.candidate_id,
                status=after.status.name,
            )
        )
        if tell:
            job = await self._job(after.job_id)
            kind = mails.MAIL_TYPE_APPLICATION_MOVED
            _mail(work, after.candidate_id, kind, job, status=after.status.name)

    def _acted(
        self,
        work: UnitOfWork,
        application: Application,
        user: User,
        action: actions.ActionType.ValueType,
    ) -> None:
        work.publish(
            ActionPerformed(
                type=action,
                job_id=application.job_id,
                company_id=application.company_id,
                amount=to_money(self._prices.of(action)),
                application_id=application.id,
                user_id=user.id,
                performed_at=to_timestamp(self._clock.now()),
            )
        )

    async def _open_job(self, job_id: str) -> Job:
        job = await self._job(job_id)
        if job.status is JobStatus.DRAFT:
            raise JobNotFound(job_id=job_id)
        if job.status is not JobStatus.OPEN:
            raise JobNotOpen(status=job.status.name)
        return job

    async def _job(self, job_id: str) -> Job:
        job = await self._jobs.get(job_id)
        if job is None:
            raise JobNotFound(job_id=job_id)
        return job

    async def _locked(self, work: UnitOfWork, application_id: str) -> Application:
        application = await self._store.lock(work, application_id)
        if application is None:
            raise ApplicationNotFound(application_id=application_id)
        return application

    async def _row(self, application_id: str, work: UnitOfWork | None = None) -> Row:
        row = await self._store.row(application_id, work)
        if row is None:
            raise ApplicationNotFound(application_id=application_id)
        return row


def _received(application: Application, job: Job) -> ApplicationReceived:
    return ApplicationReceived(
        job_id=job.id,
        company_id=job.company_id,
        application_id=application.id,
        matching_score=application.matching_score,
        receipt_id=application.receipt_id or "",
        candidate_id=application.candidate_id,
        recruiter_id=job.recruiter_id,
        job_title=job.title,
        received_at=to_timestamp(application.created_at),
    )


def _mail(
    work: UnitOfWork, user_id: str, kind: mails.MailType.ValueType, job: Job, **variables: str
) -> None:
    known = {"job_title": job.title, "company_name": job.company_name, **variables}
    work.publish(MailSend(recipient_user_id=user_id, type=kind, variables=known))
