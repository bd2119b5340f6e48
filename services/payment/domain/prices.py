"""The price table: what an action of a type costs, from when on.

A price holds until the next one of its type begins, so that no two hold at once
and no moment is without one. Ending a price is one more, of nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.payment.domain.fees import Price

# From when on the prices of the contract hold: before anything happened.
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
# How much sooner than it holds a price is made known: every replica has read it by then.
NOTICE = timedelta(minutes=5)
_FREE = Price()


@dataclass(frozen=True, slots=True)
class DatedPrice:
    """One line of the price table."""

    action_type: str
    valid_from: datetime
    price: Price
    # Exclusive; None while no later price is known.
    valid_to: datetime | None = None


class PriceBook:
    """All prices, past and to come. A type without a price is free."""

    def __init__(self, prices: Iterable[DatedPrice]) -> None:
        self._by_type: dict[str, list[DatedPrice]] = defaultdict(list)
        for price in sorted(prices, key=lambda one: one.valid_from):
            self._by_type[price.action_type].append(price)

    @property
    def types(self) -> set[str]:
        """The types that have a price."""
        return set(self._by_type)

    def at(self, action_type: str, moment: datetime) -> Price:
        """Return the price in force at `moment`; the first one also counts before its time."""
        known = self._by_type.get(action_type)
        if not known:
            return _FREE
        place = bisect_right(known, moment, key=lambda one: one.valid_from)
        return known[max(place - 1, 0)].price

    def fee(self, action_type: str, points: int | None, moment: datetime) -> int:
        """Return the fee in micro-euros for a score of `points`, or for none."""
        return self.at(action_type, moment).fee(points)

    def lines(self) -> list[DatedPrice]:
        """Return all prices with the end of each, by type and time."""
        return [
            DatedPrice(one.action_type, one.valid_from, one.price, after)
            for name in sorted(self._by_type)
            for one, after in zip(
                self._by_type[name],
                [*(later.valid_from for later in self._by_type[name][1:]), None],
                strict=True,
            )
        ]
