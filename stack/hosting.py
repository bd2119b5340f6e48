"""Keeps a mesh up until a signal says stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

from stack.mesh import Mesh

_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def host(mesh: Mesh, when_up: Callable[[], Awaitable[None]]) -> None:
    """Boot, do `when_up`, stay until SIGINT, SIGTERM or SIGHUP, then stop in order.

    A signal during the boot or during `when_up` ends that too. Raises what `Mesh.up` raises.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOP:
        loop.add_signal_handler(number, stop.set)
    if not await _unless(stop, mesh.up()):
        return
    try:
        await _unless(stop, when_up())
        await stop.wait()
    finally:
        await mesh.down()


async def _unless(stop: asyncio.Event, work: Awaitable[None]) -> bool:
    """Do the work, or give it up when `stop` comes first; whether it was done."""
    task = asyncio.ensure_future(work)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return False
        task.result()
        return True
    finally:
        stopped.cancel()
