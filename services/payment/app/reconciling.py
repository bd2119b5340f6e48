"""Compares the ledger with the processor and the outbox, cent by cent."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.kit.clock import Clock
from services.kit.db import Reader
from services.payment.app.card_stores import Movement, Reconciled
from services.payment.app.collecting import CardCollections
from services.payment.app.disputes import Disputes
from services.payment.app.processor import (
    Intent,
    Processor,
    ProviderDispute,
    ProviderRefund,
)
from services.payment.app.refunds import Refunds
from services.payment.domain.charges import ChargeStatus, DisputeStatus, RefundStatus

log = logging.getLogger(__name__)

# Younger than this, something may still be on its way.
_ON_ITS_WAY = timedelta(minutes=5)
# How far back a scheduled run looks.
SCHEDULED = timedelta(days=3)
# The processor's clock and ours, and a posting that came a minute job later.
_MARGIN = timedelta(days=2)


class Finding(StrEnum):
    """What can be wrong."""

    # The processor has it, the ledger does not.
    MISSING_POSTING = "MISSING_POSTING"
    # The ledger has it, the processor does not.
    MISSING_OBJECT = "MISSING_OBJECT"
    # Both have it, with different amounts.
    AMOUNT = "AMOUNT"
    # The ledger has it twice.
    DOUBLE = "DOUBLE"
    # An event about money was never told.
    NOT_TOLD = "NOT_TOLD"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not explained. Amounts in micro-euros, above 0 when money came to us."""

    finding: Finding
    # The processor's id, or the event's.
    id: str
    ours: int
    theirs: int
    note: str = ""


@dataclass(slots=True)
class Reconciliation:
    """What a run saw."""

    objects: int = 0
    movements: int = 0
    # What the objects and the postings of the period add up to.
    theirs: int = 0
    ours: int = 0
    # Not decided yet on either side, or too young to be a difference.
    on_their_way: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether every cent is explained."""
        return not self.differences


class Reconciler:
    """Reads both sides; mends what a lost webhook left behind."""

    def __init__(
        self,
        *,
        reader: Reader,
        account: Reconciled,
        processor: Processor,
        collections: CardCollections,
        refunds: Refunds,
        disputes: Disputes,
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._account = account
        self._processor = processor
        self._collections = collections
        self._refunds = refunds
        self._disputes = disputes
        self._clock = clock

    async def scheduled(self) -> None:
        """Mend and compare the last days; an unexplained cent is an error in the log."""
        since = self._clock.now() - SCHEDULED
        await self.mend(since)
        report = await self.compare(since)
        for difference in report.differences:
            log.error(
                "Ledger and processor differ",
                extra={
                    "finding": difference.finding.value,
                    "object": difference.id,
                    "ours": difference.ours,
                    "theirs": difference.theirs,
                },
            )
        log.info("Reconciled", extra={"objects": report.objects, "ours": report.ours})

    async def mend(self, since: datetime) -> None:
        """Take in every object again, as if its webhook had come: what is known changes nothing."""
        async for intent in self._processor.intents(since):
            await self._collections.heard(intent)
        async for refund in self._processor.refunds(since):
            await self._refunds.heard(refund)
        async for dispute in self._processor.disputes(since):
            await self._disputes.heard(dispute)

    async def compare(self, since: datetime) -> Reconciliation:
        """Match objects and postings one to one, from `since` on."""
        # The ledger is read before and after: what is posted while the objects are listed is
        # neither a missing object nor a missing posting.
        before = await self._account.movements(self._reader, since - _MARGIN)
        theirs = await self._objects(since)
        after = await self._account.movements(self._reader, since - _MARGIN)
        report = Reconciliation(objects=len(theirs))
        self._match(report, theirs, before, after, since)
        now = self._clock.now()
        for event_id, subject in await self._account.untold(self._reader, now - _ON_ITS_WAY):
            report.differences.append(Difference(Finding.NOT_TOLD, event_id, 0, 0, subject))
        return report

    async def _objects(self, since: datetime) -> dict[str, tuple[int, datetime]]:
        """Return what each object moved to us, and when it was made."""
        found: dict[str, tuple[int, datetime]] = {}
        async for intent in self._processor.intents(since):
            if amount := _received(intent):
                found[intent.id] = (amount, intent.created_at)
        async for refund in self._processor.refunds(since):
            if amount := _given(refund):
                found[refund.id] = (-amount, refund.created_at)
        async for dispute in self._processor.disputes(since):
            if amount := _withheld(dispute):
                found[dispute.id] = (-amount, dispute.created_at)
        return found

    def _match(
        self,
        report: Reconciliation,
        theirs: dict[str, tuple[int, datetime]],
        before: Sequence[Movement],
        after: Sequence[Movement],
        since: datetime,
    ) -> None:
        ours = _sums(after)
        known = {one.reference for one in before}
        young = self._clock.now() - _ON_ITS_WAY
        report.movements = len(after)
        for object_id, (amount, made_at) in theirs.items():
            mine = ours.get(object_id, 0)
            report.theirs += amount
            report.ours += mine
            if mine == amount:
                continue
            if not mine and made_at > young:
                report.on_their_way += 1
                continue
            report.differences.append(_difference(object_id, mine, amount))
        for one in _alone(ours, theirs, after, since):
            if one.reference in known:
                report.ours += ours[one.reference]
                report.differences.append(
                    Difference(
                        Finding.MISSING_OBJECT, one.reference or one.key, ours[one.reference], 0
                    )
                )


def _sums(movements: Sequence[Movement]) -> dict[str, int]:
    """What came to us by reference: the processor's account goes down by what comes in."""
    sums: Counter[str] = Counter()
    for one in movements:
        sums[one.reference] -= one.amount
    return dict(sums)


def _alone(
    ours: dict[str, int],
    theirs: dict[str, tuple[int, datetime]],
    movements: Sequence[Movement],
    since: datetime,
) -> Iterator[Movement]:
    """Postings that stand for no object; those from before the period may have an older one."""
    seen: set[str] = set()
    for one in movements:
        if one.reference in theirs or one.reference in seen or one.posted_at < since:
            continue
        seen.add(one.reference)
        # A refund that was returned, or a dispute that was won, adds up to nothing.
        if ours[one.reference]:
            yield one


def _difference(object_id: str, mine: int, amount: int) -> Difference:
    if not mine:
        return Difference(Finding.MISSING_POSTING, object_id, 0, amount)
    doubled = mine == 2 * amount
    return Difference(Finding.DOUBLE if doubled else Finding.AMOUNT, object_id, mine, amount)


def _received(intent: Intent) -> int:
    return intent.news.received if intent.news.status is ChargeStatus.SUCCEEDED else 0


def _given(refund: ProviderRefund) -> int:
    return refund.amount if refund.status is RefundStatus.SUCCEEDED else 0


def _withheld(dispute: ProviderDispute) -> int:
    return 0 if dispute.status is DisputeStatus.WON else dispute.amount
