"""What disputes do to the books."""

from __future__ import annotations

import logging
from dataclasses import replace

from services.kit.clock import Clock
from services.kit.work import UnitOfWork, UnitsOfWork
from services.payment.app import charge_messages
from services.payment.app.books import Books
from services.payment.app.card_stores import ChargeStore, RefundStore
from services.payment.app.processor import ProviderDispute
from services.payment.domain import accounts
from services.payment.domain.charges import Charge, Dispute, DisputeStatus

log = logging.getLogger(__name__)


class Disputes:
    """Disputes of charges: the processor opens and decides them, we post."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        charges: ChargeStore,
        disputes: RefundStore,
        books: Books,
        clock: Clock,
    ) -> None:
        self._work = work
        self._charges = charges
        self._disputes = disputes
        self._books = books
        self._clock = clock

    async def heard(self, found: ProviderDispute) -> None:
        """Take in a dispute as it is at the processor now; the order of the news is all one.

        Opened: the money leaves `stripe:clearing` for `disputes:open`. Won: it
        comes back. Lost: it is a loss of ours; the company keeps what it spent.
        """
        if not found.amount:
            # An inquiry of the bank: no money moved.
            return
        async with self._work() as work:
            attempt = await self._charges.by_intent(work, found.intent_id)
            if attempt is None:
                log.warning("Dispute of a charge that is not ours", extra={"dispute": found.id})
                return
            # Whoever moves money of a charge holds its row.
            await self._charges.lock(work, attempt.charge.id)
            known = await self._disputes.dispute(work, found.id)
            if known is None:
                known = await self._open(work, attempt.charge, found)
            if known.status is DisputeStatus.OPEN and found.status is not DisputeStatus.OPEN:
                await self._close(work, attempt.charge, known, found.status)

    async def _open(self, work: UnitOfWork, charge: Charge, found: ProviderDispute) -> Dispute:
        dispute = Dispute(
            id=found.id,
            charge_id=charge.id,
            amount=found.amount,
            reason=found.reason,
            status=DisputeStatus.OPEN,
            opened_at=found.created_at,
        )
        await self._disputes.put_dispute(work, dispute)
        await self._post(work, dispute, "opened", accounts.DISPUTED, accounts.CLEARING)
        work.publish(charge_messages.dispute_opened(dispute, charge))
        return dispute

    async def _close(
        self, work: UnitOfWork, charge: Charge, dispute: Dispute, status: DisputeStatus
    ) -> None:
        closed = replace(dispute, status=status, closed_at=self._clock.now())
        await self._disputes.put_dispute(work, closed)
        if status is DisputeStatus.WON:
            await self._post(work, closed, "won", accounts.CLEARING, accounts.DISPUTED)
        else:
            await self._post(work, closed, "lost", accounts.DISPUTES, accounts.DISPUTED)
        work.publish(charge_messages.dispute_closed(closed, charge))

    async def _post(
        self, work: UnitOfWork, dispute: Dispute, step: str, source: str, target: str
    ) -> None:
        await self._books.post(
            work,
            key=f"dispute:{dispute.id}:{step}",
            lines=[(source, -dispute.amount), (target, dispute.amount)],
            reference=dispute.id,
        )
