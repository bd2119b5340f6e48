"""The whole mesh on one machine: `async with Mesh(Topology.create(folder)) as mesh: ...`."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

from gateway.topology import Limits
from stack import keys, runfile, schema, upkeep
from stack.launchers import gateway, nats, portal, postgres, services, stripe, valkey
from stack.process import Program
from stack.runfile import ProcessRecord, RunFile
from stack.supervisor import Supervisor
from stack.topology import SERVICES, STORES, Topology

_ORPHAN_SECONDS = 15.0


@dataclass(frozen=True)
class Step:
    """What the mesh is doing; `seconds` is how long it took, once it is done."""

    name: str
    state: Literal["started", "done"]
    seconds: float = 0.0


Progress = Callable[[Step], None]


class Mesh:
    """Stores, services, gateway and portal of one state folder.

    `processes` gives each service its own process. `limits` replaces the gateway's own bounds.
    `environment` adds to the settings of the services, or replaces them.
    Enter it in the main thread: the kernel ends its programs together with that thread.
    """

    def __init__(
        self,
        topology: Topology,
        *,
        processes: bool = False,
        limits: Limits | None = None,
        environment: Mapping[str, str] | None = None,
        progress: Progress = lambda _: None,
    ) -> None:
        self.topology = topology
        self.supervisor = Supervisor(on_change=self._record)
        self._processes = processes
        self._limits = limits
        self._environment = dict(environment or {})
        self._progress = progress
        self._lock = runfile.Lock(topology.state)
        self._started = time.time()
        self._upkeep: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Mesh:
        await self.up()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.down()

    async def up(self) -> None:
        """Boot everything and wait until the gateway serves.

        Raises AlreadyRunning, PortTaken or StartFailed; then nothing is left running.
        """
        self._lock.acquire()
        self._started = time.time()
        try:
            await self._end_orphans()
            self.topology = self.topology.on_free_ports()
            await self._boot()
        except BaseException:
            await self.down()
            raise

    async def down(self) -> None:
        """Stop in order: no new calls, then the services (they drain), then the stores."""
        if self._upkeep is not None:
            self._upkeep.cancel()
        running = list(self.supervisor.running)
        for group in (
            [name for name in running if name == "gateway"],
            [name for name in running if name not in (*STORES, "gateway")],
            [name for name in running if name in STORES],
        ):
            if not group:
                continue
            async with self._step("stop " + ", ".join(group)):
                await asyncio.gather(*(self.supervisor.stop(name) for name in group))
        if self._lock.is_held:
            self.topology.gate.unlink(missing_ok=True)
            runfile.forget(self.topology.state)
        self._lock.release()

    async def _boot(self) -> None:
        topology = self.topology
        upkeep.ensure(topology)
        keys.ensure_secret(topology.refresh_secret)
        keys.ensure_secret(topology.factor_secret)
        topology.gate.unlink(missing_ok=True)
        self._upkeep = asyncio.create_task(upkeep.keep(topology))
        hosted = services.programs(
            topology, processes=self._processes, environment=self._environment
        )
        await _together(
            self._stores(),
            self._start(portal.program(topology)),
            self._start(stripe.program(topology)),
            self._timed("gateway", self._gateway()),
            *(self._start(program) for program in hosted),
        )

    async def _stores(self) -> None:
        """Open the gate for the services when each store serves and the schema is the newest."""
        topology = self.topology
        work = [
            self._timed("postgres", self._postgres()),
            self._start(nats.program(topology)),
            self._start(valkey.program(topology)),
        ]
        if not await asyncio.to_thread(schema.is_current, topology):
            work.append(self._timed("migrations", schema.migrate(topology)))
        await _together(*work)
        topology.gate.touch()

    async def _postgres(self) -> None:
        await self.supervisor.start(await postgres.program(self.topology))

    async def _gateway(self) -> None:
        await self.supervisor.start(await gateway.program(self.topology, self._limits))

    async def _start(self, program: Program) -> None:
        await self._timed(program.name, self.supervisor.start(program))

    async def _timed(self, name: str, work: Awaitable[None]) -> None:
        async with self._step(name):
            await work

    @asynccontextmanager
    async def _step(self, name: str) -> AsyncIterator[None]:
        began = time.monotonic()
        self._progress(Step(name, "started"))
        yield
        self._progress(Step(name, "done", time.monotonic() - began))

    async def _end_orphans(self) -> None:
        """After a killed supervisor its programs end by themselves; wait for them."""
        stale = runfile.read_stale(self.topology.state)
        if not stale:
            return
        async with self._step("wait for the end of the last mesh"):
            await asyncio.to_thread(runfile.wait_gone, stale, _ORPHAN_SECONDS)

    def _record(self) -> None:
        """Write the run file: who runs now."""
        hosts = {"services": list(SERVICES)}
        processes = {
            name: ProcessRecord(
                pid=running.pid,
                started=running.started,
                hosts=hosts.get(name, [name]),
                restarts=self.supervisor.restarts.get(name, 0),
            )
            for name, running in self.supervisor.running.items()
        }
        run = RunFile(os.getpid(), self.topology.gateway, self._started, processes)
        run.save(self.topology.state)


async def _together(*work: Awaitable[None]) -> None:
    """All at once; when one fails the others are cancelled and its own error is raised."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
