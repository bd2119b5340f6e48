"""The local pages (API viewer, mailbox, status) and the SMTP stand-in, in one process."""

from __future__ import annotations

import sys

from stack import probes
from stack.process import Program
from stack.topology import Topology

_OK = 200


def program(topology: Topology) -> Program:
    async def ready(_: int) -> bool:
        if not await probes.smtp_answers(topology.ports["smtp"]):
            return False
        return await probes.http_status(topology.ports["portal"], "/healthz") == _OK

    return Program(
        name="portal",
        command=(sys.executable, "-m", "stack.portal", str(topology.state)),
        log=topology.log("portal"),
        ready=ready,
    )
