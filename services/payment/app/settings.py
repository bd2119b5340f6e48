"""Settings of budgets: read them, save them over the version that was read."""

from __future__ import annotations

from collections.abc import Callable

from services.kit.audit import note_change
from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import VersionConflict
from services.kit.work import UnitsOfWork
from services.payment.app.billing_stores import DueStore
from services.payment.app.purses import Purses
from services.payment.domain import accounts
from services.payment.domain.budgets import Budget
from services.payment.domain.errors import BudgetNotFound
from services.payment.domain.settings import BillingMode, BudgetSettings


class SettingsBook:
    """How budgets are billed, capped, watched and topped up."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        purses: Purses,
        dues: DueStore,
        clock: Clock,
        changed: Callable[[str], None],
    ) -> None:
        self._work = work
        self._reader = reader
        self._purses = purses
        self._dues = dues
        self._clock = clock
        # Told of a job whose settings were saved, after the commit.
        self._changed = changed

    async def get(self, job_id: str) -> Budget:
        """Read a budget with its settings. Raises BudgetNotFound."""
        await self._purses.job(job_id)
        budget = await self._purses.store.find(self._reader, job_id)
        if budget is None:
            raise BudgetNotFound(job_id=job_id)
        return budget

    async def update(
        self, request_id: str, job_id: str, settings: BudgetSettings, version: int | None
    ) -> Budget:
        """Replace a budget's settings; the budget is opened where there is none.

        `version` is that of the settings that were read; None saves over any.
        Raises VersionConflict, and BudgetState when it is closed or unlimited.
        """
        job = await self._purses.limited(job_id)
        async with self._work() as work:
            before = await self._purses.opened(work, job)
            if version is not None and version != before.settings_version:
                raise VersionConflict
            now = self._clock.now()
            after, freed = before.configure(settings, now)
            moved = after.balance - before.balance
            movements = [
                (accounts.budget(job_id), moved),
                (accounts.wallet(job.company_id), freed),
                (accounts.receivable(job.company_id), -moved - freed),
            ]
            key = f"settings:{request_id}"
            if await self._purses.save(work, before, after, key=key, movements=movements):
                await self._purses.store.configure(work, after)
                if before.lent and settings.mode is BillingMode.PREPAID:
                    await self._dues.cycle_ended(work, job.company_id, now)
            note_change(old=_words(before), new=_words(after))
            work.after_commit(lambda: self._changed(job_id))
            return after


def _words(budget: Budget) -> dict[str, str]:
    settings = budget.settings
    top_up = settings.top_up
    return {
        "billing_mode": settings.mode.value,
        "cycle_kind": settings.cycle_kind.value,
        "monthly_cap_micros": str(settings.cap or ""),
        "warn_at_percent": ",".join(str(percent) for percent in settings.warn_at),
        "top_up_micros": f"{top_up.amount} {top_up.trigger} {top_up.monthly_cap}" if top_up else "",
    }
