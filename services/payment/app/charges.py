"""Charges the actions of the write-ahead log, each exactly once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import TypeGuard

from services.kit.clock import Clock
from services.kit.errors import Refused
from services.kit.ids import Ids
from services.kit.telemetry import continued, tracer
from services.kit.work import UnitOfWork, UnitsOfWork
from services.payment.app import messages
from services.payment.app.jobs import Jobs
from services.payment.app.stores import ActionStore, BudgetStore, DueAction, LedgerStore
from services.payment.domain import ledger
from services.payment.domain.actions import (
    APPLICATION_RECEIVED,
    ActionStatus,
    LoggedAction,
    Wait,
    after_failure,
)
from services.payment.domain.budgets import Budget
from services.payment.domain.cycles import cycle_start
from services.payment.domain.jobs import JobRef

log = logging.getLogger(__name__)

BATCH = 50
# How long a runner has a claimed action for itself. When it dies, the action
# is due again after that.
_LEASE = timedelta(minutes=2)


class JobUnknown(Exception):
    """Neither the read model nor the jobs service knows the job."""


class Outcome(Enum):
    """What became of one try."""

    # Debited, or nothing to debit.
    PROCESSED = auto()
    WAITS = auto()
    FAILED = auto()
    # Not pending any more, or somebody else is at it.
    SKIPPED = auto()


@dataclass(frozen=True, slots=True)
class RunReport:
    """What the minute job did."""

    claimed: int
    processed: int
    failed: int


class Charges:
    """Takes pending actions to their end."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        actions: ActionStore,
        budgets: BudgetStore,
        books: LedgerStore,
        jobs: Jobs,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._actions = actions
        self._budgets = budgets
        self._books = books
        self._jobs = jobs
        self._clock = clock
        self._ids = ids

    async def settle(self, job_id: str) -> None:
        """Try all that is due of one job, oldest first."""
        while True:
            async with self._work() as work:
                due = await self._actions.due(work, job_id, self._clock.now(), BATCH)
            outcomes = [await self.process(item) for item in due]
            # Each other outcome takes the action out of what is due.
            if all(outcome is Outcome.SKIPPED for outcome in outcomes):
                return

    async def retry(self) -> RunReport:
        """Try at most 50 actions that are due; one that fails holds up no other."""
        now = self._clock.now()
        async with self._work() as work:
            claimed = await self._actions.claim(work, now, now + _LEASE, BATCH)
        outcomes = [await self.process(item) for item in claimed]
        report = RunReport(
            len(claimed), outcomes.count(Outcome.PROCESSED), outcomes.count(Outcome.FAILED)
        )
        if report.claimed:
            log.info(
                "Pending actions retried",
                extra={"processed": report.processed, "failed": report.failed},
            )
        return report

    async def process(self, due: DueAction) -> Outcome:
        """Try one action; a failure is written down and not raised."""
        try:
            outcome = await self._attempt(due.id, known_enough=_complete)
            if outcome is not None:
                return outcome
            if await self._jobs.ref(due.job_id) is None:
                raise JobUnknown
            return await self._attempt(due.id, known_enough=_known) or Outcome.SKIPPED
        except Exception as error:
            await self._note_failure(due, error)
            return Outcome.FAILED

    async def _attempt(
        self, action_id: str, known_enough: Callable[[JobRef | None], TypeGuard[JobRef]]
    ) -> Outcome | None:
        """Charge in one transaction; None when the job must be looked up first."""
        async with self._work() as work:
            pending = await self._actions.lock(work, action_id)
            if pending is None:
                return Outcome.SKIPPED
            job = pending.job
            if not known_enough(job):
                return None
            context = continued(pending.trace)
            with tracer.start_as_current_span("payment charge", context):
                return await self._charge(work, pending.logged, job)

    async def _charge(self, work: UnitOfWork, logged: LoggedAction, job: JobRef) -> Outcome:
        if job.premium or not logged.amount:
            return await self._without_debit(work, logged, job)
        now = self._clock.now()
        fee, job_id = logged.amount, job.job_id
        budget = await self._budgets.debit(work, job_id, fee, cycle_start(now))
        if budget is None:
            # The lock keeps a funding from slipping in between the look and the note.
            held = await self._budgets.lock(work, job_id)
            if held is None or not held.holds(fee):
                await self._wait(work, logged, job, held)
                return Outcome.WAITS
            budget = await self._budgets.debit(work, job_id, fee, cycle_start(now))
        if budget is None:
            return Outcome.SKIPPED
        transaction = ledger.fee(logged.action.key, job_id, fee, logged.action.receipt_id)
        ids = [self._ids.new() for _ in range(1 + len(transaction.lines))]
        await self._books.post(work, transaction, ids, now)
        await self._actions.processed(work, logged.id, ids[0], now)
        work.publish(messages.charged(logged, budget.balance, ids[0], now))
        self._tell_recruiter(work, logged, job, fee, budget.balance)
        return Outcome.PROCESSED

    async def _without_debit(self, work: UnitOfWork, logged: LoggedAction, job: JobRef) -> Outcome:
        await self._actions.processed(work, logged.id, None, self._clock.now())
        budget = None if job.premium else await self._budgets.find(work, job.job_id)
        self._tell_recruiter(work, logged, job, 0, budget.balance if budget else None)
        return Outcome.PROCESSED

    async def _wait(
        self, work: UnitOfWork, logged: LoggedAction, job: JobRef, held: Budget | None
    ) -> None:
        if held is None:
            await self._actions.wait(work, logged.id, Wait.NO_BUDGET, self._clock.now())
            return
        noted = held.miss(logged.amount)
        wait = Wait(f"BUDGET_{noted.status.value}")
        await self._actions.wait(work, logged.id, wait, self._clock.now())
        if noted is held:
            return
        await self._budgets.save(work, noted)
        work.publish(messages.exhausted(noted))
        if job.recruiter_id:
            work.publish(messages.exhausted_mail(noted, job))

    def _tell_recruiter(
        self, work: UnitOfWork, logged: LoggedAction, job: JobRef, debited: int, left: int | None
    ) -> None:
        named = logged.action.recruiter_id or job.recruiter_id
        if logged.action.type == APPLICATION_RECEIVED and named:
            work.publish(messages.application_mail(logged, job, debited, left))

    async def _note_failure(self, due: DueAction, error: Exception) -> None:
        reason = error.reason if isinstance(error, Refused) else type(error).__name__
        async with self._work() as work:
            failed_before = await self._actions.lock_for_failure(work, due.id)
            if failed_before is None:
                return
            failure = after_failure(failed_before + 1, due.id, reason, self._clock.now())
            await self._actions.failed(work, due.id, failure)
        facts = {"action_id": due.id, "tries": failure.tries, "status": failure.status.value}
        level = logging.ERROR if failure.status is ActionStatus.FAILED else logging.WARNING
        log.log(level, "Action failed", extra={**facts, "reason": reason}, exc_info=error)


def _complete(job: JobRef | None) -> TypeGuard[JobRef]:
    return job is not None and bool(job.recruiter_id)


def _known(job: JobRef | None) -> TypeGuard[JobRef]:
    return job is not None
