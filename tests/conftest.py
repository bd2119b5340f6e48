"""The mesh that the tests share: booted once a session, on free ports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from weneeds import AsyncWeNeeds

from stack.mesh import Mesh
from stack.topology import Topology
from tests.identity_providers import IdentityProviders


@dataclass(frozen=True)
class RunningMesh:
    """Where a test reaches the mesh, and the mesh itself."""

    mesh: Mesh
    # Configured, but started only by the tests that sign in through them.
    providers: IdentityProviders | None = None

    @property
    def topology(self) -> Topology:
        return self.mesh.topology

    @property
    def grpc(self) -> str:
        return self.topology.gateway

    @property
    def rest(self) -> str:
        return f"http://{self.topology.gateway}"

    def client(self, locale: str = "en") -> AsyncWeNeeds:
        """A client of its own, signed out."""
        return AsyncWeNeeds(self.grpc, tls=False, locale=locale, timeout=20)


@pytest.fixture(scope="session")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningMesh]:
    """One mesh for all tests. Each test makes its own people, companies and jobs."""
    state: Path = tmp_path_factory.mktemp("mesh")
    # PostgreSQL does not run as root: its account has to reach its folder.
    for folder in (state, *state.parents[:2]):
        folder.chmod(0o755)
    topology = Topology.create(state, public_port=0)
    providers = IdentityProviders.choose(avoid=topology.ports.values())
    async with Mesh(topology, environment=providers.environment()) as running:
        yield RunningMesh(running, providers)
