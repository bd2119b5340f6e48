"""Lets concurrent calls share a commit.

A commit waits for the disk whatever it holds. Calls that come while one is on
its way are written together by the next, so that the disk sets the pace of
commits and not of actions. Nobody is answered before the commit.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from services.kit.call import set_current_call
from services.kit.errors import RequestIdReused
from services.payment.app.actions import Actions
from services.payment.domain.actions import Action

_MOST = 256


@dataclass(slots=True)
class _Asked:
    action: Action
    answer: asyncio.Future[int]


class Intake:
    """Writes actions of concurrent callers down, together."""

    def __init__(self, actions: Actions, width: int = 2) -> None:
        self._actions = actions
        self._width = width
        self._waiting: deque[_Asked] = deque()
        self._writers: set[asyncio.Task[None]] = set()

    async def record(self, action: Action) -> int:
        """Write `action` down and return its fee in micro-euros; see `Actions.record`."""
        asked = _Asked(action, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if len(self._writers) < self._width:
            writer = asyncio.create_task(self._write())
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        return await asked.answer

    async def stop(self) -> None:
        """Wait until everybody has an answer."""
        await asyncio.gather(*self._writers, return_exceptions=True)

    async def _write(self) -> None:
        # The task inherits the call that started it and works for all.
        set_current_call(None)
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(_MOST, len(self._waiting)))]
            try:
                outcomes = await self._actions.record_all([one.action for one in batch])
            except Exception as error:
                for one in batch:
                    _answer(one, error)
                continue
            for one, outcome in zip(batch, outcomes, strict=True):
                _answer(one, outcome)


def _answer(asked: _Asked, outcome: int | RequestIdReused | Exception) -> None:
    # Whoever asked may have gone.
    if asked.answer.done():
        return
    if isinstance(outcome, Exception):
        asked.answer.set_exception(outcome)
    else:
        asked.answer.set_result(outcome)
