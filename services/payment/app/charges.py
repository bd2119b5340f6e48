"""Takes the actions of the write-ahead log to their end, each exactly once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import TypeGuard

from services.kit.clock import Clock
from services.kit.errors import Refused
from services.kit.logs import in_brief
from services.kit.work import UnitsOfWork
from services.payment.app import messages
from services.payment.app.jobs import Jobs
from services.payment.app.posting import Posting
from services.payment.app.stores import ActionStore, DueAction
from services.payment.domain.actions import ActionStatus, after_failure
from services.payment.domain.jobs import JobRef

log = logging.getLogger(__name__)

BATCH = 50
# The pump takes more at once: one commit for all of them.
_TOGETHER = 200
# How long a runner has a claimed action for itself. When it dies, the action
# is due again after that.
_LEASE = timedelta(seconds=30)


class JobUnknown(Exception):
    """Neither the read model nor the jobs service knows the job."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of some actions.

    What is in none of the counts was not pending any more, or somebody else is at it.
    """

    # Debited, or nothing to debit.
    processed: int = 0
    waiting: int = 0
    failed: int = 0

    def __add__(self, other: Report) -> Report:
        return Report(
            self.processed + other.processed,
            self.waiting + other.waiting,
            self.failed + other.failed,
        )


class Charges:
    """Tries pending actions."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        actions: ActionStore,
        posting: Posting,
        jobs: Jobs,
        clock: Clock,
    ) -> None:
        self._work = work
        self._actions = actions
        self._posting = posting
        self._jobs = jobs
        self._clock = clock

    async def settle(self, job_id: str) -> None:
        """Try all that is due of one job, oldest first."""
        while True:
            try:
                tried = await self._settle_at_once(job_id)
            except Exception as error:
                log.info("Actions are tried with more care", extra={"error": in_brief(error)})
                tried = None
            if tried is None:
                return await self._settle_with_care(job_id)
            if tried < _TOGETHER:
                return None

    async def _settle_at_once(self, job_id: str) -> int | None:
        """Look and charge in one commit; None when the job must be looked up first."""
        async with self._work() as work:
            now = self._clock.now()
            pending = await self._actions.lock_due(work, job_id, now, _TOGETHER)
            if not pending:
                return 0
            job = pending[0].job
            if not _complete(job):
                return None
            await self._posting.charge(work, job, pending)
            return len(pending)

    async def _settle_with_care(self, job_id: str) -> None:
        while True:
            async with self._work() as work:
                due = await self._actions.due(work, job_id, self._clock.now(), _TOGETHER)
            # Each of these outcomes takes an action out of what is due.
            if not due or await self.process(due) == Report():
                return

    async def retry(self) -> Report:
        """Try at most 50 actions that are due; one that fails holds up no other."""
        now = self._clock.now()
        async with self._work() as work:
            claimed = await self._actions.claim(work, now, now + _LEASE, BATCH)
        by_job = sorted(claimed, key=lambda due: due.job_id)
        report = Report()
        for _, due in groupby(by_job, key=lambda due: due.job_id):
            report += await self.process(list(due))
        if claimed:
            facts = {"processed": report.processed, "failed": report.failed}
            log.info("Pending actions retried", extra=facts)
        return report

    async def process(self, due: Sequence[DueAction]) -> Report:
        """Try actions of one job together; when that fails, one by one.

        A failure of a single one is written down and not raised.
        """
        try:
            report = await self._charge(due, _complete)
            if report is None:
                report = await self._after_look_up(due)
            return report
        except Exception as error:
            if len(due) == 1:
                return await self._note_failures(due, error)
        report = Report()
        for one in due:
            report += await self.process([one])
        return report

    async def _after_look_up(self, due: Sequence[DueAction]) -> Report:
        try:
            if await self._jobs.ref(due[0].job_id) is None:
                raise JobUnknown
        except (Refused, JobUnknown) as error:
            # One question stands for all: no action would get another answer.
            return await self._note_failures(due, error)
        return await self._charge(due, _known) or Report()

    async def _charge(
        self, due: Sequence[DueAction], enough: Callable[[JobRef | None], TypeGuard[JobRef]]
    ) -> Report | None:
        """Charge in one transaction; None when the job must be looked up first."""
        async with self._work() as work:
            pending = await self._actions.lock(work, [one.id for one in due])
            if not pending:
                return Report()
            job = pending[0].job
            if not enough(job):
                return None
            processed, waiting = await self._posting.charge(work, job, pending)
            return Report(processed, waiting)

    async def _note_failures(self, due: Sequence[DueAction], error: Exception) -> Report:
        reason = error.reason if isinstance(error, Refused) else type(error).__name__
        for one in due:
            await self._note_failure(one, reason, error)
        return Report(failed=len(due))

    async def _note_failure(self, due: DueAction, reason: str, error: Exception) -> None:
        async with self._work() as work:
            failed_before = await self._actions.lock_for_failure(work, due.id)
            if failed_before is None:
                return
            failure = after_failure(failed_before + 1, due.id, reason, self._clock.now())
            await self._actions.failed(work, due.id, failure)
            if failure.status is ActionStatus.FAILED:
                work.publish(messages.given_up(due.job_id, due.id, failure))
        level = logging.ERROR if failure.status is ActionStatus.FAILED else logging.WARNING
        facts = {"action_id": due.id, "tries": failure.tries, "status": failure.status.value}
        log.log(level, "Action failed", extra={**facts, "reason": reason}, exc_info=error)


def _complete(job: JobRef | None) -> TypeGuard[JobRef]:
    return job is not None and bool(job.recruiter_id)


def _known(job: JobRef | None) -> TypeGuard[JobRef]:
    return job is not None
