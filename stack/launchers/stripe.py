"""The stand-in of the card processor, in a process of its own so that it can be killed alone."""

from __future__ import annotations

import sys

from stack import probes
from stack.process import Program
from stack.topology import Topology

_OK = 200


def program(topology: Topology) -> Program:
    async def ready(_: int) -> bool:
        return await probes.http_status(topology.ports["stripe"], "/healthz") == _OK

    return Program(
        name="stripe",
        command=(sys.executable, "-m", "stack.standins.stripe", str(topology.state)),
        log=topology.log("stripe"),
        ready=ready,
    )
