"""The hiring flow by people who do not give up, and what must be true of it in the end."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import grpc
from weneeds import WeNeedsError, euros, micros
from weneeds.common.v1.action_pb2 import (
    ACTION_TYPE_APPLICATION_RECEIVED,
    ACTION_TYPE_INTERVIEW_FAILED,
    ACTION_TYPE_INTERVIEW_SUCCEEDED,
)
from weneeds.jobs.v1 import application_pb2
from weneeds.jobs.v1.application_pb2 import Application
from weneeds.payment.v1.budget_pb2 import ACTION_STATUS_PROCESSED, ActionLog

from stack.standins import mailbox
from tests.conftest import RunningMesh
from tests.support.people import Person, Team, candidate, eventually, team

T = TypeVar("T")

FUNDED = "100.00"
EURO = 1_000_000
# How long a caller tries before the flow counts as broken.
PATIENCE_SECONDS = 60.0
SETTLE_SECONDS = 90.0
# What a caller may be told while something is down. Anything else is a defect.
PASSING = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
OUTCOMES = {
    application_pb2.INTERVIEW_OUTCOME_SUCCEEDED: (ACTION_TYPE_INTERVIEW_SUCCEEDED, EURO),
    application_pb2.INTERVIEW_OUTCOME_FAILED: (ACTION_TYPE_INTERVIEW_FAILED, EURO // 2),
}


@dataclass
class Flow:
    """One funded job, and all that is done about it."""

    mesh: RunningMesh
    team: Team
    seekers: list[Person]
    applications: dict[str, Application] = field(default_factory=dict)
    # Outcome by application.
    interviews: dict[str, Any] = field(default_factory=dict)
    # What callers were told while they tried.
    told: Counter[grpc.StatusCode] = field(default_factory=Counter)

    async def one(self) -> None:
        """The next seeker applies; the recruiter interviews every second one."""
        seeker = self.seekers.pop()
        request_id = str(uuid4())
        application = (
            await self.persist(
                lambda: seeker.client.applications.apply(
                    request_id=request_id, job_id=self.team.job_id
                )
            )
        ).application
        self.applications[application.id] = application
        if len(self.applications) % 2:
            await self.interview(application.id)

    async def interview(self, application_id: str) -> None:
        """Shortlist, and record how it ended."""
        applications = self.team.recruiter.client.applications
        await self.persist(
            lambda: applications.move_application(
                application_id=application_id,
                status=application_pb2.APPLICATION_STATUS_SHORTLISTED,
            )
        )
        request_id = str(uuid4())
        outcome = random.choice(list(OUTCOMES))
        await self.persist(
            lambda: applications.record_interview(
                request_id=request_id, application_id=application_id, outcome=outcome
            )
        )
        self.interviews[application_id] = outcome

    async def persist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Repeat a call, the same one, until it is answered."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await call()
            except WeNeedsError as error:
                self.told[error.code] += 1
                if error.code not in PASSING or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.1)

    async def check(self) -> None:
        """Wait until all is settled; then the books must fit, to the micro-euro."""
        actions = await eventually(self._settled, SETTLE_SECONDS, "the fees")
        charged = Counter((a.application_id, a.type, micros(a.amount)) for a in actions)
        assert charged == Counter(self._fees())
        budget = (await self._budgets().get_budget(job_id=self.team.job_id)).budget
        spent = sum(fee for _, _, fee in self._fees())
        assert micros(budget.total_budget) == 100 * EURO
        assert micros(budget.current_balance) == 100 * EURO - spent
        entries = [e async for e in self._budgets().list_ledger_entries(job_id=self.team.job_id)]
        assert sum(micros(entry.amount) for entry in entries) == 100 * EURO - spent
        keys = [entry.transaction_key for entry in entries]
        assert len(keys) == len(set(keys))
        await self._check_applications()
        await self._check_mails()

    def _fees(self) -> list[tuple[str, Any, int]]:
        received = [
            (each.id, ACTION_TYPE_APPLICATION_RECEIVED, _points(each) * 10_000)
            for each in self.applications.values()
        ]
        return received + [(key, *OUTCOMES[outcome]) for key, outcome in self.interviews.items()]

    async def _settled(self) -> list[ActionLog] | None:
        pager = self._budgets().list_actions(job_id=self.team.job_id)
        try:
            actions = [action async for action in pager]
        except WeNeedsError as error:
            assert error.code in PASSING
            return None
        done = all(action.status == ACTION_STATUS_PROCESSED for action in actions)
        wanted = len(self.applications) + len(self.interviews)
        return actions if done and len(actions) >= wanted else None

    async def _check_applications(self) -> None:
        pager = self.team.recruiter.client.applications.list_applications(
            company_id=self.team.company_id
        )
        listed = {each.id: each async for each in pager}
        assert listed.keys() == self.applications.keys()
        for key, application in self.applications.items():
            assert _points(listed[key]) == _points(application)
            assert listed[key].receipt_id == application.receipt_id

    async def _check_mails(self) -> None:
        """One mail for each application; SMTP can make one twice, under one Message-ID."""
        folder: Path = self.mesh.topology.mailbox
        mine = self.team.recruiter

        async def told() -> Counter[str] | None:
            mails = [mail async for mail in mine.client.mails.list_my_mails()]
            about = [mail for mail in mails if "Développeur Python" in mail.subject]
            found = await asyncio.to_thread(mailbox.read_all, folder, mine.email, 10_000)
            kept = Counter(m.message_id for m in found if "Développeur Python" in m.subject)
            complete = len(about) == len(kept) >= len(self.applications)
            return kept if complete else None

        kept = await eventually(told, SETTLE_SECONDS, "the mails")
        assert len(kept) == len(self.applications)
        # The window: messaging is killed between the mail server's "250" and its own commit.
        restarts = self.mesh.mesh.supervisor.restarts.get("messaging", 0)
        assert kept.total() - len(kept) <= restarts

    def _budgets(self) -> Any:
        return self.team.recruiter.client.budgets


async def begin(mesh: RunningMesh, seekers: int) -> Flow:
    """Found a company, fund its job, and call the seekers."""
    client = mesh.client()
    hiring = await team(client)
    await hiring.recruiter.client.budgets.fund_budget(
        job_id=hiring.job_id, amount=euros(FUNDED), payment_method="pm_card_visa"
    )
    people = [await candidate(client) for _ in range(seekers)]
    return Flow(mesh, hiring, people)


def _points(application: Application) -> int:
    """What the score is billed as; 67 when matching did not answer in time."""
    return application.matching_score if application.HasField("matching_score") else 67
