"""What several mesh tests use: one connection of each kind, and one hiring team."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx
import pytest
from weneeds import AsyncWeNeeds

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
async def staff(guest: AsyncWeNeeds) -> Team:
    """A recruiter with a company and a published job."""
    return await team(guest)
