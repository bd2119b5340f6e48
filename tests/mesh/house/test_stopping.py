"""A service stops when it is told to, whatever it is at."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import uuid4

import pytest
from weneeds.jobs.events.v1.events_pb2 import OfferClosed

from services.kit.background import end
from services.kit.consumer import Consumer
from tests.mesh.house.conftest import Kit, Stores
from tests.mesh.house.servers import Handlers, serving

# Draining takes 0.3 s here.
SECONDS = 3.0


async def test_a_service_stops_while_events_flow(stores: Stores, kit: Kit) -> None:
    handled = asyncio.Event()

    async def event(event: Any) -> None:
        handled.set()

    consumers = [
        Consumer(f"jobs-stop-{number}-{uuid4().hex[:8]}", OfferClosed, event, batch=2)
        for number in range(3)
    ]
    async with serving(stores.topology, Handlers(), consumers) as servers:
        flow = kit.run(publish(kit))
        kit.work.wake = servers.kit.work.wake
        async with asyncio.timeout(20):
            await handled.wait()
        began = time.monotonic()
        await servers.front.stop()
        assert time.monotonic() - began < SECONDS
        await kit.end(flow)


async def publish(kit: Kit) -> None:
    while True:
        async with kit.work() as work:
            work.publish(OfferClosed(job_id=str(uuid4()), version=1))


async def test_an_idle_service_stops_as_fast(stores: Stores) -> None:
    async def event(event: Any) -> None:
        return

    consumer = Consumer(f"jobs-idle-{uuid4().hex[:8]}", OfferClosed, event)
    async with serving(stores.topology, Handlers(), [consumer]) as servers:
        await asyncio.sleep(0.2)
        began = time.monotonic()
        await servers.front.stop()
        assert time.monotonic() - began < SECONDS


async def test_a_task_that_swallows_its_cancellation_is_told_again() -> None:
    """`asyncio.wait_for` does that when its time and its cancellation come together."""
    swallowed: list[int] = []

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed.append(1)
                if len(swallowed) == 3:
                    raise

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await end([task], pause=0.01)
    assert task.cancelled()
    assert len(swallowed) == 3


async def test_a_task_that_never_ends_is_left() -> None:
    release = asyncio.Event()

    async def deaf() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await end([task], pause=0.01, tries=5)
    assert not task.done()
    release.set()
    await task


@pytest.mark.parametrize("failure", [None, ValueError()])
async def test_what_is_over_already_needs_no_end(failure: Exception | None) -> None:
    async def short() -> None:
        if failure:
            raise failure

    task = asyncio.create_task(short())
    await asyncio.wait([task])
    await end([task])
    await end([])
