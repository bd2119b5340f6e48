"""The platform and both clients on it, behind one way to call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from weneeds import AsyncWeNeeds, RetryPolicy, WeNeeds

from tests.unit.sdk.platform import Platform

QUICK = RetryPolicy(attempts=4, first=0.002, longest=0.01, stream_attempts=4)


class Both:
    """One of the two clients: the same calls must do the same with each."""

    def __init__(self, client: WeNeeds | AsyncWeNeeds) -> None:
        self.client = client

    async def __call__(self, call: Callable[[Any], Any]) -> Any:
        """Make a call; the blocking client in a thread of its own."""
        if isinstance(self.client, WeNeeds):
            return await asyncio.to_thread(call, self.client)
        return await call(self.client)

    async def items(self, listing: Callable[[Any], Any]) -> list[Any]:
        """Read a pager or a stream to its end."""
        if isinstance(self.client, WeNeeds):
            return await asyncio.to_thread(lambda: list(listing(self.client)))
        return [item async for item in listing(self.client)]

    def twin(self, token: Any) -> Both:
        """Return the other identity on the same connection."""
        return Both(self.client.with_token(token))


Making = Callable[..., Awaitable[Both]]


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    platform = Platform()
    server = await platform.start()
    yield platform
    await server.stop(None)


@pytest.fixture(params=["blocking", "asynchronous"])
async def make(request: pytest.FixtureRequest, platform: Platform) -> AsyncIterator[Making]:
    """Make a client of the platform, with options."""
    made: list[Both] = []

    async def making(**options: Any) -> Both:
        kind = WeNeeds if request.param == "blocking" else AsyncWeNeeds
        made.append(Both(kind(platform.target, tls=False, **{"retry": QUICK, **options})))
        return made[-1]

    yield making
    for both in made:
        await both(lambda client: client.close())


@pytest.fixture
async def client(make: Making) -> Both:
    return await make()
