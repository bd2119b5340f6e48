"""Gives money back to cards: reserved in the books first, then asked of the processor."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from services.kit.clock import Clock
from services.kit.errors import RequestIdReused
from services.kit.ids import Ids
from services.kit.money import decimal_text
from services.kit.work import UnitOfWork, UnitsOfWork
from services.payment.app import charge_messages
from services.payment.app.apart import Apart
from services.payment.app.books import Books
from services.payment.app.card_stores import ChargeStore, RefundStore
from services.payment.app.collecting import with_refund
from services.payment.app.collections import Settlement
from services.payment.app.processor import Processor, ProviderRefund, Rejected, Unclear
from services.payment.domain import accounts
from services.payment.domain.charges import (
    KEY_LIVES,
    Attempt,
    ChargeStatus,
    Purpose,
    Refund,
    RefundStatus,
)
from services.payment.domain.errors import (
    AmountInvalid,
    ChargeNotFound,
    ChargeState,
    RefundTooLarge,
)
from services.payment.domain.fees import MICROS_PER_CENT

log = logging.getLogger(__name__)

BATCH = 50
_LEASE = timedelta(seconds=60)
_FIRST_RETRY, _LAST_RETRY = timedelta(seconds=5), timedelta(minutes=30)
_MAX_DOUBLINGS = 12


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """A wish to give back. The id is the request's: the same id is the same refund."""

    id: str
    charge_id: str
    # Micro-euros, whole cents; 0 for all that is left.
    amount: int
    reason: str


