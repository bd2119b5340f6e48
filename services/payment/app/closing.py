"""What becomes of a budget when its job is closed."""

from __future__ import annotations

from services.kit.clock import Clock
from services.kit.errors import VersionConflict
from services.kit.work import UnitsOfWork
from services.payment.app.holds import Holds
from services.payment.app.stores import ActionStore, BudgetStore
from services.payment.app.wallets import Wallets
from services.payment.domain.budgets import BudgetStatus


class Closing:
    """Closes budgets: what is held goes back, what is left goes to the company's wallet."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        actions: ActionStore,
        budgets: BudgetStore,
        holds: Holds,
        wallets: Wallets,
        clock: Clock,
    ) -> None:
        self._work = work
        self._actions = actions
        self._budgets = budgets
        self._holds = holds
        self._wallets = wallets
        self._clock = clock

    async def offer_closed(self, job_id: str) -> None:
        """Close the job's budget; without one, or closed before, nothing changes.

        Raises VersionConflict while an action can still be charged to it: the
        event comes again, and by then it is.
        """
        async with self._work() as work:
            budget = await self._budgets.lock(work, job_id)
            if budget is None or budget.status is BudgetStatus.CLOSED:
                return
            if await self._actions.due(work, job_id, self._clock.now(), 1):
                raise VersionConflict
            await self._holds.void_all(work, job_id)
            await self._wallets.close(job_id)
