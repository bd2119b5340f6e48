"""One program of the mesh: how it starts, when it is ready, how it stops."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from stack.paths import ROOT

_LOG_LIMIT_BYTES = 10_000_000
_POLL_SECONDS = 0.02
_POLL_GROWTH = 1.1
_LONGEST_POLL_SECONDS = 0.1


class StartFailed(Exception):
    """A program ended, or was not ready in time; carries the end of its log."""

    def __init__(self, name: str, why: str, log: Path) -> None:
        super().__init__(f"{name} {why}\n{tail(log, 15)}\n(the whole log: {log})")
        self.name = name


@dataclass(frozen=True)
class Program:
    """What to run.

    `ready` gets the process id and answers whether the program serves already. `orphan_signal` is
    what the kernel sends when the supervisor itself was killed: no program outlives it.
    """

    name: str
    command: tuple[str, ...]
    log: Path
    ready: Callable[[int], Awaitable[bool]]
    environment: Mapping[str, str] = field(default_factory=dict)
    # What makes it another user, if it may not run as this one; put before the command.
    account: tuple[str, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    ready_seconds: float = 60.0
    orphan_signal: str = "KILL"


class Running:
    """A started program."""

    def __init__(self, program: Program, process: asyncio.subprocess.Process) -> None:
        self.program = program
        self.started = time.time()
        self._process = process

    @classmethod
    async def start(cls, program: Program) -> Running:
        """Start it in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        program.log.parent.mkdir(parents=True, exist_ok=True)
        _rotate(program.log)
        guard = _guard(program.orphan_signal)
        with program.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *program.account,
                *guard,
                *program.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=environment(program.environment),
                start_new_session=True,
            )
        return cls(program, process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for its end."""
        return await self._process.wait()

    async def wait_ready(self) -> None:
        """Wait until it serves. Raises StartFailed when it ends before or takes too long."""
        deadline = time.monotonic() + self.program.ready_seconds
        pause = _POLL_SECONDS
        while time.monotonic() < deadline:
            if self.exit_code is not None:
                why = f"ended with code {self.exit_code} before it was ready"
                raise StartFailed(self.program.name, why, self.program.log)
            if await self.program.ready(self.pid):
                return
            await asyncio.sleep(pause)
            pause = min(pause * _POLL_GROWTH, _LONGEST_POLL_SECONDS)
        why = f"was not ready after {self.program.ready_seconds:.0f} s"
        raise StartFailed(self.program.name, why, self.program.log)

    async def stop(self) -> None:
        """Ask it to stop; kill it when it does not in `stop_seconds`."""
        if self.exit_code is not None:
            return
        self.signal(self.program.stop_signal)
        try:
            await asyncio.wait_for(self.wait(), self.program.stop_seconds)
        except TimeoutError:
            self.signal(signal.SIGKILL)
            await self.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when it has ended."""
        if self.exit_code is None:
            self._process.send_signal(number)


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program: ours and what it is given.

    Who forbids compiled files (PYTHONDONTWRITEBYTECODE, as container images do) does not want them
    beside the sources; without any, a boot takes twice as long. They go into the environment's
    own folder then.
    """
    inherited = dict(os.environ)
    if inherited.pop("PYTHONDONTWRITEBYTECODE", "") and "PYTHONPYCACHEPREFIX" not in inherited:
        inherited["PYTHONPYCACHEPREFIX"] = str(Path(sys.prefix) / "pycache")
    return inherited | dict(own)


def tail(log: Path, lines: int) -> str:
    """The last lines of a log file."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 400 * lines))
        text = file.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:])


@cache
def _guard(orphan_signal: str) -> tuple[str, ...]:
    """setpriv asks the kernel for a signal at the supervisor's death, then becomes the program."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    return (setpriv, "--pdeathsig", orphan_signal, "--")


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
