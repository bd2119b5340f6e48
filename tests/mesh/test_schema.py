"""What the stores believe of their tables is what the migrations made."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.conftest import RunningMesh

pytestmark = pytest.mark.mesh
WITH_MODELS = ("auth", "jobs", "matching")


@pytest.mark.parametrize("service", WITH_MODELS)
async def test_models_and_migrations_agree(mesh: RunningMesh, service: str) -> None:
    metadata = importlib.import_module(f"services.{service}.store.tables").metadata

    def differences(connection: Connection) -> list[Any]:
        connection.execute(text(f'set search_path = "{service}", public'))
        connection.dialect.default_schema_name = service
        options = {
            "include_object": lambda thing, name, kind, reflected, other: (
                kind != "table" or name in metadata.tables
            )
        }
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    url = mesh.topology.admin_url.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    assert found == []
