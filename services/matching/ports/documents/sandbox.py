"""Reads files in processes of their own that may do nothing but read and answer."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from services.matching.domain.cv_errors import cv_refused
from services.matching.domain.parsing.codec import reading_from_json
from services.matching.domain.parsing.facts import Reading
from services.matching.ports.documents.kinds import MAX_BYTES
from services.matching.ports.documents.lockdown import WALL_SECONDS
from services.matching.ports.documents.refusals import BUSY, TIMEOUT, TOO_LARGE, UNREADABLE

log = logging.getLogger(__name__)

_MAX_ANSWER = 8 * 1024 * 1024
_START_SECONDS = 30.0
_PIPE_BYTES = 1 << 16
_AT_ONCE = 2
_MOST_WAITING = 32


class Sandbox:
    """A process that forks a locked child for each file. Starts with the first file."""

    def __init__(self, *, wall_seconds: float = WALL_SECONDS + 1.0) -> None:
        self._wall = wall_seconds
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="documents")
        self._lock = threading.Lock()
        self._program: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._waiting = 0
        self._told = False

    async def read(self, data: bytes) -> Reading:
        """Read a file; raise a CvError with the reason where it cannot be read."""
        if len(data) > MAX_BYTES:
            raise cv_refused(TOO_LARGE)
        if self._waiting >= _MOST_WAITING:
            raise cv_refused(BUSY)
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._threads, self.ask, data)
        finally:
            self._waiting -= 1
        if "reading" not in answer:
            raise cv_refused(answer.get("refused", UNREADABLE), answer.get("detail", ""))
        try:
            return reading_from_json(answer["reading"])
        except (ValueError, KeyError, TypeError) as error:
            raise cv_refused(UNREADABLE, "answer") from error

    async def close(self) -> None:
        """End the process."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._stop()

    def ask(self, data: bytes) -> dict[str, Any]:
        """Hand the file to a child and return its answer; blocks for at most the wall time."""
        source, to_child = os.pipe()
        from_child, target = os.pipe()
        try:
            try:
                child = self._fork(source, target)
            finally:
                os.close(source)
                os.close(target)
            answer = _exchange(to_child, from_child, data, child, self._wall)
        finally:
            os.close(to_child)
            os.close(from_child)
        self._tell(answer)
        return answer

    def _fork(self, source: int, target: int) -> int:
        with self._lock:
            for attempt in (1, 2):
                control = self._started()
                try:
                    socket.send_fds(control, [b"1"], [source, target])
                    return int(struct.unpack("<i", _exactly(control, 4))[0])
                except OSError:
                    self._stop()
                    if attempt == 2:  # noqa: PLR2004
                        raise
            raise OSError("unreachable")

    def _started(self) -> socket.socket:
        if self._control is not None and self._program and self._program.poll() is None:
            return self._control
        self._stop()
        ours, theirs = socket.socketpair()
        self._program = subprocess.Popen(
            [sys.executable, "-m", "services.matching.ports.documents.child", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
        theirs.close()
        ours.settimeout(_START_SECONDS)
        self._control = ours
        _exactly(ours, 4)
        return ours

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._program is not None:
            self._program.kill()
            self._program.wait()
        self._control = self._program = None

    def _tell(self, answer: dict[str, Any]) -> None:
        """Say once which of the layers hold on this machine."""
        held = answer.pop("held", None)
        if held and not self._told:
            self._told = True
            safe = "net_namespace" in held or "seccomp" in held
            level = logging.INFO if safe else logging.WARNING
            log.log(level, "files are read under: %s", ", ".join(map(str, held[:8])))


def _exchange(
    to_child: int, from_child: int, data: bytes, child: int, seconds: float
) -> dict[str, Any]:
    """Write the file, read the answer; kill the child when time is up."""
    deadline = time.monotonic() + seconds
    os.set_blocking(to_child, False)
    rest = memoryview(data)
    parts: list[bytes] = []
    size = 0
    writing = True
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or size > _MAX_ANSWER:
            # The pipe is still open, so this is the child and nobody who came after it.
            os.kill(child, signal.SIGKILL)
            return {"refused": TIMEOUT if left <= 0 else UNREADABLE}
        targets = [to_child] if writing else []
        readable, writable, _ = select.select([from_child], targets, [], left)
        if writable:
            writing, rest = _feed(to_child, rest)
        if readable:
            chunk = os.read(from_child, _PIPE_BYTES)
            if not chunk:
                return _answer(b"".join(parts), time.monotonic() >= deadline - 1.0)
            parts.append(chunk)
            size += len(chunk)


def _feed(to_child: int, rest: memoryview) -> tuple[bool, memoryview]:
    """Write what the pipe takes; at the end give the child an end of file."""
    try:
        rest = rest[os.write(to_child, rest[:_PIPE_BYTES]) :]
    except BlockingIOError:
        return True, rest
    except BrokenPipeError:
        return False, rest
    if rest:
        return True, rest
    # Closing while `ask` still owns the number would be a race; /dev/null takes its place.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, to_child)
    os.close(null)
    return False, rest


def _answer(text: bytes, late: bool) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        # It died: out of time, out of memory, or by a fault in a library.
        return {"refused": TIMEOUT if late else UNREADABLE, "detail": "died"}
    return answer if isinstance(answer, dict) else {"refused": UNREADABLE}


def _exactly(control: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = control.recv(count - len(found))
        if not part:
            raise OSError("the document process ended")
        found += part
    return found


def _environment() -> dict[str, str]:
    """Nothing of the service's own settings: they hold secrets."""
    return {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
