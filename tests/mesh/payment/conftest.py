"""The payment service's stores and use cases, on a database of their own in the mesh's Postgres."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from services.kit.clock import FakeClock
from services.kit.db import Database
from services.kit.ids import Uuid7Ids
from services.kit.migrate import migrate_all
from services.payment.settings import PaymentSettings
from tests.conftest import RunningMesh
from tests.mesh.payment.billing import Billing
from tests.mesh.payment.house import House
from tests.support.standin import SECRET, StandIn, standin

_NAME = "payment_alone"


@pytest.fixture(scope="session")
async def admin_url(mesh: RunningMesh) -> str:
    """A database with the payment schema and nothing else; the administrator's address."""
    admin = await asyncpg.connect(mesh.topology.admin_url)
    try:
        await admin.execute(f"create database {_NAME}")
    finally:
        await admin.close()
    url = _there(mesh.topology.admin_url)
    await migrate_all(url, {"payment": mesh.topology.passwords["payment"]}, ["payment"])
    return url


@pytest.fixture(scope="session")
async def database(mesh: RunningMesh, admin_url: str) -> AsyncIterator[Database]:
    """Pools of the service's own role."""
    assert admin_url.endswith(_NAME)
    database = await Database.connect(_there(mesh.topology.database_url("payment")))
    yield database
    await database.close()


@pytest.fixture
async def empty(admin_url: str) -> Callable[[], Awaitable[None]]:
    """Empties all tables."""

    async def run() -> None:
        admin = await asyncpg.connect(admin_url)
        try:
            # Only the owner can, and only with the guards off.
            await admin.execute(
                """
                set session_replication_role = replica;
                set search_path = payment;
                delete from action_log; delete from ledger_entries; delete from ledger_transactions;
                delete from ledger_blocks; delete from holds; delete from prices;
                delete from budgets; delete from job_refs; delete from outbox; delete from inbox;
                delete from accounts where not shared;
                delete from refunds; delete from disputes; delete from charges;
                delete from payment_methods; delete from customers; delete from provider_events;
                delete from dues; delete from collections_wanted;
                delete from invoice_documents; delete from credited_actions;
                delete from invoice_actions; delete from invoice_lines; delete from invoices;
                delete from invoice_counters; delete from billing_profiles;
                delete from company_refs;
                update accounts set balance = 0, version = 0;
                """
            )
        finally:
            await admin.close()

    return run


@pytest.fixture
async def house(
    database: Database, empty: Callable[[], Awaitable[None]], mesh: RunningMesh
) -> AsyncIterator[House]:
    """The payment service on empty tables, with a clock that stands still."""
    await empty()
    clock = FakeClock(datetime(2026, 3, 15, 12, tzinfo=UTC))
    settings = PaymentSettings.load("payment", mesh.topology.environment())
    house = House(database, clock, Uuid7Ids(clock), settings)
    yield house
    await house.cards.close()
    await house.pump.stop()


@pytest.fixture
async def billing(house: House) -> AsyncIterator[Billing]:
    """Billing on top of the house, with cards that answer as they are told."""
    billing = Billing(house)
    yield billing
    await billing.low.stop()


@pytest.fixture
async def stripe(tmp_path: Path) -> AsyncIterator[StandIn]:
    """A card processor of the test's own. Its webhooks go nowhere."""
    async with standin(tmp_path) as running:
        yield running


@pytest.fixture
async def shop(house: House, database: Database, stripe: StandIn) -> AsyncIterator[House]:
    """The house with a processor of its own."""
    own = House(database, house.clock, Uuid7Ids(house.clock), settings_for(stripe))
    yield own
    await own.cards.close()
    await own.pump.stop()


def settings_for(stripe: StandIn) -> PaymentSettings:
    """The settings that matter for cards."""
    return PaymentSettings.model_construct(
        environment="local",
        site_url="https://site.example",
        stripe_api_key="sk_test_house",
        stripe_api_base=stripe.url,
        stripe_webhook_secret=SECRET,
    )


def _there(url: str) -> str:
    return f"{url.rpartition('/')[0]}/{_NAME}"
