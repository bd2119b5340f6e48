"""The two ends of the event path: `python -m bench.servers.events emit|take DATABASE_URL NATS_URL`.

Each is a process of its own, as two services are. Commands come as JSON lines on standard input,
answers go as JSON lines to standard output; times are nanoseconds of the monotonic clock, which all
processes of a machine share.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from bench.servers.effects import CONSUMER, effect_due
from services.kit.bus import Bus
from services.kit.clock import SystemClock
from services.kit.consumer import Consumer, ConsumerLoop
from services.kit.db import Database, Query
from services.kit.ids import Uuid7Ids
from services.kit.outbox import Relay
from services.kit.publisher import Outgoing
from services.kit.work import UnitsOfWork

_AGGREGATES = 64
_UNIT = 500
_CONNECTIONS = 24
_POLL_SECONDS = 0.002
_NOTE = "fictive " * 12
_LEFT = Query.text("select exists (select from outbox) as rows")
_INBOX = Query.text("insert into inbox (consumer, event_id) values (:consumer, :id)")
_EFFECT = Query.text(
    """
    insert into effects (number, aggregate_id)
    select * from unnest(cast(:numbers as bigint[]), cast(:aggregates as text[]))
    """
)
Command = Callable[..., Awaitable[object]]


class Emitter:
    """Commits events and relays them."""

    def __init__(self, database: Database, bus: Bus) -> None:
        clock = SystemClock()
        self._ids = Uuid7Ids(clock)
        self._units = UnitsOfWork(database, clock, self._ids)
        self._bus = bus
        self._relay = Relay(database, bus, clock)
        self._reader = database.reader
        self._event = effect_due()
        self._relaying: asyncio.Task[None] | None = None

    @property
    def commands(self) -> Mapping[str, Command]:
        return {
            "paced": self.paced,
            "backlog": self.backlog,
            "relay": self.relay,
            "pause": self.pause,
            "emptied": self.emptied,
            "alone": self.alone,
        }

    async def paced(self, first: int, rate: int, seconds: float) -> list[int]:
        """Commit `rate` events a second, each in its own unit; return when each was committed."""
        count = int(rate * seconds)
        committed = [0] * count
        began = time.monotonic()

        async def commit(number: int) -> None:
            async with self._units() as work:
                work.publish(self._new(first + number))
            committed[number] = time.monotonic_ns()

        async with asyncio.TaskGroup() as group:
            for number in range(count):
                await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
                group.create_task(commit(number))
        return committed

    async def backlog(self, first: int, count: int) -> None:
        """Commit many events while nothing relays."""
        for start in range(first, first + count, _UNIT):
            async with self._units() as work:
                for number in range(start, min(start + _UNIT, first + count)):
                    work.publish(self._new(number))

    async def relay(self) -> int:
        """Begin to relay; return when."""
        self._relaying = asyncio.create_task(self._relay.run())
        self._units.wake = self._relay.wake
        return time.monotonic_ns()

    async def pause(self) -> None:
        """Stop relaying."""
        if self._relaying is not None:
            self._relaying.cancel()
            await asyncio.gather(self._relaying, return_exceptions=True)
        self._units.wake = lambda: None

    async def emptied(self) -> int:
        """Wait until the outbox is empty; return when."""
        while True:
            row = await self._reader.fetch_one(_LEFT)
            if row is not None and not row["rows"]:
                return time.monotonic_ns()
            await asyncio.sleep(_POLL_SECONDS)

    async def alone(self, count: int) -> dict[str, list[int]]:
        """One by one and with nothing else going on, how long a commit and a publication take.

        Both end with the disk; the events have a subject that nobody consumes.
        """
        took: dict[str, list[int]] = {"commit": [], "publish": []}
        for number in range(count):
            payload = self._new(number).SerializeToString()
            event = Outgoing(self._ids.new(), "events.bench.alone", payload, {})
            began = time.monotonic_ns()
            async with self._units() as work:
                await work.execute(_INBOX, consumer="bench-alone", id=event.id)
            committed = time.monotonic_ns()
            await self._bus.publish([event])
            took["commit"].append(committed - began)
            took["publish"].append(time.monotonic_ns() - committed)
        return took

    def _new(self, number: int) -> Any:
        aggregate = f"aggregate-{number % _AGGREGATES}"
        return self._event(aggregate_id=aggregate, number=number, note=_NOTE)


class Taker:
    """Consumes events; the effect of each is a row."""

    def __init__(self, database: Database, nats_url: str) -> None:
        clock = SystemClock()
        self._nats_url = nats_url
        self._units = UnitsOfWork(database, clock, Uuid7Ids(clock))
        self._done: dict[int, int] = {}
        self._more = asyncio.Event()
        self._consumer = Consumer(CONSUMER, effect_due(), self._one, handle_batch=self._batch)
        self._bus: Bus | None = None
        self._consuming: asyncio.Task[None] | None = None

    @property
    def commands(self) -> Mapping[str, Command]:
        return {"take": self.take, "pause": self.pause, "taken": self.taken}

    async def take(self) -> int:
        """Begin to consume; return when."""
        self._bus = await Bus.connect(self._nats_url, "bench-take")
        loop = ConsumerLoop(self._consumer, self._bus, self._units)
        self._consuming = asyncio.create_task(loop.run())
        return time.monotonic_ns()

    async def pause(self) -> None:
        """Stop as a process does that ends: the server forgets what it asked for."""
        if self._consuming is not None:
            self._consuming.cancel()
            await asyncio.gather(self._consuming, return_exceptions=True)
        if self._bus is not None:
            await self._bus.close()

    async def taken(self, first: int, count: int) -> list[int]:
        """Wait for the effects of these events; return when each was committed."""
        wanted = range(first, first + count)
        while len(self._done) < count or any(number not in self._done for number in wanted):
            self._more.clear()
            await self._more.wait()
        return [self._done.pop(number) for number in wanted]

    async def _one(self, event: Any) -> None:
        await self._batch([event])

    async def _batch(self, events: Sequence[Any]) -> None:
        numbers = [event.number for event in events]
        async with self._units() as work:
            await work.execute(
                _EFFECT, numbers=numbers, aggregates=[event.aggregate_id for event in events]
            )
            work.after_commit(lambda: self._committed(numbers))

    def _committed(self, numbers: Sequence[int]) -> None:
        now = time.monotonic_ns()
        for number in numbers:
            self._done[number] = now
        self._more.set()


async def _serve(role: str, database_url: str, nats_url: str) -> None:
    # Enough connections that the pool does not set the pace.
    database = await Database.connect(database_url, size=_CONNECTIONS)
    if role == "emit":
        emitter = Emitter(database, await Bus.connect(nats_url, "bench-emit"))
        commands = emitter.commands
    else:
        commands = Taker(database, nats_url).commands
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    _answer("ready")
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        _answer(await commands[asked.pop("do")](**asked))
    await commands["pause"]()
    await database.close()


def _answer(value: object) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))
