"""CPU time and memory of processes, and starting the ones that are measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from stack.process import Program, Running

# clock_getcpuclockid(3): the clock of another process, threads that ended included.
_SCHEDULER_CLOCK = 2


def cpu_seconds(pid: int) -> float:
    """User and system time of a process up to now, in seconds."""
    try:
        return time.clock_gettime((~pid << 3) | _SCHEDULER_CLOCK)
    except (OSError, OverflowError):
        times = psutil.Process(pid).cpu_times()
        return times.user + times.system


def proportional_mib(pid: int) -> float:
    """Memory of a process and its descendants in MiB; shared pages count by share (PSS)."""
    top = psutil.Process(pid)
    return sum(_pss(process) for process in [top, *top.children(recursive=True)]) / 2**20


def resident_mib(pid: int) -> float:
    """Resident memory of one process in MiB."""
    return psutil.Process(pid).memory_info().rss / 2**20


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


@asynccontextmanager
async def running(
    name: str,
    command: tuple[str, ...],
    environment: Mapping[str, str],
    log: Path,
    ready: Callable[[int], Awaitable[bool]],
) -> AsyncIterator[int]:
    """Run a program until the block ends; yield its process id. Raises StartFailed."""
    program = Program(name, command, log, ready, environment)
    started = await Running.start(program)
    try:
        await started.wait_ready()
        yield started.pid
    finally:
        await started.stop()


def listens(port: int) -> Callable[[int], Awaitable[bool]]:
    """A `ready` that asks whether anything takes connections on 127.0.0.1:`port`."""

    async def ready(_: int) -> bool:
        try:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    return ready
