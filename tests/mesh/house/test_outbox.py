"""Committed events reach JetStream: once, in order, whatever stops in between."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import pytest
from nats.errors import Error as NatsError
from weneeds.jobs.events.v1.events_pb2 import OfferUpdated

from services.kit.bus import STREAM, Bus
from services.kit.db import Query
from services.kit.outbox import Relay, outgoing
from services.kit.publisher import Outgoing, PublishRefused
from tests.mesh.house.conftest import Kit
from tests.support.people import holds

_ROWS = Query.text("select id from outbox order by seq")


async def publish(kit: Kit, keys: list[str], versions: range) -> list[str]:
    """One commit a version, with an event for each key; return the event ids."""
    ids: list[str] = []
    for version in versions:
        async with kit.work() as work:
            ids += [work.publish(OfferUpdated(job_id=key, version=version)) for key in keys]
    return ids


async def stored(bus: Bus, wanted: set[str]) -> list[tuple[str, str, int]]:
    """Those of the stream's events that a test published: id, key and version, in order."""
    state = (await bus.jetstream.stream_info(STREAM)).state
    found = []
    for seq in range(state.first_seq, state.last_seq + 1):
        message = await bus.jetstream.get_msg(STREAM, seq)
        headers = message.headers or {}
        if headers["weneeds-id"] in wanted:
            event = OfferUpdated.FromString(message.data or b"")
            found.append((headers["weneeds-id"], headers["weneeds-key"], event.version))
    return found


async def drained(kit: Kit, seconds: float = 20) -> None:
    """Wait until the outbox is empty."""
    async with asyncio.timeout(seconds):
        while await kit.count("outbox"):
            await asyncio.sleep(0.02)


def check(found: list[tuple[str, str, int]], ids: list[str]) -> None:
    """All events, each once, and those of one aggregate in the order of their commits."""
    assert sorted(event_id for event_id, _, _ in found) == sorted(ids)
    versions: dict[str, list[int]] = defaultdict(list)
    for _, key, version in found:
        versions[key].append(version)
    assert all(seen == sorted(seen) for seen in versions.values())


def new_keys(count: int) -> list[str]:
    return [str(uuid4()) for _ in range(count)]


async def test_a_commit_wakes_the_relay(kit: Kit) -> None:
    relay = await kit.relay()
    kit.work.wake = relay.wake
    ids = await publish(kit, new_keys(3), range(1, 5))
    await drained(kit, 5)
    check(await stored(await kit.bus(), set(ids)), ids)


async def test_a_commit_elsewhere_wakes_it_too(kit: Kit) -> None:
    """Through Postgres: the writer's own relay waits for the lock that another one holds."""
    await kit.relay()
    await holds_lock(kit)
    waiting = Relay(kit.database, await kit.bus(), kit.clock)
    kit.work.wake = waiting.wake
    kit.run(waiting.run())
    ids = await publish(kit, new_keys(2), range(1, 3))
    await drained(kit, 5)
    check(await stored(await kit.bus(), set(ids)), ids)


async def holds_lock(kit: Kit) -> None:
    locks = Query.text("select count(*) n from pg_locks where locktype = 'advisory' and granted")

    async def held() -> int:
        row = await kit.database.reader.fetch_one(locks)
        assert row is not None
        return int(row["n"])

    async with asyncio.timeout(10):
        while not await held():
            await asyncio.sleep(0.02)


async def test_without_nats_events_wait_and_none_is_lost(kit: Kit) -> None:
    relay = await kit.relay()
    kit.work.wake = relay.wake
    keys = new_keys(5)
    ids = await publish(kit, keys, range(1, 4))
    await drained(kit)
    await kit.stores.stop("nats")
    try:
        ids += await publish(kit, keys, range(4, 20))
        assert await kit.count("outbox") == 16 * len(keys)
    finally:
        await kit.stores.start("nats")
    ids += await publish(kit, keys, range(20, 25))
    await drained(kit, 30)
    check(await stored(await kit.bus(), set(ids)), ids)


async def test_nats_killed_while_events_flow(kit: Kit) -> None:
    relay = await kit.relay()
    kit.work.wake = relay.wake
    keys = new_keys(4)
    flow = asyncio.create_task(publish(kit, keys, range(1, 120)))
    supervisor = kit.stores.supervisor
    pid = supervisor.kill("nats")
    await supervisor.wait_restarted("nats", pid)
    ids = await flow
    await drained(kit, 30)
    check(await stored(await kit.bus(), set(ids)), ids)


async def test_of_two_relays_one_publishes_and_the_other_takes_over(kit: Kit) -> None:
    """A relay that lost its lock must not publish beside the new one."""
    published: list[str] = []

    class Watched(Bus):
        name = ""

        async def publish(self, events: Sequence[Outgoing]) -> None:
            published.append(self.name)
            await super().publish(events)

    tasks = {}
    for name in ("one", "two"):
        bus = Watched((await kit.bus()).client)
        bus.name = name
        tasks[name] = kit.run(Relay(kit.database, bus, kit.clock).run())
    await holds_lock(kit)
    ids = await publish(kit, new_keys(3), range(1, 6))
    await drained(kit)
    assert len(set(published)) == 1
    leader = published[0]
    await kit.end(tasks[leader])
    published.clear()
    ids += await publish(kit, new_keys(3), range(1, 6))
    await drained(kit)
    assert set(published) == set(tasks) - {leader}
    check(await stored(await kit.bus(), set(ids)), ids)


