"""What a child process gives up before it touches a file: memory, time, files, programs, network.

Layers, each named in what `lock_down` returns: resource limits always; an empty network namespace
where the kernel lets us make one; a seccomp filter where there is one for this processor. Python's
audit hook refuses the same things once more, so that something holds everywhere.
"""

from __future__ import annotations

import ctypes
import platform
import resource
import signal
import struct
import sys
from typing import Any

MEMORY_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 8
WALL_SECONDS = 9.0
_CLONE_NEWNET = 0x4000_0000
_CLONE_NEWUSER = 0x1000_0000
_NO_NEW_PRIVILEGES = 38
_SET_SECCOMP = 22
_FILTER = 2
_PARENT_DEATH_SIGNAL = 1
_NOT_DUMPABLE = 4
_EACCES = 13
_ALLOW = 0x7FFF_0000
_ERRNO = 0x0005_0000
_KILL = 0x8000_0000
# System calls by processor: its audit number and what is refused. No new files, programs,
# processes, sockets or memory of others.
_REFUSED = {
    "x86_64": (
        0xC000_003E,
        (2, 41, 42, 43, 44, 46, 49, 50, 53, 56, 57, 58, 59, 62, 82, 85, 87, 90, 101, 200, 234,
         250, 257, 288, 307, 310, 311, 321, 322, 425, 435, 437),
    ),
    "aarch64": (
        0xC000_00B7,
        (35, 38, 52, 53, 56, 117, 129, 130, 131, 198, 199, 200, 201, 202, 203, 206, 211, 220,
         221, 242, 269, 270, 271, 280, 281, 425, 435, 437),
    ),
}  # fmt: skip
_HOOKED = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "open")


def die_with_parent() -> None:
    """End when the parent ends, however it does."""
    _libc().prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def leave_network() -> bool:
    """Move into a network of its own, where there is nothing; children inherit it."""
    libc = _libc()
    alone = libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0
    return bool(alone)


def lock_down() -> list[str]:
    """Give up everything; return the names of the layers that hold."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)
    _limits()
    held = ["rlimits"]
    libc = _libc()
    libc.prctl(_NOT_DUMPABLE, 0, 0, 0, 0)
    sys.addaudithook(_refuse)
    held.append("audit_hook")
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0 and _seccomp(libc):
        held.append("seccomp")
    return held


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # No descriptor beyond those that are open.
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    if event.startswith(_HOOKED):
        raise PermissionError(_EACCES, f"{event} is refused here")


def _seccomp(libc: Any) -> bool:
    """Install the filter; False where there is none for this processor."""
    known = _REFUSED.get(platform.machine())
    if known is None or sys.maxsize < 2**32:
        return False
    architecture, refused = known
    program = _program(architecture, refused)
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    filled = Program(len(program) // 8, ctypes.addressof(buffer))
    return bool(libc.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(filled), 0, 0) == 0)


def _program(architecture: int, refused: tuple[int, ...]) -> bytes:
    """Return BPF: another architecture dies, what is refused gets EACCES, the rest passes."""
    load, equal, answer = 0x20, 0x15, 0x06
    steps = [
        struct.pack("<HBBI", load, 0, 0, 4),
        struct.pack("<HBBI", equal, 1, 0, architecture),
        struct.pack("<HBBI", answer, 0, 0, _KILL),
        struct.pack("<HBBI", load, 0, 0, 0),
    ]
    for place, number in enumerate(refused):
        steps.append(struct.pack("<HBBI", equal, len(refused) - place, 0, number))
    steps.append(struct.pack("<HBBI", answer, 0, 0, _ALLOW))
    steps.append(struct.pack("<HBBI", answer, 0, 0, _ERRNO | _EACCES))
    return b"".join(steps)


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)
