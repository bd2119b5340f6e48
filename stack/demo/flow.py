"""The flow: the best are found, some apply, a person decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from weneeds import FailedPrecondition
from weneeds.common.v1.action_pb2 import (
    ACTION_TYPE_APPLICATION_RECEIVED,
    ACTION_TYPE_INTERVIEW_FAILED,
    ACTION_TYPE_INTERVIEW_SUCCEEDED,
    ACTION_TYPE_MEETING_SCHEDULED,
    ActionType,
)
from weneeds.jobs.v1.application_pb2 import Application
from weneeds.matching.v1.ranking_service_pb2 import RankCandidatesResponse
from weneeds.messaging.v1 import mail_pb2

from stack.demo.cast import Actor, request_id, until
from stack.demo.prices import fee_micros
from stack.demo.scene import Scene
from stack.demo.story import Story

_JOB = "python-backend"
_NOTICE_SECONDS = 60.0
_INDEX_SECONDS = 60.0
_MEETING_IN = timedelta(days=3)
_MEETING_MINUTES = 45
_PLACE = "Atelier Boréal, 12 quai des Aubépines, Nantes (adresse fictive)"


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happened on an application, and what it costs in micro-euros."""

    type: ActionType.ValueType
    application_id: str
    fee: int


@dataclass(slots=True)
class Facts:
    """What this run did."""

    first_run: bool
    applications: list[Application] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    # Each mail that must follow: (user id, type).
    mails: list[tuple[str, mail_pb2.MailType.ValueType]] = field(default_factory=list)
    # Application ids that the recruiter's live stream told.
    noticed: set[str] = field(default_factory=set)


class Flow:
    """Walks the flow on a scene."""

    def __init__(self, scene: Scene, story: Story) -> None:
        self._scene = scene
        self._story = story
        self._recruiter = scene.employer.recruiter
        self._helper = scene.employer.helper

    async def walk(self) -> Facts:
        """Rank, apply, decide; return what was done."""
        before = {a.candidate.id async for a in self._applications()}
        facts = Facts(first_run=not before)
        self._story.chapter("4", "The recruiter asks for the best candidates")
        ranking = await self._ranking()
        self._story.ranking(self._scene, ranking)
        self._story.chapter("5", "Candidates apply; each score is fixed before it is billed")
        await self._apply(await self._applicants(before, ranking), facts)
        self._story.applications(self._scene, facts)
        self._story.chapter("6", "A person decides")
        if facts.first_run:
            await self._decide(facts)
        else:
            self._story.undecided()
        return facts

    async def _ranking(self) -> RankCandidatesResponse:
        ranking = self._recruiter.weneeds.ranking
        return await ranking.rank_candidates(job_id=self._scene.job.id, page_size=50).page()

    def _applications(self) -> AsyncIterator[Application]:
        pager = self._recruiter.weneeds.applications.list_applications(
            company_id=self._scene.employer.company_id, job_id=self._scene.job.id, page_size=100
        )
        return aiter(pager)

    async def _applicants(
        self, before: set[str], ranking: RankCandidatesResponse
    ) -> Sequence[Actor]:
        """The first time those who were written for the job; later the best who has not."""
        seekers = self._scene.seekers
        if not before:
            wanted = [s for s in seekers.values() if _JOB in s.sample.fits | s.sample.near]
            return [seeker.actor for seeker in wanted]
        best = [hit.candidate_id for hit in ranking.candidates]
        new = [user for user in best if user in seekers and user not in before]
        return [seekers[user].actor for user in new[:1]]

    async def _apply(self, applicants: Sequence[Actor], facts: Facts) -> None:
        async with self._listening(facts):
            for actor in applicants:
                await until(f"the profile of {actor.name}", _indexed(actor), _INDEX_SECONDS)
                answer = await actor.weneeds.applications.apply(
                    request_id=request_id("apply", self._scene.job.id, actor.user_id),
                    job_id=self._scene.job.id,
                )
                application = answer.application
                facts.applications.append(application)
                facts.acts.append(_received(application))
                facts.mails.append((actor.user_id, mail_pb2.MAIL_TYPE_APPLICATION_CONFIRMED))

    @asynccontextmanager
    async def _listening(self, facts: Facts) -> AsyncIterator[None]:
        """Follow the recruiter's live stream until it told what was done meanwhile."""
        async with self._recruiter.weneeds.streams.subscribe(topics=["applications"]) as stream:
            # The first message says that the stream is open.
            await anext(stream)
            yield
            waiting = {application.id for application in facts.applications}
            try:
                async with asyncio.timeout(_NOTICE_SECONDS):
                    while waiting:
                        told = (await anext(stream)).notice.resource_id
                        facts.noticed |= waiting & {told}
                        waiting.discard(told)
            except TimeoutError:
                # The check of the notices says how many are missing.
                return

    async def _decide(self, facts: Facts) -> None:
        """The collaborator interviews the two best: one yes, one no."""
        best, second, *_ = sorted(facts.applications, key=lambda a: a.matching_score, reverse=True)
        await self._shortlist(best, facts)
        await self._meet(best, facts)
        await self._interview(best, facts, succeeded=True)
        await self._shortlist(second, facts)
        await self._interview(second, facts, succeeded=False)
        self._story.decisions(self._scene, facts)

    async def _shortlist(self, application: Application, facts: Facts) -> None:
        await self._helper.weneeds.applications.move_application(
            application_id=application.id, status="APPLICATION_STATUS_SHORTLISTED"
        )
        facts.mails.append((application.candidate.id, mail_pb2.MAIL_TYPE_APPLICATION_MOVED))

    async def _meet(self, application: Application, facts: Facts) -> None:
        day = datetime.now(UTC) + _MEETING_IN
        await self._helper.weneeds.applications.schedule_meeting(
            application_id=application.id,
            starts_at=day.replace(hour=13, minute=0, second=0, microsecond=0),
            duration_minutes=_MEETING_MINUTES,
            place=_PLACE,
        )
        facts.acts.append(Act(ACTION_TYPE_MEETING_SCHEDULED, application.id, 0))
        facts.mails.append((application.candidate.id, mail_pb2.MAIL_TYPE_MEETING_SCHEDULED))

    async def _interview(self, application: Application, facts: Facts, *, succeeded: bool) -> None:
        await self._helper.weneeds.applications.record_interview(
            request_id=request_id("interview", application.id),
            application_id=application.id,
            outcome="INTERVIEW_OUTCOME_SUCCEEDED" if succeeded else "INTERVIEW_OUTCOME_FAILED",
        )
        kind = ACTION_TYPE_INTERVIEW_SUCCEEDED if succeeded else ACTION_TYPE_INTERVIEW_FAILED
        facts.acts.append(Act(kind, application.id, fee_micros(kind, None)))


def _indexed(actor: Actor) -> Callable[[], Awaitable[bool | None]]:
    """Whether matching knows the candidate's profile: without it there is no score."""

    async def probe() -> bool | None:
        try:
            await actor.weneeds.ranking.rank_jobs(page_size=1).page()
        except FailedPrecondition as error:
            if error.reason != "PROFILE_NOT_INDEXED":
                raise
            return None
        return True

    return probe


def _received(application: Application) -> Act:
    score = application.matching_score if application.HasField("matching_score") else None
    kind = ACTION_TYPE_APPLICATION_RECEIVED
    return Act(kind, application.id, fee_micros(kind, score))
