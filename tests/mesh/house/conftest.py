"""The kit on stores of its own: tests stop and start these as they like."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.kit.bus import Bus
from services.kit.clock import SystemClock
from services.kit.db import Database, Query
from services.kit.ids import Uuid7Ids
from services.kit.migrate import migrate_all
from services.kit.outbox import Relay
from services.kit.work import UnitsOfWork
from stack.launchers import nats, postgres, valkey
from stack.supervisor import Supervisor
from stack.topology import DATABASE, Topology

SERVICE = "jobs"


@dataclass
class Stores:
    """Postgres with the tables of one service, NATS and Valkey."""

    topology: Topology
    supervisor: Supervisor

    @property
    def database_url(self) -> str:
        return self.topology.database_url(SERVICE)

    async def stop(self, name: str) -> None:
        await self.supervisor.stop(name)

    async def start(self, name: str) -> None:
        await self.supervisor.start_again(name)


@pytest.fixture(scope="session")
async def stores(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stores]:
    """Boot them once for the tests of this folder."""
    state: Path = tmp_path_factory.mktemp("house")
    for folder in (state, *state.parents[:2]):
        folder.chmod(0o755)
    topology = Topology.create(state, public_port=0)
    supervisor = Supervisor()
    try:
        programs = [await postgres.program(topology), nats.program(topology)]
        programs.append(valkey.program(topology))
        await asyncio.gather(*(supervisor.start(program) for program in programs))
        await _create_database(topology.admin_url)
        await migrate_all(topology.admin_url, topology.role_passwords, [SERVICE, "auth"])
        yield Stores(topology, supervisor)
    finally:
        for name in list(supervisor.running):
            await supervisor.stop(name)


async def _create_database(admin_url: str) -> None:
    connection = await asyncpg.connect(admin_url.removesuffix(DATABASE) + "postgres")
    try:
        await connection.execute(f'create database "{DATABASE}"')
    finally:
        await connection.close()


@dataclass
class Kit:
    """What a service has of the kit, on the stores, without gRPC."""

    stores: Stores
    database: Database
    work: UnitsOfWork
    clock: SystemClock = field(default_factory=SystemClock)
    _buses: list[Bus] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def ids(self) -> Uuid7Ids:
        return Uuid7Ids(self.clock)

    async def bus(self) -> Bus:
        """A connection to NATS of its own."""
        bus = await Bus.connect(self.stores.topology.nats_url, "house")
        self._buses.append(bus)
        return bus

    async def relay(self) -> Relay:
        """A relay that runs until the test ends."""
        relay = Relay(self.database, await self.bus(), self.clock)
        self.run(relay.run())
        return relay

    def run(self, work: Any) -> asyncio.Task[None]:
        """Run something in the background until the test ends."""
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    async def end(self, *tasks: asyncio.Task[None]) -> None:
        """End background work now; all of it when none is named."""
        for task in tasks or self._tasks:
            task.cancel()
        await asyncio.gather(*(tasks or self._tasks), return_exceptions=True)

    async def close(self) -> None:
        await self.end()
        for bus in self._buses:
            await bus.close()
        await self.database.close()

    async def count(self, table: str) -> int:
        """How many rows a table holds."""
        row = await self.database.reader.fetch_one(Query.text(f"select count(*) n from {table}"))
        assert row is not None
        return int(row["n"])


@pytest.fixture
async def kit(stores: Stores) -> AsyncIterator[Kit]:
    """The kit on empty outbox, inbox and idempotency tables."""
    database = await Database.connect(stores.database_url)
    clock = SystemClock()
    kit = Kit(stores, database, UnitsOfWork(database, clock, Uuid7Ids(clock)), clock)
    async with kit.work() as work:
        for table in ("outbox", "inbox", "idempotency"):
            await work.execute(Query.text(f"delete from {table}"))
    yield kit
    await kit.close()
