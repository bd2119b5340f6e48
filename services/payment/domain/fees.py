"""What an action costs. Integers only: a fee is points times a price a point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MICROS_PER_CENT = 10_000
MICROS_PER_EURO = 1_000_000
MIN_FUNDING = 1 * MICROS_PER_EURO
MAX_FUNDING = 100_000 * MICROS_PER_EURO


@dataclass(frozen=True, slots=True)
class Price:
    """One line of the price table, in micro-euros."""

    fixed_micros: int = 0
    micros_per_point: int = 0
    # Counts where no score could be fixed. A score of 0 is a score.
    default_points: int = 0

    def fee(self, points: int | None) -> int:
        """Return the fee in micro-euros for a score of `points`, or for none."""
        counted = self.default_points if points is None else points
        return self.fixed_micros + self.micros_per_point * counted


_FREE = Price()


class PriceList:
    """The prices by action type. A type without a price is free."""

    def __init__(self, prices: Mapping[str, Price]) -> None:
        self._prices = dict(prices)

    def fee(self, action_type: str, points: int | None) -> int:
        """Return the fee in micro-euros; 0 for a type that the table does not know."""
        return self._prices.get(action_type, _FREE).fee(points)


def is_card_amount(micros: int) -> bool:
    """Whether a card can be charged `micros`: whole cents, 1 to 100,000 euros."""
    return MIN_FUNDING <= micros <= MAX_FUNDING and micros % MICROS_PER_CENT == 0
