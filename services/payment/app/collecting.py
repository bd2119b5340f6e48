"""Brings charges to their end: asks the processor, learns from it, settles."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from services.kit.clock import Clock
from services.kit.errors import DependencyDown, RequestIdReused
from services.kit.ids import Ids
from services.kit.telemetry import carry, continued, tracer
from services.kit.work import UnitOfWork, UnitsOfWork
from services.payment.app import charge_messages
from services.payment.app.apart import Apart
from services.payment.app.card_stores import ChargeStore
from services.payment.app.collections import Outcome, Settlement
from services.payment.app.payers import Payers
from services.payment.app.processor import Intent, Processor, Rejected, Unclear
from services.payment.domain.charges import (
    Attempt,
    Charge,
    ChargeOrder,
    ChargeStatus,
    News,
    Purpose,
)
from services.payment.domain.errors import AmountInvalid
from services.payment.domain.fees import is_charge_amount

log = logging.getLogger(__name__)

BATCH = 50
# How long a try has a charge for itself.
_LEASE = timedelta(seconds=60)
# How long a caller waits for the processor before the answer is PENDING. The rest goes on alone.
_PATIENCE_SECONDS = 11.0
# Clocks differ: how much earlier than our row the processor's object may say it was made.
_CLOCKS_DIFFER = timedelta(minutes=10)
_WIDTH = 8


class CardCollections:
    """Implements Collections."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        charges: ChargeStore,
        payers: Payers,
        processor: Processor,
        settlements: Mapping[Purpose, Settlement],
        apart: Apart,
        site_url: str,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._charges = charges
        self._payers = payers
        self._processor = processor
        self._settlements = settlements
        self._site_url = site_url
        self._clock = clock
        self._ids = ids
        self._apart = apart

    async def charge(self, order: ChargeOrder) -> Outcome:
        """Charge, and settle when the processor took it. See Collections."""
        if not is_charge_amount(order.amount):
            raise AmountInvalid(field="amount")
        task = self._apart.run(self._carry_through(order, carry()))
        await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
        if task.done():
            return task.result()
        found = await self.find(order.key)
        if found is None:
            raise DependencyDown(dependency="stripe")
        return found

    async def find(self, key: str) -> Outcome | None:
        """Return what became of the charge under `key`; None when there is none."""
        async with self._work() as work:
            known = await self._charges.by_key(work, key)
        return outcome(known.charge) if known else None

    async def finish_due(self) -> int:
        """Take up at most 50 charges without an end; return how many were looked at."""
        now = self._clock.now()
        async with self._work() as work:
            claimed = await self._charges.claim(work, now, now + _LEASE, BATCH)
        gate = asyncio.Semaphore(_WIDTH)
        await asyncio.gather(*(self._take_up(one, gate) for one in claimed))
        return len(claimed)

    async def heard(self, intent: Intent) -> None:
        """Take in an intent that was read because of a webhook or a reconciliation."""
        if not intent.charge_id:
            return
        async with self._work() as work:
            known = await self._charges.find(work, intent.charge_id)
        if known is not None:
            await self._take(known, intent)

    async def ask_again(self, attempt: Attempt) -> Charge:
        """Get a fresh link for the owner of the card. Raises DependencyDown."""
        return await self._apart.finish(self._ask_again(attempt, self._ids.new()))

    async def _carry_through(self, order: ChargeOrder, trace: Mapping[str, str]) -> Outcome:
        with tracer.start_as_current_span("charge card", continued(trace)):
            customer = await self._payers.customer(order.company_id)
            async with self._work() as work:
                known = await self._write_down(work, order, customer)
            if known.charge.order.request_hash != order.request_hash:
                raise RequestIdReused(key=order.key)
            if not known.open or known.charge.link:
                return outcome(known.charge)
            return outcome(await self._try(known))

    async def _write_down(self, work: UnitOfWork, order: ChargeOrder, customer: str) -> Attempt:
        known = await self._charges.by_key(work, order.key)
        if known is not None:
            return known
        now = self._clock.now()
        attempt = Attempt(
            charge=Charge(self._ids.new(), order, ChargeStatus.PENDING),
            customer_id=customer,
            method_id=await self._payers.method(work, order.company_id, order.payment_method),
            created_at=now,
            next_try_at=now + _LEASE,
        )
        return await self._charges.add(work, attempt) or attempt

    async def _take_up(self, attempt: Attempt, gate: asyncio.Semaphore) -> None:
        async with gate:
            try:
                await self._try(attempt)
            except Exception:
                log.exception("Charge waits", extra={"charge_id": attempt.charge.id})

    async def _try(self, attempt: Attempt) -> Charge:
        try:
            intent = await self._ask(attempt)
        except Unclear as error:
            return await self._unclear(attempt, error)
        except Rejected as error:
            news = News(ChargeStatus.DECLINED, "", decline_code=error.code)
            return await self._learn(attempt.charge.id, news)
        if intent is None:
            # Too old for its key, and the processor never heard of it.
            news = News(ChargeStatus.DECLINED, "", decline_code="not_created")
            return await self._learn(attempt.charge.id, news)
        return await self._take(attempt, intent)

    async def _ask(self, attempt: Attempt) -> Intent | None:
        """Ask the processor for the intent of a charge; make it where there is none yet."""
        charge, now = attempt.charge, self._clock.now()
        if charge.intent_id:
            return await self._read(attempt)
        if not attempt.key_is_good(now):
            return await self._look_up(attempt)
        return await self._processor.charge(
            customer=attempt.customer_id,
            method=attempt.method_id,
            amount=charge.order.amount,
            charge_id=charge.id,
            key=attempt.idempotency_key,
        )

    async def _read(self, attempt: Attempt) -> Intent:
        intent_id = attempt.charge.intent_id
        try:
            if attempt.asked_too_long(self._clock.now()):
                return await self._processor.cancel(intent_id)
        except Rejected:
            log.info("Intent moved on before it was cancelled", extra={"intent": intent_id})
        try:
            return await self._processor.intent(intent_id)
        except Rejected as error:
            # It was there once. Reconciliation tells people.
            raise Unclear(error.code) from error

    async def _look_up(self, attempt: Attempt) -> Intent | None:
        since = attempt.created_at - _CLOCKS_DIFFER
        return await self._processor.look_up(attempt.customer_id, attempt.charge.id, since)

    async def _unclear(self, attempt: Attempt, error: Unclear) -> Charge:
        """Nobody knows what became of a try: write down when and how to go on."""
        new_key = False
        if error.ended and not attempt.charge.intent_id:
            try:
                found = await self._look_up(attempt)
            except (Unclear, Rejected) as again:
                log.info("Charge is still unclear", extra={"error": str(again)})
            else:
                if found is not None:
                    return await self._take(attempt, found)
                # Its answer is kept under the key and is an error: only a new key goes on.
                new_key = True
        async with self._work() as work:
            now = self._clock.now()
            held = await self._held(work, attempt.charge.id)
            if not held.open:
                return held.charge
            # Somebody else may have gone on to a new key meanwhile; theirs may have worked.
            new_key = new_key and not held.charge.intent_id
            new_key = new_key and held.generation == attempt.generation
            await self._charges.save(work, held.later(now, new_key=new_key), now)
        log.warning("Charge is unclear", extra={"charge_id": held.charge.id, "error": str(error)})
        return held.charge

    async def _take(self, attempt: Attempt, intent: Intent) -> Charge:
        """Learn from an intent; where the bank wants the owner, get the link first."""
        news = intent.news
        if intent.asks and attempt.open:
            try:
                news = (await self._ask_owner(attempt, intent.id, "first")).news
            except (Unclear, Rejected) as error:
                # Without a link for now; the minute job gets one.
                log.info("No link yet", extra={"intent": intent.id, "error": str(error)})
        return await self._learn(attempt.charge.id, news)

    async def _ask_owner(self, attempt: Attempt, intent_id: str, nonce: str) -> Intent:
        charge = attempt.charge
        return await self._processor.ask_owner(
            intent_id,
            attempt.method_id,
            charge_messages.page(self._site_url, charge),
            f"{charge.id}:owner:{nonce}",
        )

    async def _ask_again(self, attempt: Attempt, nonce: str) -> Charge:
        try:
            intent = await self._ask_owner(attempt, attempt.charge.intent_id, nonce)
        except Rejected:
            # It has moved on: read where to.
            return await self._try(attempt)
        except Unclear as error:
            raise DependencyDown(dependency="stripe") from error
        return await self._learn(attempt.charge.id, intent.news)

    async def _learn(self, charge_id: str, news: News) -> Charge:
        """Take the processor's word, and settle what follows from it, in one unit."""
        async with self._work() as work:
            now = self._clock.now()
            before = await self._held(work, charge_id)
            after = before.learned(news)
            if after.open:
                after = after.later(now)
            if after == before:
                return before.charge
            await self._charges.save(work, after, now)
            if after.charge.status is not before.charge.status:
                await self._react(work, after.charge)
        return after.charge

    async def _react(self, work: UnitOfWork, charge: Charge) -> None:
        settlement = self._settlements[charge.order.purpose]
        if charge.status is ChargeStatus.SUCCEEDED:
            await settlement.settle(work, charge)
            work.publish(charge_messages.succeeded(charge))
        elif charge.status is ChargeStatus.DECLINED:
            await settlement.unpaid(work, charge)
            work.publish(charge_messages.declined(charge))
        elif charge.status is ChargeStatus.REQUIRES_ACTION:
            await settlement.unpaid(work, charge)
            work.publish(charge_messages.action_required(charge))

    async def _held(self, work: UnitOfWork, charge_id: str) -> Attempt:
        held = await self._charges.lock(work, charge_id)
        if held is None:
            raise LookupError(charge_id)
        return held


def outcome(charge: Charge) -> Outcome:
    """Tell what became of a charge."""
    return Outcome(charge.id, charge.status, charge.link, charge.decline_code)


def with_refund(attempt: Attempt, amount: int) -> Attempt:
    """Count `amount` as given back; a negative one as kept after all."""
    charge = replace(attempt.charge, refunded=attempt.charge.refunded + amount)
    return replace(attempt, charge=charge)