@pytest.mark.parametrize("aggregates", [3, 20], ids=["few", "many"])
async def test_a_crash_between_publishing_and_deleting(kit: Kit, aggregates: int) -> None:
    """The rows that JetStream has already are recognised; the rest of the batch goes through."""
    keys = new_keys(aggregates)
    ids = await publish(kit, keys, range(1, 4))
    bus = await kit.bus()
    rows = await kit.database.reader.fetch(Query.text("select * from outbox order by seq"))
    await bus.publish([outgoing(row) for row in rows[:5]])
    ids += await publish(kit, keys, range(4, 6))
    await kit.relay()
    await drained(kit)
    check(await stored(bus, set(ids)), ids)


@pytest.mark.parametrize(("count", "kept"), [(1, 0), (5, 1), (60, 0)], ids=["one", "few", "many"])
async def test_behind_a_refused_event_nothing_is_stored(kit: Kit, count: int, kept: int) -> None:
    """What follows it may be of the same aggregate, and would come out of order."""
    bus = await kit.bus()
    events = [
        Outgoing(str(uuid4()), "events.offer.updated", b"", {"weneeds-id": str(uuid4())})
        for _ in range(count)
    ]
    refused = min(1, count - 1)
    never = {**events[refused].headers, "Nats-Expected-Last-Sequence": "1000000000"}
    events[refused] = replace(events[refused], headers=never)
    before = (await bus.jetstream.stream_info(STREAM)).state.messages
    with pytest.raises(PublishRefused, match="wrong last sequence"):
        await bus.publish(events)
    # One more, so that all before it has been dealt with.
    await bus.publish([Outgoing(str(uuid4()), "events.offer.updated", b"", {"weneeds-id": ""})])
    after = (await bus.jetstream.stream_info(STREAM)).state.messages
    assert after - before == kept + 1


async def test_nothing_is_kept_for_a_server_that_is_away(kit: Kit) -> None:
    """It would come late, behind what was published in its place."""
    bus = await kit.bus()
    event = Outgoing(str(uuid4()), "events.offer.updated", b"", {"weneeds-id": ""})
    await kit.stores.stop("nats")
    try:
        await holds(lambda: not bus.connected)
        with pytest.raises(NatsError):
            await bus.publish([event])
    finally:
        await kit.stores.start("nats")
    await holds(lambda: bus.connected)
    before = (await bus.jetstream.stream_info(STREAM)).state.messages
    await bus.publish([event])
    assert (await bus.jetstream.stream_info(STREAM)).state.messages == before + 1


async def test_a_stream_from_before_learns_to_store_as_they_arrive(kit: Kit) -> None:
    bus = await kit.bus()
    config = (await bus.jetstream.stream_info(STREAM)).config
    config.allow_batched = False
    await bus.jetstream.update_stream(config)
    event = Outgoing(str(uuid4()), "events.offer.updated", b"", {"weneeds-id": ""})
    with pytest.raises(PublishRefused):
        await bus.publish([event])
    await (await kit.bus()).publish([event])


async def test_a_relay_outlives_what_it_did_not_expect(kit: Kit) -> None:
    class Surprised(Bus):
        surprises = 2

        async def publish(self, events: Sequence[Outgoing]) -> None:
            if self.surprises:
                self.surprises -= 1
                raise RuntimeError("nobody thought of this")
            await super().publish(events)

    bus = Surprised((await kit.bus()).client)
    kit.run(Relay(kit.database, bus, kit.clock).run())
    ids = await publish(kit, new_keys(2), range(1, 3))
    await drained(kit)
    assert not bus.surprises
    check(await stored(bus, set(ids)), ids)


async def test_a_relay_outlives_postgres(kit: Kit) -> None:
    relay = await kit.relay()
    kit.work.wake = relay.wake
    ids = await publish(kit, new_keys(2), range(1, 3))
    await drained(kit)
    await kit.stores.stop("postgres")
    await kit.stores.start("postgres")
    ids += await publish(kit, new_keys(2), range(1, 3))
    await drained(kit)
    check(await stored(await kit.bus(), set(ids)), ids)


async def test_waiting_for_jetstream_leaves_no_connection_behind(kit: Kit) -> None:
    """NATS answers and JetStream does not yet: each try closes what it opened."""
    tries: list[Bus] = []

    class Early(Bus):
        async def _ensure_streams(self) -> None:
            tries.append(self)
            if len(tries) < 3:
                raise TimeoutError
            await super()._ensure_streams()

    bus = await Early.connect(kit.stores.topology.nats_url, "early")
    try:
        await holds(lambda: len(tries) == 3)
        assert [each.client.is_closed for each in tries] == [True, True, False]
    finally:
        await bus.close()
