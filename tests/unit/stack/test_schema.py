"""When the database is migrated again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from stack import schema
from stack.launchers import postgres
from stack.paths import ROOT
from stack.topology import SERVICES, Topology


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what migrations read."""
    copy = tmp_path / "project"
    for name in ("kit", *SERVICES):
        source = ROOT / "services" / name
        folder = source if name == "kit" else source / "migrations"
        shutil.copytree(folder, copy / folder.relative_to(ROOT))
    monkeypatch.setattr(schema, "ROOT", copy)
    return copy / "services"


@pytest.fixture
def migrated(tmp_path: Path, sources: Path, monkeypatch: pytest.MonkeyPatch) -> Topology:
    """A state folder whose database has seen every migration."""
    monkeypatch.setattr(postgres, "has_data", lambda topology: True)
    topology = Topology.create(tmp_path / "state", public_port=0)
    schema.remember(topology, schema.fingerprint(topology))
    return topology


def test_nothing_new_needs_no_migration(migrated: Topology) -> None:
    assert schema.is_current(migrated)


@pytest.mark.parametrize("service", SERVICES)
def test_a_new_migration_is_noticed(migrated: Topology, sources: Path, service: str) -> None:
    (sources / service / "migrations" / "versions" / "9999_more.py").write_text("revision = '9'\n")
    assert not schema.is_current(migrated)


def test_a_change_of_the_kit_is_noticed(migrated: Topology, sources: Path) -> None:
    (sources / "kit" / "another_table.sql").write_text("create table another (id uuid);\n")
    assert not schema.is_current(migrated)


def test_a_new_password_is_noticed(migrated: Topology) -> None:
    passwords = {**migrated.passwords, "jobs": "another one"}
    assert not schema.is_current(replace(migrated, passwords=passwords))


def test_a_new_data_folder_is_noticed(migrated: Topology, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "has_data", lambda topology: False)
    assert not schema.is_current(migrated)
