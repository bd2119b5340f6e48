"""How each part of a mesh does: what `weneeds status` and the status page show."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from stack import probes, runfile
from stack.runfile import ProcessRecord, RunFile
from stack.topology import SERVICES, STORES, Topology

_OK = 200
_MIB = 1 << 20


@dataclass(frozen=True)
class Row:
    """One store, service or other program. Times in seconds, memory in bytes."""

    name: str
    kind: str
    health: str
    address: str
    pid: int | None
    uptime_seconds: float
    memory_bytes: int
    restarts: int
    # The stores that a service says it has to do without.
    lacks: tuple[str, ...] = ()

    @property
    def is_up(self) -> bool:
        return self.health == "serving" and not self.lacks

    @property
    def condition(self) -> str:
        """The health in words."""
        return f"{self.health} without {', '.join(self.lacks)}" if self.lacks else self.health

    @property
    def uptime(self) -> str:
        if self.pid is None:
            return ""
        hours, rest = divmod(int(self.uptime_seconds), 3600)
        return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"

    @property
    def memory(self) -> str:
        return f"{self.memory_bytes / _MIB:.0f} MiB" if self.memory_bytes else ""


@dataclass(frozen=True)
class Report:
    """A whole mesh. `memory_bytes` counts shared pages once (proportional set size)."""

    running: bool
    gateway: str
    rows: list[Row]
    memory_bytes: int

    @property
    def is_up(self) -> bool:
        return self.running and all(row.is_up for row in self.rows)

    @property
    def summary(self) -> str:
        if not self.running:
            return "The mesh is down; start it with `make up`."
        serving = sum(row.is_up for row in self.rows)
        memory = f"{self.memory_bytes / _MIB:.0f} MiB in all"
        return f"{serving} of {len(self.rows)} serve on http://{self.gateway}, {memory}."

    def as_json(self) -> dict[str, Any]:
        return {"up": self.is_up, **asdict(self)}


async def collect(state: Path) -> Report:
    """Ask every part of the mesh of this state folder."""
    run = runfile.read(state)
    topology = Topology.load(state)
    if run is None or topology is None:
        return Report(running=False, gateway="", rows=[], memory_bytes=0)
    checks = {name: _check(name, topology, run) for name in _names()}
    answers = dict(zip(checks, await asyncio.gather(*checks.values()), strict=True))
    rows = [_row(name, topology, run, answer) for name, answer in answers.items()]
    return Report(True, run.gateway, rows, _memory(run.pid))


def _names() -> tuple[str, ...]:
    return (*STORES, *SERVICES, "gateway", "portal", "stripe")


@dataclass(frozen=True)
class _Answer:
    serves: bool
    lacks: tuple[str, ...] = ()


async def _check(name: str, topology: Topology, run: RunFile) -> _Answer:
    record = _record(name, run)
    if record is None or not runfile.is_alive(record.pid):
        return _Answer(serves=False)
    if name in SERVICES:
        return await _ask_service(name, topology)
    return _Answer(await _ask(name, topology))


async def _ask_service(name: str, topology: Topology) -> _Answer:
    health = await probes.grpc_health(
        topology.address(name), topology.tls("gateway"), ["", *STORES]
    )
    if not health[""]:
        return _Answer(serves=False)
    return _Answer(serves=True, lacks=tuple(store for store in STORES if not health[store]))


def _ask(name: str, topology: Topology) -> Awaitable[bool]:
    ports = topology.ports
    match name:
        case "postgres":
            return probes.postgres_answers(ports["postgres"])
        case "nats":
            return _is_ok(ports["nats-monitor"], "/healthz?js-enabled-only=true")
        case "valkey":
            return probes.valkey_answers(ports["valkey"], topology.passwords["valkey"])
        case "gateway":
            return _is_ok(topology.public_port, "/healthz")
        case _:
            return _is_ok(ports[name], "/healthz")


async def _is_ok(port: int, path: str) -> bool:
    return await probes.http_status(port, path) == _OK


def _row(name: str, topology: Topology, run: RunFile, answer: _Answer) -> Row:
    record = _record(name, run)
    alive = record is not None and runfile.is_alive(record.pid)
    return Row(
        name=name,
        kind="store" if name in STORES else "service" if name in SERVICES else "edge",
        health="serving" if answer.serves else "not serving" if alive else "down",
        address=topology.gateway if name == "gateway" else topology.address(name),
        pid=record.pid if record and alive else None,
        uptime_seconds=time.time() - record.started if record and alive else 0,
        memory_bytes=_memory(record.pid) if record and alive else 0,
        restarts=record.restarts if record else 0,
        lacks=answer.lacks,
    )


def _record(name: str, run: RunFile) -> ProcessRecord | None:
    for record in run.processes.values():
        if name in record.hosts:
            return record
    return None


def _memory(pid: int) -> int:
    """Proportional set size of a process and its children; resident size where that is closed."""
    try:
        process = psutil.Process(pid)
        return sum(_proportional(each) for each in (process, *process.children(recursive=True)))
    except psutil.Error:
        return 0


def _proportional(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, AttributeError):
        return int(process.memory_info().rss)
