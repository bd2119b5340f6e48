"""Starts programs, watches them, starts dead ones again, stops them in order."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from stack.process import Program, Running

_log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0
# After this long without a crash the next crash is treated as the first one.
_CALM_SECONDS = 30.0


class Supervisor:
    """Owns the running programs of one mesh. Use it from one event loop, in the main thread."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self.running: dict[str, Running] = {}
        self.restarts: dict[str, int] = {}
        self._programs: dict[str, Program] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._on_change = on_change

    async def start(self, program: Program) -> None:
        """Start a program and wait until it is ready. Raises StartFailed."""
        self._programs[program.name] = program
        running = await self._spawn(program)
        try:
            await running.wait_ready()
        except BaseException:
            await running.stop()
            del self.running[program.name]
            raise
        watcher = asyncio.create_task(self._watch(program), name=f"watch {program.name}")
        self._watchers[program.name] = watcher

    async def stop(self, name: str) -> None:
        """Stop a program and leave it stopped."""
        watcher = self._watchers.pop(name, None)
        if watcher is not None:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher
        running = self.running.pop(name, None)
        if running is not None:
            await running.stop()
        self._on_change()

    async def start_again(self, name: str) -> None:
        """Start a program that was stopped with `stop`."""
        await self.start(self._programs[name])

    def kill(self, name: str) -> int:
        """Kill a program as a crash would; it is started again. Returns the process id."""
        running = self.running[name]
        running.signal(signal.SIGKILL)
        return running.pid

    async def wait_restarted(self, name: str, pid: int) -> None:
        """Wait until the program serves again as another process than `pid`."""
        while True:
            running = self.running.get(name)
            if running is not None and running.pid != pid and running.exit_code is None:
                await running.wait_ready()
                return
            await asyncio.sleep(_FIRST_PAUSE_SECONDS / 10)

    async def _spawn(self, program: Program) -> Running:
        running = await Running.start(program)
        self.running[program.name] = running
        self._on_change()
        return running

    async def _watch(self, program: Program) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            running = self.running[program.name]
            code = await running.wait()
            if time.time() - running.started > _CALM_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            _log.warning(
                "%s ended with code %s; started again in %.1f s", program.name, code, pause
            )
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            self.restarts[program.name] = self.restarts.get(program.name, 0) + 1
            try:
                await self._spawn(program)
            except OSError as error:
                _log.error("%s cannot be started: %s", program.name, error)
