"""Writes actions down before anything is charged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from services.kit.clock import Clock
from services.kit.errors import RequestIdReused
from services.kit.ids import Ids
from services.kit.telemetry import carry
from services.kit.work import UnitsOfWork
from services.payment.app.prices import Prices
from services.payment.app.stores import ActionStore
from services.payment.domain.actions import Action, LoggedAction


class Actions:
    """The way into the write-ahead log."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        store: ActionStore,
        prices: Prices,
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
        [outcome] = await self.record_all([action])
        if isinstance(outcome, RequestIdReused):
            raise outcome
        return outcome

    async def record_all(self, actions: Sequence[Action]) -> list[int | RequestIdReused]:
        """Write many down, in one statement and one commit; see `record`.

        Returns for each its fee, or why it was refused: the others stand.
        """
        now = self._clock.now()
        book = await self._prices.book()
        logged = [
            LoggedAction(
                self._ids.new(),
                action,
                book.fee(action.type, action.points, action.happened_at or now),
                retry_count=0,
            )
            for action in actions
        ]
        async with self._work() as work:
            known = await self._store.insert(work, logged, carry(), now)
            for job_id in {action.job_id for action in actions}:
                work.after_commit(partial(self._wake, job_id))
        return [
            one.amount
            if known.get(one.action.key, one.action.request_hash) == one.action.request_hash
            else RequestIdReused(key=one.action.key)
            for one in logged
        ]
