"""Somebody who keeps books of their own on what they ask of payment, and compares in the end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg
import grpc
from weneeds import WeNeedsError, micros
from weneeds.common.v1.action_pb2 import (
    ACTION_TYPE_APPLICATION_RECEIVED,
    ACTION_TYPE_INTERVIEW_FAILED,
    ACTION_TYPE_INTERVIEW_SUCCEEDED,
    ActionType,
)
from weneeds.payment.v1.action_service_pb2 import RecordActionRequest
from weneeds.payment.v1.action_service_pb2_grpc import ActionServiceStub

from services.kit.db import Database
from services.payment.app.verifying import LedgerFigures
from services.payment.store.recount import Recount
from services.payment.store.sealing import Blocks
from tests.chaos.test_kill import kill
from tests.conftest import RunningMesh
from tests.support.people import Team, eventually, published, team

T = TypeVar("T")

EURO = 1_000_000
# What a caller may be told while something is down. Anything else is a defect.
PASSING = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
KILLED = ("postgres", "nats", "payment", "stripe")
_PATIENCE_SECONDS = 90.0
_CALL_SECONDS = 10.0
_CALLERS = 24
_FIXED = {ACTION_TYPE_INTERVIEW_SUCCEEDED: EURO, ACTION_TYPE_INTERVIEW_FAILED: EURO // 2}
_RECONNECT = [
    ("grpc.ssl_target_name_override", "payment.weneeds.internal"),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
]
_LOG = """
    select type || ':' || application_id as key, status, amount, transaction_id,
           cast(job_id as text) as job_id
    from action_log
