"""A mesh to be broken: each service in a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stack.mesh import Mesh
from stack.topology import Topology
from tests.conftest import RunningMesh


@pytest.fixture(scope="session")
async def fragile(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningMesh]:
    """A mesh of these tests alone: the shared one must not lose anything."""
    state: Path = tmp_path_factory.mktemp("chaos")
    for folder in (state, *state.parents[:2]):
        folder.chmod(0o755)
    async with Mesh(Topology.create(state, public_port=0), processes=True) as running:
        yield RunningMesh(running)
