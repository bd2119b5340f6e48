"""What is charged of what is owed."""

from __future__ import annotations

from services.payment.domain.fees import MAX_FUNDING, MICROS_PER_CENT

# The least that Stripe takes in euros: https://docs.stripe.com/currencies (minimum charge amounts).
FLOOR = 50 * MICROS_PER_CENT


def chargeable(owed: int) -> int:
    """Return what a card is charged of `owed` micro-euros: whole cents, or nothing.

    What is below a cent, below the floor or above the most that one charge takes
    stays owed and is part of the next charge.
    """
    whole = owed - owed % MICROS_PER_CENT
    return min(whole, MAX_FUNDING) if whole >= FLOOR else 0
