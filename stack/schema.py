"""Whether the database has the newest schema, and the process that brings it there."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from stack.launchers import postgres
from stack.paths import ROOT, write_private
from stack.process import StartFailed, environment
from stack.topology import SERVICES, Topology

_READ = (".py", ".sql", ".toml")


def is_current(topology: Topology) -> bool:
    """Whether the last migration of this data folder knew everything that there is now."""
    file = _file(topology)
    if not postgres.has_data(topology) or not file.exists():
        return False
    return file.read_text() == fingerprint(topology)


async def migrate(topology: Topology) -> None:
    """Migrate in a process of its own. Raises StartFailed with what it said."""
    seen = await asyncio.to_thread(fingerprint, topology)
    log = topology.log("migrations")
    await asyncio.to_thread(log.parent.mkdir, parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "stack.migrations",
            str(topology.state),
            cwd=ROOT,
            env=environment({}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
    if code != 0:
        raise StartFailed("migrations", f"failed with code {code}", log)
    remember(topology, seen)


def remember(topology: Topology, seen: str) -> None:
    """Note which sources the database has been migrated with."""
    write_private(_file(topology), seen)


def _file(topology: Topology) -> Path:
    return topology.state / "migrated"


def fingerprint(topology: Topology) -> str:
    """Over everything that a migration reads, and whatever else the kit has."""
    folders = [ROOT / "services" / "kit"]
    folders += [ROOT / "services" / service / "migrations" for service in SERVICES]
    sources = [path for folder in folders for path in folder.rglob("*") if path.suffix in _READ]
    digest = hashlib.sha256(json.dumps(topology.role_passwords, sort_keys=True).encode())
    for source in sorted(sources):
        digest.update(str(source.relative_to(ROOT)).encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()
