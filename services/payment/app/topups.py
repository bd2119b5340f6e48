"""Budgets that top themselves up: at most one charge at a time, up to a cap a cycle."""

from __future__ import annotations

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import Refused
from services.kit.work import UnitOfWork, UnitsOfWork
from services.payment.app import billing_messages
from services.payment.app.billing_stores import Due, DueStore
from services.payment.app.collections import Collections, Settlement
from services.payment.app.purses import Purses
from services.payment.domain.budgets import Budget
from services.payment.domain.charges import Charge, ChargeOrder, ChargeStatus, Purpose

_CONFIRM = "authentication_required"
_BATCH = 50


class TopUps:
    """Writes a top-up down, asks for the money, and settles it."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        purses: Purses,
        dues: DueStore,
        collections: Collections,
        funding: Settlement,
        clock: Clock,
    ) -> None:
        self._work = work
        self._reader = reader
        self._purses = purses
        self._dues = dues
        self._collections = collections
        # What any charge for a budget does to the books.
        self._funding = funding
        self._clock = clock

    async def run(self, job_id: str) -> None:
        """Top a budget up if it wants to be. The charge is asked for outside of any unit."""
        async with self._work() as work:
            due = await self._begin(work, job_id)
        if due is not None:
            await self.collect(due)

    async def resume(self) -> None:
        """Ask again for what was on its way when the service stopped: the same key, one charge."""
        for due in await self._dues.in_flight(self._reader, _BATCH):
            if due.purpose is Purpose.TOP_UP:
                await self.collect(due)

    async def collect(self, due: Due) -> None:
        """Ask for the money of a top-up."""
        order = order_of(due)
        try:
            await self._collections.charge(order)
        except Refused as refused:
            if refused.reason == "DEPENDENCY_DOWN":
                raise
            # No charge came of it: there is no method, or it is not this company's.
            async with self._work() as work:
                await self._stop(
                    work, due.key, due.job_id, due.amount, refused.reason.lower(), mail=True
                )

    async def settle(self, work: UnitOfWork, charge: Charge) -> None:
        """Pay a top-up into its budget; one that is paid stays as it is."""
        if await self._dues.end(work, charge.order.key, paid=True, now=self._clock.now()):
            await self._funding.settle(work, charge)

    async def unpaid(self, work: UnitOfWork, charge: Charge) -> None:
        """Stop a budget's top-ups, and tell of it."""
        order = charge.order
        why = charge.decline_code or _CONFIRM
        asked = charge.status is ChargeStatus.REQUIRES_ACTION
        await self._stop(work, order.key, order.job_id, order.amount, why, mail=not asked)
        await self._funding.unpaid(work, charge)

    async def take_back(self, work: UnitOfWork, charge: Charge, amount: int) -> str:
        """Prepare a refund, as for any charge for a budget."""
        return await self._funding.take_back(work, charge, amount)

    async def give_again(self, work: UnitOfWork, charge: Charge, amount: int, source: str) -> str:
        """Undo `take_back`."""
        return await self._funding.give_again(work, charge, amount, source)

    async def _begin(self, work: UnitOfWork, job_id: str) -> Due | None:
        budget = await self._purses.store.lock(work, job_id)
        top_up = budget.settings.top_up if budget else None
        if budget is None or top_up is None or not budget.wants_top_up:
            return None
        since = budget.cycle_starts_at
        made, paid, in_flight = await self._dues.top_ups(work, job_id, since)
        if in_flight or paid + top_up.amount > top_up.monthly_cap:
            return None
        due = Due(
            key=f"topup:{job_id}:{made + 1}",
            purpose=Purpose.TOP_UP,
            company_id=budget.company_id,
            job_id=job_id,
            amount=top_up.amount,
            cycle_starts_at=since,
        )
        await self._dues.add(work, due, self._clock.now())
        return due

    async def _stop(
        self, work: UnitOfWork, key: str, job_id: str, amount: int, why: str, *, mail: bool
    ) -> None:
        before = await self._purses.locked(work, job_id)
        after = before.stop_top_ups(why)
        await self._purses.save(work, before, after)
        await self._dues.end(work, key, paid=False, now=self._clock.now())
        work.publish(billing_messages.top_up_stopped(after, amount, why))
        if mail:
            await self._tell(work, after, amount)

    async def _tell(self, work: UnitOfWork, budget: Budget, amount: int) -> None:
        job = await self._purses.job(budget.job_id)
        if job.recruiter_id:
            work.publish(billing_messages.payment_failed_mail(job.recruiter_id, amount, job.title))


def order_of(due: Due) -> ChargeOrder:
    """Return the wish to charge that stands behind a due."""
    return ChargeOrder(
        key=due.key,
        company_id=due.company_id,
        amount=due.amount,
        purpose=due.purpose,
        job_id=due.job_id,
    )
