"""The mesh that is measured, a signed-in recruiter, and how much of everything is done."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from rich.progress import Progress
from weneeds import AsyncWeNeeds
from weneeds.options.v1.role_pb2 import USER_ROLE_RECRUITER

from bench import seed
from bench.load import Tick
from gateway.topology import Limits
from stack.mesh import Mesh
from stack.topology import Topology

_PASSWORD = "une phrase fictive pour mesurer"
# One client address sends everything here.
_UNLIMITED = Limits(requests_per_second=100_000, request_burst=100_000)


@dataclass(frozen=True)
class Amount:
    """How much is measured: enough to trust, or just enough to see that it works."""

    rounds: int = 9
    page_calls: int = 600
    unary_calls: int = 2_000
    gateway_calls: int = 300
    sign_ins: int = 40
    paced_seconds: int = 10
    backlog: int = 60_000
    boots: int = 3
    # Charges a round, and lines beside them for the recount.
    charges: int = 8_000
    recounted: int = 250_000

    @classmethod
    def quick(cls) -> Amount:
        """Seconds instead of minutes; the figures are indications only."""
        return cls(3, 120, 300, 80, 12, 3, 6_000, 1, 2_000, 20_000)


@dataclass
class Scene:
    """What the measurements stand on."""

    mesh: Mesh
    amount: Amount
    progress: Progress
    # Seconds of the first boot and of the ones after it.
    cold: float
    warm: list[float]
    company_id: str = ""
    _email: str = field(default_factory=lambda: f"bench-{uuid4()}@example.org")

    @property
    def topology(self) -> Topology:
        return self.mesh.topology

    def steps(self, what: str, total: int) -> Tick:
        """A line of the progress display; call it `total` times."""
        task = self.progress.add_task(what, total=total)
        return lambda: self.progress.advance(task)

    async def token(self) -> str:
        """A new access token of the recruiter, good for ten minutes."""
        async with AsyncWeNeeds(self.topology.gateway, tls=False) as client:
            return await self._signed_in(client)

    async def people(self) -> None:
        """Register the recruiter, create the company, fill in the applications."""
        async with AsyncWeNeeds(self.topology.gateway, tls=False) as client:
            await client.accounts.register(
                email=self._email,
                password=_PASSWORD,
                first_name="Fictive",
                last_name="Personne",
                role=USER_ROLE_RECRUITER,
            )
            await self._signed_in(client)
            me = (await client.accounts.get_me()).user.id
            company = await client.companies.create_company(
                name="Fictive SARL", siret="73282932000074", city="Paris"
            )
            self.company_id = company.company.id
        await seed.seed(self.topology.admin_url, self.company_id, me)

    async def _signed_in(self, client: AsyncWeNeeds) -> str:
        await client.sessions.sign_in(email=self._email, password=_PASSWORD)
        if client.tokens is None:
            raise RuntimeError("signed in without tokens")
        return client.tokens.access_token


@asynccontextmanager
async def opened(amount: Amount, progress: Progress, boots: int) -> AsyncIterator[Scene]:
    """Boot a mesh in a temporary folder, `boots` times more on the same state, and clean up.

    The last one stays up for the measurements; afterwards everything is removed.
    """
    folder = _state_folder()
    task = progress.add_task("boot the mesh", total=1 + boots)
    try:
        mesh, cold = await _boot(folder)
        progress.advance(task)
        warm: list[float] = []
        try:
            for _ in range(boots):
                await mesh.down()
                mesh, seconds = await _boot(folder)
                warm.append(seconds)
                progress.advance(task)
            yield Scene(mesh, amount, progress, cold, warm)
        finally:
            await mesh.down()
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _state_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="weneeds-bench-"))
    # PostgreSQL does not run as root: its account has to reach its folder.
    folder.chmod(0o755)
    return folder


async def _boot(folder: Path) -> tuple[Mesh, float]:
    mesh = Mesh(Topology.create(folder, public_port=0), limits=_UNLIMITED)
    started = time.perf_counter()
    await mesh.up()
    return mesh, time.perf_counter() - started
