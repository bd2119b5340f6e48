"""Who runs the mesh of a state folder: a lock that ends with its holder, and a run file."""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

import psutil

from stack.paths import write_private

# A process is recorded a moment after its start.
_SAME_START_SECONDS = 5.0


class AlreadyRunning(Exception):
    """Another process runs the mesh of this state folder."""

    def __init__(self, run: RunFile | None) -> None:
        who = "" if run is None else f" (process {run.pid}, http://{run.gateway})"
        super().__init__(
            f"the mesh is already running{who}; look at it with `weneeds status`,"
            " stop it with `make down`"
        )


@dataclass(frozen=True)
class ProcessRecord:
    """One program in the run file; `started` is in seconds since the epoch."""

    pid: int
    started: float
    hosts: list[str]
    restarts: int = 0


@dataclass(frozen=True)
class RunFile:
    """What `<state>/run.json` says about a running mesh."""

    pid: int
    gateway: str
    started: float
    processes: dict[str, ProcessRecord] = field(default_factory=dict)

    def save(self, state: Path) -> None:
        write_private(state / "run.json", json.dumps(asdict(self), indent=2) + "\n")


def read(state: Path) -> RunFile | None:
    """The run file of a mesh that runs now; None when none does."""
    if not is_locked(state):
        return None
    try:
        known: dict[str, Any] = json.loads((state / "run.json").read_text())
    except FileNotFoundError:
        return None
    known["processes"] = {
        name: ProcessRecord(**record) for name, record in known["processes"].items()
    }
    return RunFile(**known)


def read_stale(state: Path) -> list[int]:
    """The processes that a killed supervisor left in the run file and that still run."""
    try:
        known: dict[str, Any] = json.loads((state / "run.json").read_text())
    except FileNotFoundError:
        return []
    pids = [(record["pid"], record["started"]) for record in known["processes"].values()]
    return [pid for pid, started in pids if _is_same(pid, started)]


def forget(state: Path) -> None:
    """Remove the run file: the mesh is down."""
    (state / "run.json").unlink(missing_ok=True)


def is_locked(state: Path) -> bool:
    """Whether a mesh runs in this state folder."""
    file = state / "lock"
    if not file.exists():
        return False
    with file.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


class Lock:
    """Held by the process that runs the mesh; the kernel frees it however that process ends."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._handle: TextIO | None = None

    @property
    def is_held(self) -> bool:
        return self._handle is not None

    def acquire(self) -> None:
        """Raises AlreadyRunning when somebody else holds it."""
        self._state.mkdir(parents=True, exist_ok=True)
        handle = (self._state / "lock").open("a")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            raise AlreadyRunning(read(self._state)) from None
        self._handle = handle

    def release(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None


def is_alive(pid: int) -> bool:
    """Whether a process with this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_same(pid: int, started: float) -> bool:
    """Whether the process is the one that was recorded, not a newer one with its number."""
    try:
        return abs(psutil.Process(pid).create_time() - started) < _SAME_START_SECONDS
    except psutil.Error:
        return False


def wait_gone(pids: list[int], seconds: float) -> bool:
    """Wait for processes to end; False when some still run after `seconds`."""
    deadline = time.monotonic() + seconds
    while any(is_alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