"""


def fee_of(kind: ActionType.ValueType, score: int | None) -> int:
    """The price list, written down a second time."""
    if kind == ACTION_TYPE_APPLICATION_RECEIVED:
        return 10_000 * (67 if score is None else score)
    return _FIXED.get(kind, 0)


@dataclass
class Bookkeeper:
    """What was asked for and answered. Every wish is repeated until it has an answer."""

    mesh: RunningMesh
    hiring: Team
    jobs: list[str]
    stub: Any
    # Fee by "<TYPE>:<application>", and each wish for another time.
    fees: dict[str, int] = field(default_factory=dict)
    asked: list[RecordActionRequest] = field(default_factory=list)
    # By job.
    funded: Counter[str] = field(default_factory=Counter)
    # How often callers had to try again and why, and what was killed.
    told: Counter[grpc.StatusCode] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    refused: int = 0

    @property
    def figures(self) -> str:
        """What was done, in one line."""
        return (
            f"{len(self.fees):,} actions, {self.duplicates:,} duplicates, {self.refused:,} "
            f"other bodies under the same key, {sum(self.kills.values())} kills {dict(self.kills)}"
        )

    async def fund(self, job_id: str, euros: int) -> None:
        """Charge the card; the same request until it is answered."""
        request_id = str(uuid4())
        budgets = self.hiring.recruiter.client.budgets
        await self._persist(
            lambda: budgets.fund_budget(
                request_id=request_id,
                job_id=job_id,
                amount=_euros(euros),
                payment_method="pm_card_visa",
            )
        )
        self.funded[job_id] += euros * EURO

    async def pause(self, job_id: str) -> None:
        """Stop debits; there may be no budget while its first charge has no end."""
        try:
            await self._persist(
                lambda: self.hiring.recruiter.client.budgets.pause_budget(job_id=job_id)
            )
        except WeNeedsError as error:
            assert error.reason == "BUDGET_NOT_FOUND"

    async def resume(self, job_id: str) -> None:
        """Allow debits; an exhausted budget refuses, and stays so."""
        try:
            await self._persist(
                lambda: self.hiring.recruiter.client.budgets.resume_budget(job_id=job_id)
            )
        except WeNeedsError as error:
            assert error.reason in ("BUDGET_STATE", "BUDGET_NOT_FOUND")

    async def act(self, job_id: str, kind: ActionType.ValueType, score: int | None) -> None:
        """Something happens to a new application."""
        request = RecordActionRequest(
            type=kind,
            job_id=job_id,
            company_id=self.hiring.company_id,
            application_id=str(uuid4()),
            matching_score=score,
            receipt_id=str(uuid4()),
        )
        self.asked.append(request)
        await self._record(request)

    async def again(self, place: int) -> None:
        """The same wish once more."""
        if self.asked:
            self.duplicates += 1
            await self._record(self.asked[place % len(self.asked)])

    async def otherwise(self, place: int) -> None:
        """Another wish under the same key: refused, unless the first is still on its way."""
        known = [request for request in self.asked[-200:] if _key(request) in self.fees]
        if not known:
            return
        other = RecordActionRequest()
        other.CopyFrom(known[place % len(known)])
        other.receipt_id = str(uuid4())
        try:
            await self._persist(lambda: self.stub.RecordAction(other, timeout=_CALL_SECONDS))
        except grpc.aio.AioRpcError as error:
            assert error.code() is grpc.StatusCode.ALREADY_EXISTS, error
            self.refused += 1
            return
        raise AssertionError(f"{_key(other)} was recorded with two receipts")

    async def burst(self, work: list[Callable[[], Awaitable[None]]]) -> None:
        """Do all of it, some at a time."""
        waiting = iter(work)

        async def caller() -> None:
            for one in waiting:
                await one()

        await asyncio.gather(*(caller() for _ in range(_CALLERS)))

    async def kill(self, name: str) -> None:
        """End a process with SIGKILL and wait until its successor serves."""
        import signal

        await kill(self.mesh.mesh.supervisor, name, signal.SIGKILL)
        self.kills[name] += 1

    async def check(self) -> LedgerFigures:
        """Pay for everything and let it settle; then both books must be the same."""
        for job_id in self.jobs:
            due = sum(fee_of(r.type, _score(r)) for r in self.asked if r.job_id == job_id)
            missing = max(due - self.funded[job_id], 0)
            for _ in range(missing // (50_000 * EURO)):
                await self.fund(job_id, 50_000)
            await self.fund(job_id, missing % (50_000 * EURO) // EURO + 1)
            # Wakes what waits.
            await self.act(job_id, ACTION_TYPE_INTERVIEW_FAILED, None)
            await self.fund(job_id, 1)
        await self._paid()
        for job_id in self.jobs:
            await self.resume(job_id)
        async with AsyncExitStack() as stack:
            url = self.mesh.topology.database_url("payment")
            database = await Database.connect(url)
            stack.push_async_callback(database.close)
            connection = await asyncpg.connect(url)
            stack.push_async_callback(connection.close)
            await self._settled(connection)
            await self._compare(connection)
            await Blocks(database).cut(30)
            figures = await Recount(database).figures()
            assert figures.sound, figures.problems[:5]
            return figures

    async def _paid(self) -> None:
        """Wait for charges that the minute job finishes: payment died while the card was asked."""
        for job_id in self.jobs:

            async def whole(job_id: str = job_id) -> bool | None:
                budget = await self._budget(job_id)
                there = budget is not None and micros(budget.total_budget) == self.funded[job_id]
                return there or None

            await eventually(whole, 2 * _PATIENCE_SECONDS, f"the money of {job_id}")

    async def _budget(self, job_id: str) -> Any:
        try:
            answer = await self._persist(
                lambda: self.hiring.recruiter.client.budgets.get_budget(job_id=job_id)
            )
        except WeNeedsError as error:
            # The first charge has no end yet.
            assert error.reason == "BUDGET_NOT_FOUND"
            return None
        return answer.budget

    async def _settled(self, connection: Any) -> None:
        sql = "select count(*) from action_log where status = 'PENDING' and job_id = any($1)"
        deadline = time.monotonic() + 2 * _PATIENCE_SECONDS
        while await connection.fetchval(sql, self.jobs):
            assert time.monotonic() < deadline, "actions are pending for ever"
            await asyncio.sleep(0.2)

    async def _compare(self, connection: Any) -> None:
        rows = await connection.fetch(f"{_LOG} where job_id = any($1)", self.jobs)
        # Nothing lost, nothing twice, each at its price.
        assert len(rows) == len(self.fees)
        assert {row["key"]: row["amount"] for row in rows} == self.fees
        assert {row["status"] for row in rows} == {"PROCESSED"}
        assert all((row["transaction_id"] is not None) == (row["amount"] > 0) for row in rows)
        spent = Counter(dict.fromkeys(self.jobs, 0))
        for row in rows:
            spent[row["job_id"]] += row["amount"]
        for job_id in self.jobs:
            budget = await self._budget(job_id)
            assert micros(budget.total_budget) == self.funded[job_id]
            assert micros(budget.current_balance) == self.funded[job_id] - spent[job_id]
        charged = await connection.fetchval(
            "select count(*) from ledger_transactions where starts_with(key, 'action:')"
        )
        assert charged == sum(amount > 0 for amount in self.fees.values())

    async def _record(self, request: RecordActionRequest) -> None:
        answer = await self._persist(lambda: self.stub.RecordAction(request, timeout=_CALL_SECONDS))
        fee = fee_of(request.type, _score(request))
        assert micros(answer.amount) == fee
        self.fees[_key(request)] = fee

    async def _persist(self, call: Callable[[], Awaitable[T]]) -> T:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return await call()
            except (WeNeedsError, grpc.aio.AioRpcError) as error:
                code = error.code if isinstance(error, WeNeedsError) else error.code()
                if code not in PASSING or time.monotonic() > deadline:
                    raise
                self.told[code] += 1
            await asyncio.sleep(0.1)


async def begin(mesh: RunningMesh, stack: AsyncExitStack, jobs: int = 3) -> Bookkeeper:
    """Found a company with so many published jobs."""
    hiring = await team(mesh.client())
    more = [await published(hiring.recruiter, hiring.company_id) for _ in range(jobs - 1)]
    topology = mesh.topology
    tls = topology.tls("jobs")
    credentials = grpc.ssl_channel_credentials(
        *((tls / name).read_bytes() for name in ("ca.pem", "key.pem", "cert.pem"))
    )
    address = f"127.0.0.1:{topology.ports['payment']}"
    channel = grpc.aio.secure_channel(address, credentials, options=_RECONNECT)
    stack.push_async_callback(channel.close)
    return Bookkeeper(mesh, hiring, [hiring.job_id, *more], ActionServiceStub(channel))


def _euros(amount: int) -> Any:
    from google.type.money_pb2 import Money

    return Money(currency_code="EUR", units=amount)


def _score(request: RecordActionRequest) -> int | None:
    return request.matching_score if request.HasField("matching_score") else None


def _key(request: RecordActionRequest) -> str:
    name = ActionType.Name(request.type).removeprefix("ACTION_TYPE_")
    return f"{name}:{request.application_id}"
