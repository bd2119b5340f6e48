"""Alembic's environment for every service: `services.kit.migrate` fills it in."""

from __future__ import annotations

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from services.kit.migrate import LOCK_TIMEOUT

_attributes = context.config.attributes


def _run(connection: Connection) -> None:
    schema = _attributes["schema"]
    connection.execute(text(f'set search_path = "{schema}", public'))
    connection.execute(text(f"set lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.commit()
    # The schema is where unqualified names go: migrations need not name it.
    connection.dialect.default_schema_name = schema
    context.configure(connection=connection, version_table_schema=schema)
    with context.begin_transaction():
        context.run_migrations()


async def _main() -> None:
    url = str(_attributes["url"]).replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        await connection.run_sync(_run)
        await connection.commit()
    await engine.dispose()


asyncio.run(_main())
