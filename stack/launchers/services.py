"""The services: all in one process, or each in its own.

They load at once and wait at the topology's gate until the stores are there and migrated.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence

from stack import probes
from stack.process import Program
from stack.topology import SERVICES, Topology


def programs(
    topology: Topology, *, processes: bool, environment: Mapping[str, str]
) -> list[Program]:
    """One program for all services, or with `processes` one for each.

    `environment` adds to the topology's settings, or replaces them.
    """
    settings = {**topology.environment(), **environment}
    if processes:
        return [_program(topology, name, [name], settings) for name in SERVICES]
    return [_program(topology, "services", SERVICES, settings)]


def _program(
    topology: Topology, name: str, hosted: Sequence[str], settings: Mapping[str, str]
) -> Program:
    async def ready(_: int) -> bool:
        checks = [
            probes.grpc_is_serving(topology.address(service), topology.tls("gateway"))
            for service in hosted
        ]
        return all(await asyncio.gather(*checks))

    return Program(
        name=name,
        command=(sys.executable, "-m", "stack.preload", str(topology.gate), *hosted),
        log=topology.log(name),
        environment=settings,
        ready=ready,
        # Draining takes its time: first no new calls, then the calls in flight.
        stop_seconds=30,
    )
