"""What an action costs. Integers only: a fee is points times a price a point."""

from __future__ import annotations

from dataclasses import dataclass

MICROS_PER_CENT = 10_000
MICROS_PER_EURO = 1_000_000
MIN_FUNDING = 1 * MICROS_PER_EURO
MAX_FUNDING = 100_000 * MICROS_PER_EURO
# The processor's own bounds for one charge.
MIN_CHARGE = 50 * MICROS_PER_CENT
MAX_CHARGE = 99_999_999 * MICROS_PER_CENT


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


def is_card_amount(micros: int) -> bool:
    """Whether a card can be charged `micros`: whole cents, 1 to 100,000 euros."""
    return MIN_FUNDING <= micros <= MAX_FUNDING and micros % MICROS_PER_CENT == 0


def is_charge_amount(micros: int) -> bool:
    """Whether a card can be charged this at all: whole cents, 0.50 to 999,999.99 EUR."""
    return MIN_CHARGE <= micros <= MAX_CHARGE and micros % MICROS_PER_CENT == 0
