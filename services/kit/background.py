"""Ending background tasks for certain."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

log = logging.getLogger(__name__)


async def end(tasks: Iterable[asyncio.Task[Any]], *, pause: float = 0.25, tries: int = 20) -> None:
    """Cancel `tasks` and wait for their end; `pause` is in seconds.

    A cancellation can get lost: before Python 3.12 `asyncio.wait_for` swallows
    one that comes together with the result. Who goes on is cancelled again; who
    still goes on after `tries` is left, with a log line.
    """
    waiting = {task for task in tasks if not task.done()}
    for _ in range(tries):
        if not waiting:
            return
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=pause)
    for task in waiting:
        log.error("Task does not end", extra={"task": task.get_name()})
