"""The stores of the auth service, real and private to these tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import asyncpg
import pytest
from joserfc.jwk import OKPKey
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from services.auth.app.accounts import Accounts, Registration
from services.auth.app.companies import Companies
from services.auth.app.directory import Directory
from services.auth.app.endings import SessionEndings
from services.auth.app.lockouts import Lockouts
from services.auth.app.sessions import SignIns
from services.auth.app.sign_in_log import SignInLog
from services.auth.domain.users import User, UserRole
from services.auth.ports.lockouts import ValkeyFailures
from services.auth.ports.passwords import Argon2Passwords, Cost
from services.auth.ports.refresh_tokens import SealedRefreshTokens
from services.auth.ports.sessions import ValkeySessions
from services.auth.ports.tokens import SignedTokens
from services.auth.store.companies import PostgresCompanies
from services.auth.store.links import PostgresLinks
from services.auth.store.session_ends import PostgresSessionEnds
from services.auth.store.users import PostgresUsers
from services.kit.audit import AuditLog
from services.kit.clock import FakeClock
from services.kit.db import Database
from services.kit.ids import Uuid7Ids
from services.kit.migrate import migrate_all
from services.kit.work import UnitsOfWork
from stack.launchers import postgres as postgres_launcher
from stack.launchers import valkey as valkey_launcher
from stack.process import Running
from stack.topology import DATABASE, Topology
from tests.support.sql import Sql
from tests.unit.auth.factor_rooms import FactorRooms, build_factors

if TYPE_CHECKING:
    from tests.unit.auth.staff_rooms import Staff

PASSWORD = "correct horse battery staple"
CHEAP = Cost(memory_kib=64, passes=1)
ISSUER = "https://auth.example.test"
AUDIENCE = "tests"


@pytest.fixture(scope="session")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Topology:
    return Topology.create(tmp_path_factory.mktemp("auth"), public_port=0)


@pytest.fixture(scope="session")
async def redis(topology: Topology) -> AsyncIterator[Redis]:
    running = await Running.start(valkey_launcher.program(topology))
    client = Redis.from_url(topology.redis_url)
    try:
        await running.wait_ready()
        yield client
    finally:
        await client.aclose()
        await running.stop()


@pytest.fixture
async def no_redis() -> AsyncIterator[Redis]:
    """A client of a Valkey that is not there."""
    once = Retry(NoBackoff(), 0)
    client = Redis(unix_socket_path="/nonexistent/valkey.sock", retry=once)
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
async def database(topology: Topology) -> AsyncIterator[Database]:
    running = await Running.start(await postgres_launcher.program(topology))
    try:
        await running.wait_ready()
        await _create_database(topology.admin_url)
        await migrate_all(topology.admin_url, topology.role_passwords, ["auth"])
        database = await Database.connect(topology.database_url("auth"))
        yield database
        await database.close()
    finally:
        await running.stop()


async def _create_database(admin_url: str) -> None:
    connection = await asyncpg.connect(admin_url.removesuffix(DATABASE) + "postgres")
    try:
        await connection.execute(f'create database "{DATABASE}"')
    finally:
        await connection.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime.now(UTC))


@pytest.fixture
def keys_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir()
    add_key(folder, "first")
    return folder


def add_key(folder: Path, kid: str) -> OKPKey:
    """Write a private key `<kid>.pem` and return it."""
    key = OKPKey.generate_key("Ed25519", {"kid": kid})
    (folder / f"{kid}.pem").write_bytes(key.as_pem(private=True))
    return key


@dataclass
class Auth:
    """The use cases on real stores, with a clock that tests move."""

    clock: FakeClock
    database: Database
    passwords: Argon2Passwords
    sessions: ValkeySessions
    endings: SessionEndings
    accounts: Accounts
    sign_ins: SignIns
    companies: Companies
    directory: Directory
    factors: FactorRooms
    lockouts: Lockouts

    async def register(self, role: UserRole = UserRole.RECRUITER, email: str = "") -> User:
        """Register a fictitious person."""
        given = Registration(email or new_email(), PASSWORD, "Ada", "Test", role, "en")
        return await self.accounts.register(given)

    async def published(self, key: str) -> list[str]:
        """The subjects of the events about `key`, in order."""
        rows = await Sql(self.database).fetch(
            "select subject from outbox where key = $1 order by seq", key
        )
        return [row["subject"] for row in rows]


def new_email() -> str:
    """An address that no other test uses."""
    return f"{uuid4().hex}@example.test"


def build_auth(database: Database, redis: Redis, clock: FakeClock, keys_dir: Path) -> Auth:
    """Put the use cases together as main.py does."""
    sessions = ValkeySessions(redis)
    ids = Uuid7Ids(clock)
    units = UnitsOfWork(database, clock, ids)
    endings = SessionEndings(units, sessions, PostgresSessionEnds(), clock)
    users = PostgresUsers()
    passwords = Argon2Passwords(CHEAP)
    accounts = Accounts(
        work=units,
        reader=database.reader,
        users=users,
        links=PostgresLinks(),
        passwords=passwords,
        clock=clock,
        ids=ids,
    )
    factors = build_factors(database, redis, clock, ids)
    lockouts = Lockouts(ValkeyFailures(redis), clock)
    sign_ins = SignIns(
        work=units,
        reader=database.reader,
        users=users,
        sessions=sessions,
        endings=endings,
        passwords=passwords,
        access_tokens=SignedTokens(keys_dir, ISSUER, AUDIENCE, timedelta(minutes=10)),
        refresh_tokens=SealedRefreshTokens(b"s" * 32),
        challenges=factors.sign_in_challenges,
        lockouts=lockouts,
        log=SignInLog(units, AuditLog(clock, ids)),
        clock=clock,
        ids=ids,
    )
    companies = Companies(
        work=units,
        reader=database.reader,
        companies=PostgresCompanies(),
        users=users,
        clock=clock,
        ids=ids,
    )
    directory = Directory(database.reader, users, PostgresCompanies(), sessions)
    return Auth(
        clock,
        database,
        passwords,
        sessions,
        endings,
        accounts,
        sign_ins,
        companies,
        directory,
        factors,
        lockouts,
    )


@pytest.fixture
def auth(database: Database, redis: Redis, clock: FakeClock, keys_dir: Path) -> Auth:
    return build_auth(database, redis, clock, keys_dir)


@pytest.fixture
def staff(auth: Auth, redis: Redis, keys_dir: Path) -> Staff:
    from tests.unit.auth.staff_rooms import build_staff

    return build_staff(auth, redis, keys_dir)


@pytest.fixture
def auth_without_sessions(
    database: Database, no_redis: Redis, clock: FakeClock, keys_dir: Path
) -> Auth:
    return build_auth(database, no_redis, clock, keys_dir)
