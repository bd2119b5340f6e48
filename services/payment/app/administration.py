"""Payment, as staff sees it: the log of all jobs, figures, another try, an adjustment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from services.kit.audit import note_change
from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import InvalidFields
from services.kit.money import decimal_text
from services.kit.paging import Listing, Page
from services.kit.work import UnitsOfWork
from services.payment.app.billing_stores import AdministrationStore, Stats
from services.payment.app.purses import Purses
from services.payment.app.stores import ActionRow
from services.payment.domain import accounts
from services.payment.domain.actions import ActionStatus
from services.payment.domain.budget_views import BudgetView, view
from services.payment.domain.errors import ActionNotFound, ActionState, AmountInvalid
from services.payment.domain.fees import MAX_FUNDING, MICROS_PER_CENT

_USUAL_SPAN = timedelta(days=30)
_LONGEST_SPAN = timedelta(days=366)


class Administration:
    """Use cases of staff."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        store: AdministrationStore,
        purses: Purses,
        clock: Clock,
        wake: Callable[[str], None],
    ) -> None:
        self._work = work
        self._reader = reader
        self._store = store
        self._purses = purses
        self._clock = clock
        self._wake = wake

    async def actions(self, status: ActionStatus | None, page: Page) -> Listing[ActionRow]:
        """List actions of all jobs, newest first."""
        return await self._store.list_all(self._reader, status, page)

    async def stats(self, start: datetime | None, end: datetime | None) -> Stats:
        """Count actions and add up what was debited; the days of 30 days when nothing is named.

        Raises InvalidFields for a span that is no span, or longer than 366 days.
        """
        end = end or self._clock.now()
        start = start or end - _USUAL_SPAN
        if not timedelta(0) < end - start <= _LONGEST_SPAN:
            raise InvalidFields([("from", "must lie before `to`, by 366 days at most")])
        return await self._store.stats(self._reader, start, end)

    async def retry(self, action_id: str) -> ActionRow:
        """Make an action that was given up due again. Raises ActionNotFound, ActionState."""
        async with self._work() as work:
            action = await self._store.lock_action(work, action_id)
            if action is None:
                raise ActionNotFound
            if action.status is not ActionStatus.FAILED:
                raise ActionState(status=action.status.value)
            await self._store.revive(work, action_id, self._clock.now())
            note_change(
                resource_type="action",
                resource_id=action_id,
                old={"status": ActionStatus.FAILED.value, "retry_count": str(action.retry_count)},
                new={"status": ActionStatus.PENDING.value, "retry_count": "0"},
            )
            work.after_commit(lambda: self._wake(action.job_id))
            revived = await self._store.lock_action(work, action_id)
            return revived or action

    async def adjust(self, request_id: str, job_id: str, amount: int, reason: str) -> BudgetView:
        """Give `amount` micro-euros to a budget, or take them when it is negative.

        Raises AmountInvalid, BudgetNotFound, BudgetState when it is closed, BalanceTooLow.
        """
        if not 0 < abs(amount) <= MAX_FUNDING or amount % MICROS_PER_CENT:
            raise AmountInvalid(field="amount")
        async with self._work() as work:
            before = await self._purses.locked(work, job_id)
            after = before.adjust(amount)
            movements = [(accounts.PROMOTION, -amount), (accounts.budget(job_id), amount)]
            key = f"adjust:{request_id}"
            await self._purses.save(work, before, after, key=key, movements=movements)
            note_change(
                resource_type="budget",
                resource_id=job_id,
                old={"balance": decimal_text(before.balance)},
                new={"balance": decimal_text(after.balance)},
                reason=reason,
            )
            work.after_commit(lambda: self._wake(job_id))
            return view(after, self._clock.now())
