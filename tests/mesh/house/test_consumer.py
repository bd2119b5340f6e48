"""Each event has its effect once, and one that fails holds up nobody."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any
from uuid import uuid4

from weneeds.jobs.events.v1.events_pb2 import OfferClosed

from services.kit.bus import STREAM, Bus
from services.kit.consumer import Consumer, ConsumerLoop
from services.kit.db import Query
from services.kit.deadletters import DeadLetter, list_dead, replay
from services.kit.errors import DependencyDown
from services.kit.publisher import Outgoing
from services.kit.pull import Pull
from tests.mesh.house.conftest import Kit
from tests.support.people import eventually

Handler = Callable[[OfferClosed], Awaitable[None]]
WRITE = Query.text("insert into companies (id, name) values (cast(:id as uuid), :name)")
COUNT = Query.text("select count(*) n from companies where name = :name")


class Effects:
    """Writes a row for each event, in the unit of work at hand."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.name = f"effect-{uuid4()}"
        # By job: how often its event was tried.
        self.tries: Counter[str] = Counter()
        self.times: dict[str, list[float]] = {}
        self.fail: Callable[[OfferClosed], BaseException | None] = lambda event: None

    async def handle(self, event: OfferClosed) -> None:
        self.tries[event.job_id] += 1
        self.times.setdefault(event.job_id, []).append(asyncio.get_running_loop().time())
        async with self.kit.work() as work:
            await work.execute(WRITE, id=str(uuid4()), name=self.name)
        if (error := self.fail(event)) is not None:
            raise error

    async def count(self) -> int:
        row = await self.kit.database.reader.fetch_one(COUNT, name=self.name)
        assert row is not None
        return int(row["n"])

    async def reach(self, count: int, seconds: float = 20) -> None:
        """Wait until there are so many effects, and not one more."""

        async def look() -> bool | None:
            return True if await self.count() >= count else None

        await eventually(look, seconds)
        assert await self.count() == count


def consumer(effects: Effects, **more: Any) -> Consumer:
    """A durable of its own. It sees what the tests before it published, too."""
    name = f"jobs-house-{uuid4().hex[:8]}"
    return Consumer(name, OfferClosed, effects.handle, backoff=0.05, **more)


async def start(kit: Kit, bus: Bus, wanted: Consumer) -> None:
    kit.run(ConsumerLoop(wanted, bus, kit.work).run())


async def send(bus: Bus, job_id: str, event_id: str = "", copy: str = "") -> str:
    """Publish an event; with `copy`, once more under another JetStream id."""
    event_id = event_id or str(uuid4())
    headers = {"weneeds-id": event_id, "weneeds-type": "OfferClosed", "weneeds-key": job_id}
    payload = OfferClosed(job_id=job_id, version=1).SerializeToString()
    await bus.publish([Outgoing(event_id + copy, "events.offer.closed", payload, headers)])
    return event_id


async def fresh(kit: Kit) -> Bus:
    """A bus whose stream holds no events of this kind from other tests."""
    bus = await kit.bus()
    await bus.jetstream.purge_stream("EVENTS", subject="events.offer.closed")
    await bus.jetstream.purge_stream("DEAD")
    return bus


async def test_duplicates_have_one_effect(kit: Kit) -> None:
    bus, effects = await fresh(kit), Effects(kit)
    for _ in range(5):
        event_id = await send(bus, str(uuid4()))
        for copy in ("b", "c"):
            await send(bus, str(uuid4()), event_id, copy)
    await start(kit, bus, consumer(effects))
    # The marker comes after all copies.
    await send(bus, str(uuid4()))
    await effects.reach(6)


async def test_two_replicas_share_the_work(kit: Kit) -> None:
    bus, effects = await fresh(kit), Effects(kit)
    shared = consumer(effects, batch=4)
    for each in (bus, await kit.bus()):
        await start(kit, each, shared)
    jobs = [str(uuid4()) for _ in range(60)]
    for job in jobs:
        await send(bus, job)
    await effects.reach(60)
    assert effects.tries == Counter(jobs)


async def test_an_effect_whose_acknowledgement_is_lost_is_not_repeated(kit: Kit) -> None:
    """The process dies after the commit: the event comes again and is known."""
    bus, effects = await fresh(kit), Effects(kit)
    wanted = consumer(effects)
    loop = ConsumerLoop(wanted, bus, kit.work)
    pull = await loop._subscribe()
    job = str(uuid4())
    await send(bus, job)
    [message] = await pull.fetch(1, timeout=5)
    delivery = loop._decode(message)
    assert delivery is not None
    deaf = Pull(bus.client, STREAM, wanted.name)
    deaf.ack = nothing  # type: ignore[method-assign]
    await loop._handle(deaf, [delivery])
    await pull.close()
    await start(kit, bus, wanted)
    await send(bus, str(uuid4()))
    await effects.reach(2)
    assert effects.tries[job] == 1


