"""Writes actions down before anything is charged."""

from __future__ import annotations

from collections.abc import Callable

from services.kit.clock import Clock
from services.kit.errors import RequestIdReused
from services.kit.ids import Ids
from services.kit.telemetry import carry
from services.kit.work import UnitsOfWork
from services.payment.app.stores import ActionStore
from services.payment.domain.actions import Action, LoggedAction
from services.payment.domain.fees import PriceList


class Actions:
    """The way into the write-ahead log."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        store: ActionStore,
        prices: PriceList,
        clock: Clock,
        ids: Ids,
        wake: Callable[[str], None],
    ) -> None:
        self._work = work
        self._store = store
        self._prices = prices
        self._clock = clock
        self._ids = ids
        self._wake = wake

    async def record(self, action: Action) -> int:
        """Write `action` down as PENDING with its fee, and return the fee in micro-euros.

        It is charged once that is committed. An action that is there already is
        left alone. Raises RequestIdReused when another action has its key: the
        first one stands.
        """
        amount = self._prices.fee(action.type, action.points)
        logged = LoggedAction(self._ids.new(), action, amount, retry_count=0)
        async with self._work() as work:
            known = await self._store.insert(work, logged, carry(), self._clock.now())
            if known is not None and known != action.request_hash:
                raise RequestIdReused(key=action.key)
            work.after_commit(lambda: self._wake(action.job_id))
        return amount
