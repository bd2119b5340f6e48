"""Charges a second: posting alone, from a gRPC call to the fee, and against an ORM."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from statistics import median
from typing import Any

import nats
from weneeds.common.v1.action_pb2 import ACTION_TYPE_APPLICATION_RECEIVED
from weneeds.payment.events.v1.events_pb2 import FeeCharged
from weneeds.payment.v1.action_service_pb2 import RecordActionRequest

from bench.figures import Figure, Target, quantile
from bench.load import Tick
from bench.peers.orm_charges import NaiveCharges
from bench.scene import Scene
from bench.servers.books import BookRoom, database
from bench.wire import BadAnswer, like_the_gateway, secure_channel
from services.kit.db import Database
from services.payment.domain.jobs import JobRef

_GROUP = "payment"
_PATH = "/weneeds.payment.v1.ActionService/RecordAction"
_HOT, _SPREAD = 1, 50
_POSTINGS, _END_TO_END, _VERIFY = 1_500, 500, 200_000
_IN_FLIGHT = 64
_LIMIT_SECONDS = 120


async def payment(scene: Scene) -> list[Figure]:
    """Everything that costs a fee, and the proof of it."""
    amount = scene.amount
    rounds = max(amount.rounds // 3, 1)
    tick = scene.steps("payment: postings, calls, recount", 2 * (rounds + 2) + 1)
    figures: list[Figure] = []
    async with database(scene.topology) as opened:
        room = BookRoom(opened)
        naive = NaiveCharges(scene.topology.admin_url)
        try:
            for jobs in (_HOT, _SPREAD):
                figures += await _posting(room, naive, jobs, rounds, amount.charges, tick)
        finally:
            await naive.close()
        figures.append(await _recount(room, amount.recounted))
        tick()
    own = await Database.connect(scene.topology.database_url("payment"))
    try:
        room = BookRoom(own)
        for jobs in (_HOT, _SPREAD):
            figures.append(await _calls(scene, room, jobs, amount.charges))
            tick()
    finally:
        await own.close()
    return figures


async def _posting(
    room: BookRoom, naive: NaiveCharges, budgets: int, rounds: int, count: int, tick: Tick
) -> list[Figure]:
    """Take turns with the ORM; each round sees the same weather."""
    jobs = [await room.job() for _ in range(budgets)]
    rows = await naive.prepare(budgets)
    ours, theirs, units, singles = [], [], [], []
    for turn in range(rounds + 1):
        await room.backlog(jobs, count)
        seconds, took = await room.drain(jobs)
        plain_seconds, plain_took = await naive.charge(rows, count // 8)
        tick()
        if not turn:
            continue
        ours.append(count / seconds)
        theirs.append(count // 8 / plain_seconds)
        units += took
        singles += plain_took
    rate, plain = median(ours), median(theirs)
    name = _name(budgets)
    target = Target(_POSTINGS, at_most=False) if budgets == _HOT else None
    return [
        Figure(
            _GROUP, f"fees posted, {name}", rate, "/s", target,
            f"a budget's backlog: p50 {quantile(units, 0.5):.0f} ms, "
            f"p99 {quantile(units, 0.99):.0f} ms",
        ),
        Figure(
            _GROUP, f"against an ORM with two statements a charge, {name}", rate / plain, "x",
            None, f"{plain:,.0f}/s, p50 {quantile(singles, 0.5):.1f} ms, "
            f"p99 {quantile(singles, 0.99):.1f} ms",
        ),
    ]  # fmt: skip


async def _recount(room: BookRoom, count: int) -> Figure:
    await room.bulk(count)
    seconds, found = await room.verify()
    if not found.sound:
        raise BadAnswer(f"the books are wrong: {found.problems[:3]}")
    what = "lines recounted, with sums, balances and hash chain"
    beside = f"{found.entries:,} lines, {found.actions:,} actions, {found.blocks} blocks"
    target = Target(_VERIFY, at_most=False)
    return Figure(_GROUP, what, found.entries / seconds, "/s", target, beside)


async def _calls(scene: Scene, room: BookRoom, budgets: int, count: int) -> Figure:
    """Call RecordAction; the end is fee.charged on the bus, after the commit."""
    jobs = [await room.job() for _ in range(budgets)]
    token = await scene.token()
    topology = scene.topology
    bus = await nats.connect(topology.nats_url)
    charged: dict[str, float] = {}
    done = asyncio.Event()
    requests = [_request(jobs[number % budgets]) for number in range(count)]
    mine = {request.application_id for request in requests}

    async def seen(message: Any) -> None:
        application = FeeCharged.FromString(message.data).application_id
        if application in mine:
            charged.setdefault(application, time.perf_counter())
        if len(charged) == count:
            done.set()

    try:
        await bus.subscribe("events.fee.charged", cb=seen)
        await bus.flush()
        address = f"127.0.0.1:{topology.ports['payment']}"
        async with secure_channel(address, "payment", topology.tls("jobs")) as channel:
            started = time.perf_counter()
            asked = await _send(channel, requests, token)
            async with asyncio.timeout(_LIMIT_SECONDS):
                await done.wait()
    finally:
        await bus.close()
    seconds = max(charged.values()) - started
    took = [(charged[one] - asked[one]) * 1000 for one in mine]
    target = Target(_END_TO_END, at_most=False)
    waits = f"p50 {quantile(took, 0.5):.0f} ms, p99 {quantile(took, 0.99):.0f} ms"
    beside = f"call to fee.charged: {waits}, {_IN_FLIGHT} calls at once"
    what = f"gRPC call to fee, {_name(budgets)}"
    return Figure(_GROUP, what, count / seconds, "/s", target, beside)


async def _send(
    channel: Any, requests: Sequence[RecordActionRequest], token: str
) -> dict[str, float]:
    method = channel.unary_unary(_PATH)
    metadata = like_the_gateway(token)
    waiting = iter(requests)
    asked: dict[str, float] = {}

    async def caller() -> None:
        for request in waiting:
            asked[request.application_id] = time.perf_counter()
            await method(request.SerializeToString(), metadata=metadata, timeout=30)

    await asyncio.gather(*(caller() for _ in range(_IN_FLIGHT)))
    return asked


def _request(job: JobRef) -> RecordActionRequest:
    return RecordActionRequest(
        type=ACTION_TYPE_APPLICATION_RECEIVED,
        job_id=job.job_id,
        company_id=job.company_id,
        application_id=str(uuid.uuid4()),
        matching_score=80,
        receipt_id=str(uuid.uuid4()),
    )


def _name(budgets: int) -> str:
    return "one hot budget" if budgets == _HOT else f"{budgets} budgets"