async def nothing(messages: object) -> None:
    del messages


async def test_a_consumer_that_stops_hands_back_what_it_holds(kit: Kit) -> None:
    """What is being handled and what waits behind it comes to others at once."""
    bus, effects, stuck = await fresh(kit), Effects(kit), asyncio.Event()

    async def hangs(event: OfferClosed) -> None:
        stuck.set()
        await asyncio.Event().wait()

    wanted = consumer(effects, batch=8)
    stopping = ConsumerLoop(replace(wanted, handle=hangs), await kit.bus(), kit.work)
    task = kit.run(stopping.run())
    jobs = [str(uuid4()) for _ in range(6)]
    for job in jobs:
        await send(bus, job)
    async with asyncio.timeout(5):
        await stuck.wait()
    await kit.end(task)
    await start(kit, bus, wanted)
    # Half of what JetStream would wait for a verdict.
    await effects.reach(6, 15)
    assert effects.tries == Counter(jobs)


async def test_poison_becomes_a_dead_letter_and_stops_nobody(kit: Kit) -> None:
    bus, effects, others = await fresh(kit), Effects(kit), Effects(kit)
    poison, cured = str(uuid4()), asyncio.Event()
    effects.fail = lambda event: (
        ValueError("poison") if event.job_id == poison and not cured.is_set() else None
    )
    failing, healthy = consumer(effects, max_deliver=4), consumer(others)
    await start(kit, bus, failing)
    await start(kit, bus, healthy)
    jobs = [poison if number == 3 else str(uuid4()) for number in range(10)]
    event_ids = [await send(bus, job) for job in jobs]
    await effects.reach(9)
    await others.reach(10)

    letter = await dead(bus, failing.name)
    assert letter.event_id == event_ids[3]
    assert letter.subject == "events.offer.closed"
    # The first try may have been in a batch with others, which was then taken again one by one.
    assert effects.tries[poison] in {4, 5}
    times = effects.times[poison]
    pauses = [later - earlier for earlier, later in pairwise(times)][-3:]
    assert all(
        pause > 0.9 * backoff for pause, backoff in zip(pauses, (0.05, 0.1, 0.2), strict=True)
    )
    assert await effects.count() == 9

    cured.set()
    assert await replay(bus, letter.seq) == letter
    await effects.reach(10)
    assert await replay(bus, letter.seq) is None
    assert not [each for each in await list_dead(bus) if each.consumer == failing.name]
    # Those who had handled it know it by its id.
    await send(bus, str(uuid4()))
    await others.reach(11)
    assert others.tries[poison] == 1


async def dead(bus: Bus, name: str) -> DeadLetter:
    async def look() -> DeadLetter | None:
        found = [letter for letter in await list_dead(bus) if letter.consumer == name]
        return found[0] if found else None

    return await eventually(look, 20)


async def test_what_is_no_event_is_put_aside_at_once(kit: Kit) -> None:
    bus, effects = await fresh(kit), Effects(kit)
    wanted = consumer(effects)
    await start(kit, bus, wanted)
    headers = {"weneeds-id": str(uuid4())}
    await bus.publish([Outgoing(str(uuid4()), "events.offer.closed", b"\xff\xff", headers)])
    await send(bus, str(uuid4()))
    await effects.reach(1)
    assert (await dead(bus, wanted.name)).event_id == headers["weneeds-id"]


async def test_waiting_for_a_dependency_makes_no_dead_letter(kit: Kit) -> None:
    bus, effects = await fresh(kit), Effects(kit)
    job = str(uuid4())
    effects.fail = lambda event: (
        DependencyDown(dependency="jobs") if effects.tries[event.job_id] < 5 else None
    )
    wanted = consumer(effects, max_deliver=2)
    await start(kit, bus, wanted)
    await send(bus, job)
    await effects.reach(1)
    assert effects.tries[job] == 5
    assert not [letter for letter in await list_dead(bus) if letter.consumer == wanted.name]


async def test_a_consumer_outlives_its_stores(kit: Kit) -> None:
    bus, effects = await fresh(kit), Effects(kit)
    await start(kit, bus, consumer(effects))
    await send(bus, str(uuid4()))
    await effects.reach(1)
    await kit.stores.stop("postgres")
    await send(bus, str(uuid4()))
    await kit.stores.start("postgres")
    await effects.reach(2)
    supervisor = kit.stores.supervisor
    pid = supervisor.kill("nats")
    await supervisor.wait_restarted("nats", pid)
    await send(await kit.bus(), str(uuid4()))
    await effects.reach(3, 40)
