"""The processor's test cards, by the names that stand for them in requests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """How a test card behaves."""

    brand: str = "visa"
    last4: str = "4242"
    # The decline code when it is charged.
    declines: str = ""
    # Whether it can be attached to a customer although charges fail.
    attaches: bool = True
    # The bank asks the owner at every charge, or unless it was set up for later use.
    always_asks: bool = False
    asks_until_set_up: bool = False
    # A charge is disputed at once.
    disputed: bool = False
    # A refund fails after it was taken.
    refund_fails: bool = False


def _declined(code: str, last4: str) -> Card:
    return Card(last4=last4, declines=code, attaches=False)


CARDS = {
    "pm_card_visa": Card(),
    "pm_card_mastercard": Card("mastercard", "4444"),
    "pm_card_amex": Card("amex", "0005"),
    "pm_card_chargeDeclined": _declined("generic_decline", "0002"),
    "pm_card_chargeDeclinedInsufficientFunds": _declined("insufficient_funds", "9995"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": _declined("insufficient_funds", "9995"),
    "pm_card_chargeDeclinedLostCard": _declined("lost_card", "9987"),
    "pm_card_chargeDeclinedStolenCard": _declined("stolen_card", "9979"),
    "pm_card_chargeDeclinedExpiredCard": _declined("expired_card", "0069"),
    "pm_card_chargeDeclinedProcessingError": _declined("processing_error", "0119"),
    "pm_card_chargeCustomerFail": Card(last4="0341", declines="generic_decline"),
    "pm_card_authenticationRequired": Card(last4="3184", always_asks=True),
    "pm_card_authenticationRequiredOnSetup": Card(last4="3155", asks_until_set_up=True),
    "pm_card_threeDSecure2Required": Card(last4="3220", asks_until_set_up=True),
    "pm_card_createDispute": Card(last4="0259", disputed=True),
    "pm_card_refundFail": Card(last4="5126", refund_fails=True),
}
