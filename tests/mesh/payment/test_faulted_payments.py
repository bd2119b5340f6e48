"""Many payments while everything goes wrong: the ledger equals the processor's objects."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import Random
from uuid import UUID

import pytest

from services.kit.clock import SystemClock
from services.kit.db import Database
from services.kit.errors import Refused
from services.kit.ids import Uuid7Ids
from services.payment.app.budgets import FundingOrder
from services.payment.app.reconciling import Reconciliation
from services.payment.app.refunds import RefundOrder
from services.payment.domain.jobs import JobRef
from tests.mesh.payment.conftest import settings_for
from tests.mesh.payment.house import EURO, House
from tests.mesh.payment.shop import account
from tests.support.people import eventually
from tests.support.standin import StandIn

EPOCH = datetime(1970, 1, 3, tzinfo=UTC)
FAULTS = (
    {"mode": "commit_then_500", "chance": 0.05},
    {"mode": "drop_reply", "chance": 0.05},
    {"mode": "drop_request", "chance": 0.05},
    {"mode": "error_500", "chance": 0.04},
    {"mode": "rate_limit", "chance": 0.02},
    {"mode": "slow", "chance": 0.01, "seconds": 0.3},
)
CARDS = (
    ["pm_card_visa"] * 16
    + ["pm_card_chargeDeclined", "pm_card_createDispute"]
    + ["pm_card_authenticationRequired", "pm_card_refundFail"]
)
WIDTH = 8


@pytest.fixture
async def live(house: House, database: Database, stripe: StandIn) -> AsyncIterator[House]:
    """The house on the real clock, which the stand-in's webhooks reach."""
    clock = SystemClock()
    own = House(database, clock, Uuid7Ids(clock), settings_for(stripe))
    stripe.receive = own.cards.webhooks.receive
    yield own
    stripe.receive = None
    await own.cards.close()
    await own.pump.stop()
    del house


class Run:
    """One run, replayable by its seed as far as chance goes."""

    def __init__(self, live: House, stripe: StandIn, seed: int) -> None:
        self.live = live
        self.stripe = stripe
        self.random = Random(seed)
        self.jobs: list[JobRef] = []
        self.seen: Counter[str] = Counter()
        self.links: set[str] = set()

    async def pay(self, count: int) -> None:
        """Ask for `count` payments, some twice, some from a process that dies."""
        self.jobs = [await self.live.job() for _ in range(20)]
        gate = asyncio.Semaphore(WIDTH)
        await asyncio.gather(*(self._one(gate, number) for number in range(count)))

    async def _one(self, gate: asyncio.Semaphore, number: int) -> None:
        async with gate:
            order = FundingOrder(
                str(UUID(int=self.random.getrandbits(128))),
                self.random.choice(self.jobs).job_id,
                self.random.randrange(100, 100_000) * EURO // 100,
                self.random.choice(CARDS),
            )
            for _ in range(2 if self.random.random() < 0.1 else 1):
                await self._ask(order)
            if number % 97 == 96:
                # The process dies: whatever is under way ends where it is.
                self.seen["crash"] += 1
                await self.live.cards.apart.close()

    async def _ask(self, order: FundingOrder) -> None:
        try:
            charge = (await self.live.budgets.fund(order)).charge
        except Refused as error:
            self.seen[error.reason] += 1
            return
        except asyncio.CancelledError:
            self.seen["died"] += 1
            return
        self.seen[charge.status.value] += 1
        if charge.link and charge.link not in self.links and self.random.random() < 0.7:
            self.links.add(charge.link)
            outcome = "ok" if self.random.random() < 0.8 else "fail"
            await self.stripe.bank(charge.link, outcome)
        if charge.paid and self.random.random() < 0.1:
            await self._refund(charge.charge_id, order.amount)

    async def _refund(self, charge_id: str, amount: int) -> None:
        part = self.random.choice([0, amount // 2 // 10_000 * 10_000])
        refund_id = str(UUID(int=self.random.getrandbits(128)))
        try:
            refund = await self.live.cards.refunds.refund(
                RefundOrder(refund_id, charge_id, part, "test")
            )
            self.seen[f"refund {refund.status.value}"] += 1
        except Refused as error:
            self.seen[f"refund {error.reason}"] += 1
        except asyncio.CancelledError:
            self.seen["refund died"] += 1

    async def heal(self) -> None:
        """Nothing goes wrong any more: decide the disputes, run the minute job to the end."""
        await self.stripe.faults()
        for number, dispute in enumerate(self.stripe.store.listed("dispute", limit=100_000)):
            if number % 3:
                await self.stripe.control("decisions", dispute=dispute["id"], won=number % 3 == 1)
        for _ in range(400):
            await self.live.execute(
                "update charges set next_try_at = now() where status = 'PENDING'"
            )
            await self.live.execute(
                "update refunds set next_try_at = now() where status = 'PENDING'"
            )
            await self.live.cards.finish_due()
            left = await self.live.rows(
                "select 1 from charges where status = 'PENDING' "
                "union all select 1 from refunds where status = 'PENDING'"
            )
            # What was finished just now has webhooks of its own, and may be disputed.
            if not left and not (await self.stripe.totals())["waiting_webhooks"]:
                return
            await self.stripe.control("webhooks", duplicates=0)
            await asyncio.sleep(0.1)
        raise AssertionError("charges without an end are left")


async def check(live: House, stripe: StandIn) -> dict[str, object]:
    """The ledger equals the objects, and the books are right."""
    await live.execute("delete from outbox")

    async def decided() -> Reconciliation | None:
        report = await live.cards.reconciler.compare(EPOCH)
        return None if report.on_their_way else report

    report = await eventually(decided)
    assert report.differences == []
    assert report.ours == report.theirs == -await account(live, "stripe:clearing")
    totals = await stripe.totals()
    assert totals["doubled"] == []
    assert await account(live, "refunds:pending") == 0
    (sums,) = await live.rows(
        "select count(*) as paid, cast(sum(amount) as bigint) as amount "
        "from charges where status = 'SUCCEEDED'"
    )
    assert (sums["paid"], sums["amount"]) == (totals["succeeded"], totals["received"] * 10_000)
    figures = await live.verify()
    assert figures.sound
    return {"objects": report.objects, "cents": report.theirs // 10_000, **totals}


@pytest.mark.parametrize("count", [200, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_faulted_payments_end_with_the_ledger_equal_to_the_objects(
    live: House, stripe: StandIn, count: int
) -> None:
    seed = int(os.environ.get("WENEEDS_SEED", "4"))
    run = Run(live, stripe, seed)
    await stripe.control("webhooks", duplicates=0.2, shuffle_seconds=1.0)
    await stripe.faults(*({**rule, "path": "/v1/"} for rule in FAULTS), seed=seed)
    began = time.monotonic()
    await run.pay(count)
    struck = (await stripe.totals())["faults"]
    paying = time.monotonic() - began
    await run.heal()
    facts = await check(live, stripe)
    assert sum(struck.values()) > count // 10
    print(f"seed {seed}, {count} payments in {paying:.0f} s: {dict(run.seen)}, faults {struck}")
    print(f"webhooks refused and sent again: {stripe.refused}; {facts}")
