"""The prices in force, read from the table and kept for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from services.kit.audit import note_change
from services.kit.clock import Clock
from services.kit.work import UnitOfWork, UnitsOfWork
from services.payment.domain.errors import PriceDate
from services.payment.domain.fees import Price
from services.payment.domain.prices import BEGINNING, NOTICE, DatedPrice, PriceBook

_KEPT = timedelta(seconds=30)


class PriceStore(Protocol):
    """The price table."""

    async def all(self, work: UnitOfWork) -> list[DatedPrice]:
        """Return every price."""

    async def add(self, work: UnitOfWork, prices: Sequence[DatedPrice]) -> int:
        """Insert prices; return how many are new."""


class Prices:
    """Reads the table, and fills in what the contract says for types without a price."""

    def __init__(
        self, work: UnitsOfWork, store: PriceStore, contract: Mapping[str, Price], clock: Clock
    ) -> None:
        self._work = work
        self._store = store
        self._contract = dict(contract)
        self._clock = clock
        self._book = PriceBook([])
        self._read_at: datetime | None = None

    async def book(self) -> PriceBook:
        """Return the prices, at most half a minute old.

        A price is announced sooner than that, so none is ever missed.
        """
        now = self._clock.now()
        if self._read_at is None or not timedelta(0) <= now - self._read_at < _KEPT:
            self._book, self._read_at = await self._read(), now
        return self._book

    async def set(self, action_type: str, price: Price, valid_from: datetime) -> DatedPrice:
        """Announce a price. Raises PriceDate unless it is five minutes ahead and the only one."""
        if valid_from < self._clock.now() + NOTICE:
            raise PriceDate(field="valid_from")
        announced = DatedPrice(action_type, valid_from, price)
        before = (await self.book()).at(action_type, valid_from)
        async with self._work() as work:
            if not await self._store.add(work, [announced]):
                raise PriceDate(field="valid_from")
            note_change(
                resource_type="price",
                resource_id=action_type,
                old=_shown(before),
                new=_shown(price),
            )
        self._read_at = None
        return announced

    async def _read(self) -> PriceBook:
        async with self._work() as work:
            book = PriceBook(await self._store.all(work))
            missing = [
                DatedPrice(name, BEGINNING, price)
                for name, price in self._contract.items()
                if name not in book.types and price != Price()
            ]
            if not missing:
                return book
            await self._store.add(work, missing)
            return PriceBook(await self._store.all(work))


def _shown(price: Price) -> dict[str, str]:
    return {
        "fixed_micros": str(price.fixed_micros),
        "micros_per_point": str(price.micros_per_point),
        "default_points": str(price.default_points),
    }
