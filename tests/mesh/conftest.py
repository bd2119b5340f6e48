"""What several mesh tests use: one connection of each kind, and one hiring team."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import grpc
import httpx
import pytest
from weneeds import AsyncWeNeeds

from tests.conftest import RunningMesh
from tests.mesh.doors import Doors
from tests.mesh.staffing import PASSWORD, Admin, new_boss, signed_in
from tests.support.people import Team, team


@pytest.fixture(scope="module")
async def guest(mesh: Any) -> AsyncIterator[AsyncWeNeeds]:
    """A signed-out client whose connection others borrow."""
    async with mesh.client() as client:
        yield client


@pytest.fixture(scope="module")
async def rest(mesh: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Plain HTTP to the gateway."""
    async with httpx.AsyncClient(base_url=mesh.rest, timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
async def channel(mesh: Any) -> AsyncIterator[grpc.aio.Channel]:
    """Plain gRPC to the gateway."""
    async with grpc.aio.insecure_channel(mesh.grpc) as opened:
        yield opened


@pytest.fixture(scope="module")
def doors(channel: grpc.aio.Channel, rest: httpx.AsyncClient) -> Doors:
    """All three ways in."""
    return Doors(channel, rest)


@pytest.fixture(scope="module")
async def staff(guest: AsyncWeNeeds) -> Team:
    """A recruiter with a company and a published job."""
    return await team(guest)


@pytest.fixture(scope="module")
async def boss(mesh: RunningMesh, guest: AsyncWeNeeds) -> Admin:
    """A super admin. Of the module: a second factor is fresh for ten minutes only."""
    return await new_boss(mesh, guest)


@pytest.fixture(scope="module")
async def plain(guest: AsyncWeNeeds, boss: Admin) -> Admin:
    """A plain admin, made by the super admin."""
    email = f"staff-{uuid4()}@example.org"
    created = await boss.client.admin_management.create_admin(
        email=email, name="Collègue Fictif", password=PASSWORD, role="ADMIN_ROLE_ADMIN"
    )
    return await signed_in(guest, created.admin.id, email, created.totp_uri)
