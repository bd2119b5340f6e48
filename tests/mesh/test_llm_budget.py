"""The day's budget of language models, counted in the mesh's own Valkey."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.kit.redis import connect
from services.matching.ports.llm.spending import ValkeySpending

pytestmark = pytest.mark.mesh


@dataclass
class Day:
    """A clock that stands still until told otherwise."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def some_day() -> Day:
    """A day of its own for each test, long ago."""
    return Day(datetime.fromordinal(1 + uuid4().int % 500_000).replace(tzinfo=UTC))


async def test_replicas_share_a_budget_and_never_go_beyond_it(mesh: Any) -> None:
    day = some_day()
    redis = connect(mesh.topology.redis_url)
    replicas = [ValkeySpending(redis, day, 1000) for _ in range(2)]
    taken = await asyncio.gather(*(replicas[at % 2].reserve(300) for at in range(10)))
    assert sum(taken) == 3
    await replicas[0].settle(300, 50)
    assert await replicas[1].reserve(350)
    assert not await replicas[1].reserve(1)
    day.at = some_day().at
    assert await replicas[0].reserve(1000)
    await redis.aclose()


async def test_without_valkey_nothing_is_spent() -> None:
    redis = connect("redis://127.0.0.1:1/0")
    spending = ValkeySpending(redis, some_day(), 1000)
    assert not await spending.reserve(1)
    await spending.settle(10, 1)
    await redis.aclose()
