"""Schema, role and tables of each service: `weneeds migrate`.

The owner of everything is the administrator; the runtime role of a service has
its own schema, DML in it, and nothing else.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.operations import Operations

from services.kit import schema

_EXTENSIONS = ("vector", "unaccent", "pg_trgm")
# A migration waits this long for a lock, then gives up rather than block traffic.
LOCK_TIMEOUT = "5s"


async def migrate_all(
    admin_url: str, passwords: Mapping[str, str], services: Sequence[str]
) -> None:
    """Bring the schemas of `services` up to date.

    `passwords` are those of the runtime roles, by service. Raises
    asyncpg.PostgresError and OSError.
    """
    connection = await asyncpg.connect(admin_url)
    try:
        for extension in _EXTENSIONS:
            await connection.execute(f'create extension if not exists "{extension}"')
        for service in services:
            await _prepare(connection, service, passwords[service])
        for service in services:
            await asyncio.to_thread(_upgrade, admin_url, service)
            await _grant(connection, service)
    finally:
        await connection.close()


async def _prepare(connection: Any, service: str, password: str) -> None:
    role = role_of(service)
    if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
        await connection.execute(f'create role "{role}" login')
    secret = await connection.fetchval("select quote_literal($1::text)", password)
    await connection.execute(f'alter role "{role}" password {secret}')
    await connection.execute(f'create schema if not exists "{service}"')
    await connection.execute(f'alter role "{role}" set search_path = "{service}", public')
    await connection.execute(f'grant usage on schema "{service}" to "{role}"')


async def _grant(connection: Any, service: str) -> None:
    """Give the role its rights; `migrations/grants.sql` of the service takes some back."""
    role = role_of(service)
    async with connection.transaction():
        await connection.execute(
            f'grant select, insert, update, delete on all tables in schema "{service}" to "{role}"'
        )
        await connection.execute(
            f'grant usage, select on all sequences in schema "{service}" to "{role}"'
        )
        await connection.execute(f'revoke all on "{service}".alembic_version from "{role}"')
        # The log can grow and be read; nobody who serves requests can rewrite it.
        await connection.execute(f'revoke update, delete on "{service}".audit from "{role}"')
        own = _folder(service) / "grants.sql"
        if own.exists():
            await connection.execute(f'set local search_path = "{service}"')
            await connection.execute(own.read_text().replace("{role}", f'"{role}"'))


def role_of(service: str) -> str:
    """Return the name of the service's runtime role."""
    return f"weneeds_{service}"


def _folder(service: str) -> Path:
    package = importlib.import_module(f"services.{service}")
    return Path(next(iter(package.__path__))) / "migrations"


def _upgrade(admin_url: str, service: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    config.set_main_option("version_locations", str(_folder(service) / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = admin_url
    config.attributes["schema"] = service
    command.upgrade(config, "head")


def kit_tables(op: Operations | Any) -> None:
    """Create the kit's tables in the schema of the migration that calls this."""
    run_script(op, schema.FIRST)


def run_script(op: Operations | Any, script: str) -> None:
    """Run the statements of `script` one by one. No statement may hold a semicolon inside."""
    for statement in script.split(";"):
        if statement.strip():
            op.execute(statement)