class Refunds:
    """Refunds of charges."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        charges: ChargeStore,
        refunds: RefundStore,
        books: Books,
        processor: Processor,
        settlements: Mapping[Purpose, Settlement],
        apart: Apart,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._charges = charges
        self._refunds = refunds
        self._books = books
        self._processor = processor
        self._settlements = settlements
        self._apart = apart
        self._clock = clock
        self._ids = ids

    async def refund(self, order: RefundOrder) -> Refund:
        """Give back; what the processor has not answered stays PENDING and is tried each minute.

        The amount is out of the budget or wallet before the processor is
        asked, so that it cannot be spent meanwhile, and is back there when the
        processor refuses. Raises ChargeNotFound, ChargeState, AmountInvalid,
        RefundTooLarge, BalanceTooLow, RequestIdReused.
        """
        return await self._apart.finish(self._carry_through(order))

    async def finish_due(self) -> int:
        """Take up refunds that the processor has not answered; return how many."""
        now = self._clock.now()
        async with self._work() as work:
            due = await self._refunds.claim_refunds(work, now, now + _LEASE, BATCH)
        for refund in due:
            try:
                await self._try(refund)
            except Exception:
                log.exception("Refund waits", extra={"refund_id": refund.id})
        return len(due)

    async def heard(self, found: ProviderRefund) -> None:
        """Take in a refund that was read because of a webhook or a reconciliation.

        One that somebody made by hand at the processor is posted too, as far as
        it is one of our charges.
        """
        async with self._work() as work:
            known = await self._known(work, found)
        if known is not None:
            await self._learn(known, found)

    async def _known(self, work: UnitOfWork, found: ProviderRefund) -> Refund | None:
        ours = await self._refunds.find(work, found.refund_id, found.id)
        return ours or await self._adopt(work, found)

    async def _carry_through(self, order: RefundOrder) -> Refund:
        async with self._work() as work:
            refund = await self._reserve(work, order)
        if refund.status is not RefundStatus.PENDING:
            return refund
        return await self._try(refund)

    async def _reserve(self, work: UnitOfWork, order: RefundOrder) -> Refund:
        attempt = await self._charges.lock(work, order.charge_id)
        if attempt is None:
            raise ChargeNotFound
        known = await self._refunds.find(work, order.id, "")
        if known is not None:
            if known.charge_id != order.charge_id or order.amount not in (0, known.amount):
                raise RequestIdReused(field="request_id")
            return known
        amount = self._checked(attempt, order.amount)
        return await self._take_out(work, attempt, order, amount)

    def _checked(self, attempt: Attempt, wanted: int) -> int:
        charge = attempt.charge
        if charge.status is not ChargeStatus.SUCCEEDED:
            raise ChargeState(status=charge.status.value)
        left = charge.order.amount - charge.refunded
        amount = wanted or left
        if amount % MICROS_PER_CENT or amount < 0:
            raise AmountInvalid(field="amount")
        if not 0 < amount <= left:
            raise RefundTooLarge(field="amount", left=decimal_text(left))
        return amount

    async def _take_out(
        self, work: UnitOfWork, attempt: Attempt, order: RefundOrder, amount: int
    ) -> Refund:
        now = self._clock.now()
        charge = attempt.charge
        settlement = self._settlements[charge.order.purpose]
        source = await settlement.take_back(work, charge, amount)
        refund = Refund(
            id=order.id,
            charge_id=charge.id,
            amount=amount,
            reason=order.reason,
            status=RefundStatus.PENDING,
            source=source,
            created_at=now,
        )
        await self._write_down(work, attempt, refund)
        return refund

    async def _write_down(self, work: UnitOfWork, attempt: Attempt, refund: Refund) -> None:
        now = self._clock.now()
        await self._refunds.add_refund(work, refund, now + _LEASE)
        await self._charges.save(work, with_refund(attempt, refund.amount), now)
        await self._books.post(
            work,
            key=f"refund:{refund.id}:reserve",
            lines=[(refund.source, -refund.amount), (accounts.REFUNDS, refund.amount)],
            reference=attempt.charge.intent_id,
        )

    async def _try(self, refund: Refund) -> Refund:
        async with self._work() as work:
            attempt = await self._charges.find(work, refund.charge_id)
        if attempt is None:
            raise ChargeNotFound
        intent_id = attempt.charge.intent_id
        try:
            found = await self._ask(refund, intent_id)
        except Unclear as error:
            return await self._unclear(refund, intent_id, error)
        except Rejected as error:
            found = _refused(refund, intent_id, error.code)
        return await self._learn(refund, found)

    async def _ask(self, refund: Refund, intent_id: str) -> ProviderRefund:
        if self._clock.now() - refund.created_at >= KEY_LIVES:
            found = await self._processor.refund_of(intent_id, refund.id)
            return found or _refused(refund, intent_id, "not_created")
        return await self._processor.refund(
            intent_id=intent_id,
            amount=refund.amount,
            refund_id=refund.id,
            key=f"{refund.id}:{refund.generation}",
        )

    async def _unclear(self, refund: Refund, intent_id: str, error: Unclear) -> Refund:
        """As with charges: a new key only where the last request has ended without an object."""
        new_key = False
        if error.ended:
            try:
                found = await self._processor.refund_of(intent_id, refund.id)
            except (Unclear, Rejected) as again:
                log.info("Refund is still unclear", extra={"error": str(again)})
            else:
                if found is not None:
                    return await self._learn(refund, found)
                new_key = True
        async with self._work() as work:
            held = await self._refunds.lock(work, refund.id)
            if held is None or held.status is not RefundStatus.PENDING:
                return held or refund
            new_key = new_key and held.generation == refund.generation
            later = replace(held, tries=held.tries + 1, generation=held.generation + new_key)
            pause = min(_FIRST_RETRY * 2 ** min(held.tries, _MAX_DOUBLINGS), _LAST_RETRY)
            await self._refunds.save_refund(work, later, self._clock.now() + pause)
        log.warning("Refund is unclear", extra={"refund_id": refund.id, "error": str(error)})
        return later

    async def _learn(self, refund: Refund, found: ProviderRefund) -> Refund:
        """Post what follows from the processor's word. FAILED is final, SUCCEEDED is not."""
        async with self._work() as work:
            attempt = await self._charges.lock(work, refund.charge_id)
            held = await self._refunds.lock(work, refund.id)
            if attempt is None or held is None:
                raise ChargeNotFound
            final = held.status is RefundStatus.FAILED
            if final or found.status in (held.status, RefundStatus.PENDING):
                return held
            after = replace(
                held,
                status=found.status,
                provider_id=found.id or held.provider_id,
                failure=found.failure,
            )
            await self._refunds.save_refund(work, after, self._clock.now())
            if after.status is RefundStatus.SUCCEEDED:
                await self._post(work, after, "done", accounts.REFUNDS, accounts.CLEARING)
                work.publish(charge_messages.refund_issued(after, attempt.charge))
            else:
                await self._undo(work, attempt, after, was=held.status)
        return after

    async def _undo(
        self, work: UnitOfWork, attempt: Attempt, refund: Refund, was: RefundStatus
    ) -> None:
        if was is RefundStatus.SUCCEEDED:
            await self._post(work, refund, "returned", accounts.CLEARING, accounts.REFUNDS)
        back_to = refund.source
        if back_to != accounts.MANUAL_REFUNDS:
            settlement = self._settlements[attempt.charge.order.purpose]
            back_to = await settlement.give_again(
                work, attempt.charge, refund.amount, refund.source
            )
        await self._post(work, refund, "void", accounts.REFUNDS, back_to)
        await self._charges.save(work, with_refund(attempt, -refund.amount), self._clock.now())

    async def _post(
        self, work: UnitOfWork, refund: Refund, step: str, source: str, target: str
    ) -> None:
        await self._books.post(
            work,
            key=f"refund:{refund.id}:{step}",
            lines=[(source, -refund.amount), (target, refund.amount)],
            reference=refund.provider_id,
        )

    async def _adopt(self, work: UnitOfWork, found: ProviderRefund) -> Refund | None:
        """A refund made by hand at the processor becomes one of ours.

        Nobody asked the budget: what it cost stands on an account of its own until staff
        decides who bears it.
        """
        charge = await self._charges.by_intent(work, found.intent_id)
        if charge is None or found.status is RefundStatus.FAILED:
            return None
        attempt = await self._charges.lock(work, charge.charge.id)
        known = await self._refunds.find(work, found.refund_id, found.id)
        if known is not None or attempt is None:
            return known
        left = attempt.charge.order.amount - attempt.charge.refunded
        if found.amount > left:
            log.error("More was refunded by hand than was left", extra={"refund": found.id})
            return None
        refund = Refund(
            id=self._ids.new(),
            charge_id=attempt.charge.id,
            amount=found.amount,
            reason="made by hand at the processor",
            status=RefundStatus.PENDING,
            source=accounts.MANUAL_REFUNDS,
            created_at=self._clock.now(),
            provider_id=found.id,
        )
        await self._write_down(work, attempt, refund)
        return refund


def _refused(refund: Refund, intent_id: str, code: str) -> ProviderRefund:
    return ProviderRefund(
        id="",
        refund_id=refund.id,
        intent_id=intent_id,
        amount=refund.amount,
        status=RefundStatus.FAILED,
        failure=code,
        created_at=refund.created_at,
    )
