"""A stand-in for the card processor, for machines without one."""

from __future__ import annotations

import hashlib

from services.payment.app.ports import CardCharge
from services.payment.domain.errors import CardDeclined

_GOOD = frozenset({"pm_card_visa", "pm_card_mastercard"})
_DECLINES = {
    "pm_card_chargeDeclined": "generic_decline",
    "pm_card_insufficient_funds": "insufficient_funds",
}
_UNKNOWN = "resource_missing"


class LocalCards:
    """Takes the processor's test cards and moves no money.

    Raises RuntimeError when it is made in production.
    """

    def __init__(self, environment: str) -> None:
        if environment == "production":
            raise RuntimeError(
                "No card processor is wired yet: payment does not run in production with test cards"
            )

    async def charge(self, key: str, amount_micros: int, payment_method: str) -> CardCharge:
        """Charge a test card; the same `key` is the same charge. Raises CardDeclined."""
        if payment_method not in _GOOD:
            raise CardDeclined(decline_code=_DECLINES.get(payment_method, _UNKNOWN))
        digest = hashlib.sha256(key.encode()).hexdigest()
        return CardCharge(id=f"ch_local_{digest[:24]}", amount=amount_micros)
