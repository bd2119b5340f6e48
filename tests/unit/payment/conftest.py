"""A Postgres of its own for the tests of the payment service's stores and use cases."""

from __future__ import annotations

import asyncio
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from services.kit.clock import FakeClock
from services.kit.db import Database
from services.kit.ids import Uuid7Ids
from services.kit.migrate import migrate_all
from stack.launchers import account
from tests.unit.payment.house import House

_LOCAL = "127.0.0.1"
_FAST = ("-c", "fsync=off", "-c", "unix_socket_directories=", "-c", f"listen_addresses={_LOCAL}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOCAL, 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
async def admin_url() -> AsyncIterator[str]:
    """A fresh server with the payment schema; the administrator's address."""
    with tempfile.TemporaryDirectory(prefix="weneeds-test-", ignore_cleanup_errors=True) as folder:
        state = Path(folder)
        user = _account(state)
        programs = user.programs / "bin"
        create = (*user.prefix, str(programs / "initdb"), f"--pgdata={user.data}", "-U", "admin")
        settings = ("--auth=trust", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        made = await asyncio.create_subprocess_exec(
            *create,
            *settings,
            "--locale=C",
            "--encoding=UTF8",
            "--no-sync",
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert await made.wait() == 0
        port = _free_port()
        serve = (*user.prefix, str(programs / "postgres"), "-D", str(user.data), "-p", str(port))
        server = await asyncio.create_subprocess_exec(
            *serve, *_FAST, stderr=asyncio.subprocess.DEVNULL
        )
        url = f"postgresql://admin@{_LOCAL}:{port}/postgres"
        try:
            await _answers(url)
            await migrate_all(url, {"payment": "local"}, ["payment"])
            yield url
        finally:
            server.send_signal(signal.SIGINT)
            await server.wait()
            account.remove_elsewhere(state)


def _account(state: Path) -> account.Account:
    # Root serves as another account, which must reach the folder.
    state.chmod(0o755)
    return account.prepare(state)


async def _answers(url: str) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await (await asyncpg.connect(url)).close()
                return
            except (OSError, asyncpg.CannotConnectNowError):
                await asyncio.sleep(0.02)


@pytest.fixture(scope="session")
async def database(admin_url: str) -> AsyncIterator[Database]:
    """Pools of the service's own role."""
    database = await Database.connect(admin_url.replace("admin@", "weneeds_payment:local@"))
    yield database
    await database.close()


@pytest.fixture
async def house(database: Database, admin_url: str) -> AsyncIterator[House]:
    """The payment service on empty tables, with a clock that stands still."""
    admin = await asyncpg.connect(admin_url)
    try:
        # Only the owner can, and only with the guards off.
        await admin.execute(
            """
            set session_replication_role = replica;
            set search_path = payment;
            delete from action_log; delete from ledger_entries; delete from ledger_transactions;
            delete from budgets; delete from job_refs; delete from outbox; delete from inbox;
            delete from accounts where name like 'budget:%';
            update accounts set balance = 0, version = 0;
            """
        )
    finally:
        await admin.close()
    clock = FakeClock(datetime(2026, 3, 15, 12, tzinfo=UTC))
    house = House(database, clock, Uuid7Ids(clock))
    yield house
    await house.pump.stop()
