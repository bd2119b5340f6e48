"""Billing cycles: budgets roll into the next one, and companies pay for what they used."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import Refused
from services.kit.work import UnitOfWork, UnitsOfWork
from services.payment.app import billing_messages
from services.payment.app.billing_stores import Debtor, Due, DueStore
from services.payment.app.collections import Collections
from services.payment.app.purses import Purses
from services.payment.app.topups import order_of
from services.payment.domain import accounts
from services.payment.domain.charges import Charge, Purpose
from services.payment.domain.cycles import CALENDAR, PARIS
from services.payment.domain.dues import chargeable

log = logging.getLogger(__name__)

_BATCH = 50
_CONFIRM = "authentication_required"
# How long a company whose card was declined is left alone, unless a cycle ends.
_PATIENCE = timedelta(days=1)


class Cycles:
    """The minute job of billing. Whatever it was stopped at, the next run takes up again."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        purses: Purses,
        dues: DueStore,
        collections: Collections,
        threshold: int,
        clock: Clock,
        wake: Callable[[str], None],
    ) -> None:
        self._work = work
        self._reader = reader
        self._purses = purses
        self._dues = dues
        self._collections = collections
        # What a company may owe, in micro-euros, before it is charged within a cycle.
        self._threshold = threshold
        self._clock = clock
        self._wake = wake

    async def run(self) -> None:
        """Roll what is over, charge who owes. One that fails holds up no other."""
        while over := await self._purses.store.over(self._reader, self._clock.now(), _BATCH):
            if not await _each(over, self.roll):
                break
        for due in await self._dues.in_flight(self._reader, _BATCH):
            if due.purpose is Purpose.CYCLE:
                await _each([due], self.collect)
        await _each(await self._dues.debtors(self._reader, self._threshold, _BATCH), self.charge)

    async def roll(self, job_id: str) -> None:
        """Begin a budget's next cycle: credit that was not used goes back, the next is lent."""
        async with self._work() as work:
            before = await self._purses.locked(work, job_id)
            now = self._clock.now()
            after = before.roll(now)
            if after is before:
                return
            moved = after.balance - before.balance
            await self._purses.save(
                work,
                before,
                after,
                key=f"cycle:{job_id}:{after.cycle_starts_at.isoformat()}",
                movements=[
                    (accounts.receivable(before.company_id), -moved),
                    (accounts.budget(job_id), moved),
                ],
            )
            if before.lent:
                await self._dues.cycle_ended(work, before.company_id, now)
            work.after_commit(lambda: self._wake(job_id))

    async def charge(self, company_id: str) -> None:
        """Charge a company what it owes, when it is time. Less than the floor is carried on."""
        async with self._work() as work:
            due = await self._begin(work, company_id)
        if due is not None:
            await self.collect(due)

    async def collect(self, due: Due) -> None:
        """Ask for the money of a due, outside of any unit. The same key is the same charge."""
        try:
            await self._collections.charge(order_of(due))
        except Refused as refused:
            if refused.reason == "DEPENDENCY_DOWN":
                raise
            async with self._work() as work:
                await self._unpaid(
                    work, due.key, due.company_id, due.amount, refused.reason.lower()
                )

    async def settle(self, work: UnitOfWork, charge: Charge) -> None:
        """Note that a company paid what it owed."""
        order = charge.order
        await self._purses.post(
            work,
            key=order.key,
            movements=[
                (accounts.CLEARING, -order.amount),
                (accounts.receivable(order.company_id), order.amount),
            ],
            reference=charge.intent_id,
        )
        await self._dues.end(work, order.key, paid=True, now=self._clock.now())

    async def unpaid(self, work: UnitOfWork, charge: Charge) -> None:
        """Pause the budgets that are billed per cycle, and tell of it."""
        order = charge.order
        why = charge.decline_code or _CONFIRM
        await self._unpaid(work, order.key, order.company_id, order.amount, why)

    async def take_back(self, work: UnitOfWork, charge: Charge, amount: int) -> str:
        """A refund of what was paid for a cycle: the company owes it again."""
        return accounts.receivable(charge.order.company_id)

    async def give_again(self, work: UnitOfWork, charge: Charge, amount: int, source: str) -> str:
        """The refund failed: it is paid after all."""
        return source

    async def _begin(self, work: UnitOfWork, company_id: str) -> Due | None:
        now = self._clock.now()
        debtor = await self._dues.debtor(work, company_id)
        if debtor.in_flight or not self._is_time(debtor):
            return None
        await self._dues.collected(work, company_id)
        amount = chargeable(debtor.owed)
        if not amount:
            return None
        start = CALENDAR.cycle_of(now).start
        due = Due(
            key=f"cycle:{company_id}:{now.astimezone(PARIS).date()}:{debtor.charges + 1}",
            purpose=Purpose.CYCLE,
            company_id=company_id,
            job_id="",
            amount=amount,
            cycle_starts_at=start,
        )
        await self._dues.add(work, due, now)
        return due

    def _is_time(self, debtor: Debtor) -> bool:
        if debtor.cycle_ended:
            return True
        tried = debtor.unpaid_at
        rested = tried is None or self._clock.now() - tried >= _PATIENCE
        return debtor.owed >= self._threshold and rested

    async def _unpaid(
        self, work: UnitOfWork, key: str, company_id: str, amount: int, why: str
    ) -> None:
        now = self._clock.now()
        await self._dues.end(work, key, paid=False, now=now)
        told = set()
        for job_id in await self._dues.lend_to(work, company_id):
            before = await self._purses.locked(work, job_id)
            await self._purses.save(work, before, before.pause(now))
            told.add((await self._purses.job(job_id)).recruiter_id)
        work.publish(billing_messages.unpaid(company_id, amount, why))
        for user_id in sorted(told - {""}):
            work.publish(billing_messages.payment_failed_mail(user_id, amount, "WeNeeds"))


async def _each(items: Iterable[object], step: Callable[..., Awaitable[None]]) -> bool:
    """Do `step` for all; return whether any went well. Failures are logged and left for later."""
    done = False
    for item in items:
        try:
            await step(item)
            done = True
        except Exception:
            log.exception("A step of billing failed; the next run takes it up again")
    return done
