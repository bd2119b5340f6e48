"""Bring the database to the newest schema: `python -m stack.migrations STATE_FOLDER`.

A process of its own: it loads while the stores start, and what it loads is not kept in memory.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import asyncpg

from services.kit.migrate import migrate_all
from stack.topology import ADMIN_ROLE, DATABASE, HOST, SERVICES, Topology

_WAIT_SECONDS = 60.0


async def migrate(topology: Topology) -> None:
    """Create the database if it is missing, then migrate each service."""
    await _create_database(topology)
    await migrate_all(topology.admin_url, topology.role_passwords, SERVICES)


async def _create_database(topology: Topology) -> None:
    connection = await _connect(topology)
    try:
        known = await connection.fetchval("select 1 from pg_database where datname = $1", DATABASE)
        if not known:
            await connection.execute(f"create database {DATABASE}")
    finally:
        await connection.close()


async def _connect(topology: Topology) -> asyncpg.Connection:
    """Connect as the superuser; wait while the server still starts."""
    async with asyncio.timeout(_WAIT_SECONDS):
        while True:
            try:
                return await asyncpg.connect(
                    host=HOST,
                    port=topology.ports["postgres"],
                    user=ADMIN_ROLE,
                    password=topology.passwords[ADMIN_ROLE],
                    database="postgres",
                )
            except (OSError, asyncpg.CannotConnectNowError):
                await asyncio.sleep(0.02)


def main() -> None:
    topology = Topology.load(Path(sys.argv[1]))
    if topology is None:
        sys.exit(f"no mesh was ever started in {sys.argv[1]}")
    asyncio.run(migrate(topology))


if __name__ == "__main__":
    main()
