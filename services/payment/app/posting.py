"""Decides a batch of one job's actions and writes what follows, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.kit.clock import Clock
from services.kit.ids import Ids
from services.kit.telemetry import continued, feature_uses, tracer
from services.kit.work import UnitOfWork
from services.payment.app import billing_messages, messages
from services.payment.app.books import Books
from services.payment.app.stores import (
    ActionStore,
    BudgetStore,
    PendingAction,
    Posted,
    Settled,
    Waiting,
)
from services.payment.domain import ledger
from services.payment.domain.actions import APPLICATION_RECEIVED, LoggedAction, Wait
from services.payment.domain.budgets import Budget
from services.payment.domain.jobs import JobRef

_FEATURE = {"feature": "PAYMENT_PROCESSED"}


@dataclass(slots=True)
class _Batch:
    """What becomes of the actions, and the budget as it stands after them."""

    work: UnitOfWork
    job: JobRef
    now: datetime
    # None when there is none, or when the job is premium.
    budget: Budget | None
    postings: list[Posted] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)


class Posting:
    """Charges actions that are locked."""

    def __init__(
        self,
        *,
        actions: ActionStore,
        budgets: BudgetStore,
        books: Books,
        clock: Clock,
        ids: Ids,
        low: Callable[[str], None] = lambda _job_id: None,
    ) -> None:
        self._actions = actions
        self._budgets = budgets
        self._books = books
        self._clock = clock
        self._ids = ids
        # Told of a job whose budget wants to be topped up, after the commit.
        self._low = low

    async def charge(
        self, work: UnitOfWork, job: JobRef, pending: Sequence[PendingAction]
    ) -> tuple[int, int]:
        """Debit what the budget holds, in this order; return how many are settled and wait.

        The budget's row stays locked until the commit, so no funding slips in
        between the look at the balance and the note that an action waits.
        """
        before = None if job.premium else await self._budgets.lock(work, job.job_id)
        batch = _Batch(work, job, self._clock.now(), before)
        for item in pending:
            with tracer.start_as_current_span("payment charge", continued(item.trace)):
                self._decide(batch, item.logged)
        if before is not None and batch.budget is not None and batch.budget is not before:
            self._watch(batch, batch.budget)
            await self._budgets.save(work, batch.budget, before.version)
        if batch.postings:
            await self._books.write_all(work, batch.postings)
        if batch.settled:
            await self._actions.processed(work, batch.settled, batch.now)
            uses = len(batch.settled)
            work.after_commit(lambda: feature_uses.add(uses, _FEATURE))
        if batch.waiting:
            await self._actions.wait(work, batch.waiting, batch.now)
        return len(batch.settled), len(batch.waiting)

    def _watch(self, batch: _Batch, budget: Budget) -> None:
        """Warn of a threshold that was passed, and see whether money is to be fetched."""
        batch.budget, percent = budget.warn()
        if percent:
            batch.work.publish(billing_messages.threshold(budget, percent))
        if percent and batch.job.recruiter_id:
            batch.work.publish(billing_messages.threshold_mail(budget, batch.job, percent))
        if budget.wants_top_up:
            batch.work.after_commit(lambda: self._low(budget.job_id))

    def _decide(self, batch: _Batch, logged: LoggedAction) -> None:
        fee = 0 if batch.job.premium else logged.amount
        if not fee:
            self._settle(batch, logged, 0, None)
        elif batch.budget is None:
            batch.waiting.append(Waiting(logged.id, Wait.NO_BUDGET))
        elif batch.budget.holds(fee):
            self._debit(batch, batch.budget, logged)
        else:
            self._miss(batch, batch.budget, logged)

    def _debit(self, batch: _Batch, budget: Budget, logged: LoggedAction) -> None:
        batch.budget = budget.debit(logged.amount, batch.now)
        transaction = ledger.fee(
            logged.action.key, budget.job_id, logged.amount, logged.action.receipt_id
        )
        posted = Posted.of(transaction, self._ids)
        batch.postings.append(posted)
        batch.work.publish(messages.charged(logged, batch.budget.balance, posted.id, batch.now))
        self._settle(batch, logged, logged.amount, posted.id)

    def _settle(
        self, batch: _Batch, logged: LoggedAction, debited: int, transaction_id: str | None
    ) -> None:
        batch.settled.append(Settled(logged.id, transaction_id))
        told = logged.action.recruiter_id or batch.job.recruiter_id
        if logged.action.type != APPLICATION_RECEIVED or not told:
            return
        left = batch.budget.balance if batch.budget else None
        batch.work.publish(messages.application_mail(logged, batch.job, debited, left))

    def _miss(self, batch: _Batch, budget: Budget, logged: LoggedAction) -> None:
        noted = budget.miss(logged.amount)
        batch.waiting.append(Waiting(logged.id, Wait(f"BUDGET_{noted.status.value}")))
        if noted is budget:
            return
        batch.budget = noted
        batch.work.publish(messages.exhausted(noted))
        if batch.job.recruiter_id:
            batch.work.publish(messages.exhausted_mail(noted, batch.job))
