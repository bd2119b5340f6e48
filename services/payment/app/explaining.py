"""Why money moved: one transaction with all that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.kit.money import decimal_text
from services.kit.work import UnitOfWork, UnitsOfWork
from services.payment.app.prices import Prices
from services.payment.app.stores import ActionRow, EntryRow
from services.payment.domain.errors import LedgerItemNotFound


@dataclass(frozen=True, slots=True)
class StoredStory:
    """What the books hold on a transaction."""

    transaction_id: str
    key: str
    created_at: datetime
    receipt_id: str
    reference: str
    note: str
    reverses: str
    reversed_by: str
    block: int
    invoice_number: str
    lines: Sequence[EntryRow]
    action: ActionRow | None
    # Of the action: its score, and when it happened.
    points: int | None
    happened_at: datetime | None


@dataclass(frozen=True, slots=True)
class Story:
    """A transaction, and how its amount came about."""

    stored: StoredStory
    calculation: str


class StoryStore(Protocol):
    """The books, item by item."""

    async def find(self, work: UnitOfWork, item_id: str) -> StoredStory | None:
        """Return the transaction with that id, or that the line or action of that id led to."""


class Stories:
    """Tells them."""

    def __init__(self, work: UnitsOfWork, store: StoryStore, prices: Prices) -> None:
        self._work = work
        self._store = store
        self._prices = prices

    async def tell(self, item_id: str) -> Story:
        """Explain an item of the books, of this unit's own too. Raises LedgerItemNotFound."""
        async with self._work() as work:
            stored = await self._store.find(work, item_id)
        if stored is None:
            raise LedgerItemNotFound
        return Story(stored, await self._calculation(stored))

    async def _calculation(self, stored: StoredStory) -> str:
        action = stored.action
        if action is None:
            return ""
        book = await self._prices.book()
        price = book.at(action.type, stored.happened_at or action.created_at)
        points = price.default_points if stored.points is None else stored.points
        parts = [decimal_text(price.fixed_micros)] if price.fixed_micros else []
        if price.micros_per_point:
            what = "points, no score" if stored.points is None else "points"
            parts.append(f"{points} {what} at {decimal_text(price.micros_per_point)}")
        return f"{' + '.join(parts) or 'free'} = {decimal_text(action.amount)}"
