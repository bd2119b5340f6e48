"""Reserves money of budgets, takes it, gives it back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from services.kit.clock import Clock
from services.kit.errors import Refused, RequestIdReused
from services.kit.ids import Ids
from services.kit.work import UnitOfWork, UnitsOfWork
from services.payment.app.purses import Purses
from services.payment.domain import accounts
from services.payment.domain.errors import HoldState
from services.payment.domain.holds import Hold, HoldStatus

log = logging.getLogger(__name__)

_BATCH = 50


class HoldStore(Protocol):
    """Holds by key."""

    async def insert(self, work: UnitOfWork, hold: Hold) -> bool:
        """Write a hold down; return False when its key is taken."""

    async def find(self, work: UnitOfWork, key: str) -> Hold | None:
        """Return the hold under `key`."""

    async def placed(self, work: UnitOfWork, job_id: str) -> list[Hold]:
        """Return the holds of a job that have not ended."""

    async def expired(self, work: UnitOfWork, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Return (job id, key) of holds whose time is over, longest over first."""

    async def save(self, work: UnitOfWork, hold: Hold, version_before: int) -> None:
        """Write an end over `version_before`. Raises VersionConflict where that has gone."""


class Holds:
    """`budget:<job>` -> `held:<job>` -> wherever it is taken to, or back."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        store: HoldStore,
        purses: Purses,
        clock: Clock,
        ids: Ids,
        wake: Callable[[str], None],
    ) -> None:
        self._work = work
        self._store = store
        self._purses = purses
        self._clock = clock
        self._ids = ids
        self._wake = wake

    async def place(self, key: str, job_id: str, amount: int, lasts: timedelta) -> Hold:
        """Reserve `amount`; the same key reserves once.

        Raises BudgetNotFound, BudgetState when it is not active or holds less,
        RequestIdReused when the key belongs to another hold.
        """
        async with self._work() as work:
            before = await self._purses.locked(work, job_id)
            now = self._clock.now()
            hold = Hold(self._ids.new(), key, job_id, amount, now + lasts, now)
            known = await self._store.find(work, key)
            if known is not None:
                if known.request_hash != hold.request_hash:
                    raise RequestIdReused(key=key)
                return known
            after = before.reserve(amount)
            await self._store.insert(work, hold)
            movements = [(accounts.budget(job_id), -amount), (accounts.held(job_id), amount)]
            await self._purses.save(
                work, before, after, key=f"hold:{key}:place", movements=movements
            )
            return hold

    async def post(self, key: str, job_id: str, amount: int, account: str) -> Hold:
        """Take `amount` of a hold to `account`; what is left goes back to the budget.

        Raises HoldState when it has ended otherwise, holds less, or is none.
        """
        return await self._end(key, job_id, HoldStatus.POSTED, amount, account)

    async def void(self, key: str, job_id: str) -> Hold:
        """Give a hold back. Raises HoldState when it has ended otherwise, or is none."""
        return await self._end(key, job_id, HoldStatus.VOIDED)

    async def void_all(self, work: UnitOfWork, job_id: str) -> int:
        """Give back all holds of a job; return how many there were. For a budget that closes."""
        placed = await self._store.placed(work, job_id)
        for hold in placed:
            await self._end(hold.key, job_id, HoldStatus.VOIDED)
        return len(placed)

    async def expire(self) -> None:
        """Give back what nobody took in time: the minute job."""
        async with self._work() as work:
            over = await self._store.expired(work, self._clock.now(), _BATCH)
        for job_id, key in over:
            try:
                await self._end(key, job_id, HoldStatus.EXPIRED)
            except Refused as refused:
                # It has just ended in another way.
                log.info("Hold does not expire", extra={"key": key, "reason": refused.reason})

    async def _end(
        self, key: str, job_id: str, status: HoldStatus, posted: int = 0, account: str = ""
    ) -> Hold:
        async with self._work() as work:
            before = await self._purses.locked(work, job_id)
            known = await self._store.find(work, key)
            if known is None or known.job_id != job_id:
                raise HoldState(status="UNKNOWN")
            hold = known.end(status, posted, self._clock.now())
            if hold is known:
                return known
            await self._store.save(work, hold, known.version)
            left = hold.amount - posted
            movements = [
                (accounts.held(job_id), -hold.amount),
                (account, posted),
                (accounts.budget(job_id), left),
            ]
            await self._purses.save(
                work,
                before,
                before.release(left) if left else before,
                key=f"hold:{key}:{status.value.lower()}",
                movements=movements,
            )
            work.after_commit(lambda: self._wake(job_id))
            return hold
