"""What the use cases want from a card processor. `ports/stripe.py` implements it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.payment.domain.charges import DisputeStatus, News, RefundStatus


class Unclear(Exception):
    """Nobody knows what the processor did: no answer, or an error of its own.

    `ended`: the request has come to its end at the processor (its answer is
    kept there, and is an error), so that what it left can be looked up.
    """

    def __init__(self, why: str, *, ended: bool = False) -> None:
        super().__init__(why)
        self.ended = ended


class Rejected(Exception):
    """The processor refused the request itself, for good; nothing happened."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Intent:
    """A PaymentIntent. Amounts in micro-euros."""

    id: str
    # Our charge; empty when it is none of ours.
    charge_id: str
    news: News
    # The bank refused off session and would ask the owner: confirm it on session for a link.
    asks: bool
    amount: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Mandate:
    """The company's word that its card may be charged without anybody being there."""

    company_id: str
    user_id: str
    # Which text was accepted.
    terms: str
    # Where from: for the processor alone, kept nowhere here.
    address: str
    device: str


@dataclass(frozen=True, slots=True)
class Card:
    """A payment method of the processor."""

    id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int


@dataclass(frozen=True, slots=True)
class Setup:
    """A SetupIntent."""

    id: str
    # Whose it is, as written down when it was made; empty when it is none of ours.
    company_id: str
    user_id: str
    terms: str
    # When it was made: that is when the terms were accepted.
    created_at: datetime
    succeeded: bool
    # Absent until it succeeded.
    card: Card | None
    # Where the owner confirms; empty when nobody asks.
    link: str
    # For the browser of the owner.
    client_secret: str
    mandate_id: str


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """A refund at the processor."""

    id: str
    # Ours; empty when it was made by hand there.
    refund_id: str
    intent_id: str
    amount: int
    status: RefundStatus
    failure: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ProviderDispute:
    """A dispute at the processor."""

    id: str
    intent_id: str
    amount: int
    status: DisputeStatus
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """What a signed webhook says: only that something happened to an object."""

    id: str
    type: str
    object_id: str


class Processor(Protocol):
    """A card processor. Every call raises Unclear or Rejected."""

    # Whether it takes the names of test cards ("pm_card_visa"): never with live keys.
    takes_test_cards: bool

    async def create_customer(self, company_id: str, key: str) -> str:
        """Return the id of a new customer."""

    async def charge(
        self, *, customer: str, method: str, amount: int, charge_id: str, key: str
    ) -> Intent:
        """Charge off session. A card that says no is an answer, not an error."""

    async def ask_owner(self, intent_id: str, method: str, return_url: str, key: str) -> Intent:
        """Confirm on session, so that there is a link for the owner of the card."""

    async def cancel(self, intent_id: str) -> Intent:
        """End an intent that nobody confirmed."""

    async def intent(self, intent_id: str) -> Intent:
        """Read an intent."""

    async def look_up(self, customer: str, charge_id: str, since: datetime) -> Intent | None:
        """Search the customer's intents for the one of a charge of ours."""

    async def set_up(
        self, *, customer: str, method: str, mandate: Mandate, return_url: str, key: str
    ) -> Setup:
        """Make a card good for charges off session. Without a method the browser confirms."""

    async def setup(self, setup_id: str) -> Setup:
        """Read a SetupIntent."""

    async def detach(self, method_id: str) -> None:
        """Forget a payment method; done before is done."""

    async def refund(
        self, *, intent_id: str, amount: int, refund_id: str, key: str
    ) -> ProviderRefund:
        """Give back; the same key is the same refund."""

    async def refund_of(self, intent_id: str, refund_id: str) -> ProviderRefund | None:
        """Search the refunds of an intent for one of ours."""

    async def read_refund(self, provider_id: str) -> ProviderRefund:
        """Read a refund."""

    async def read_dispute(self, dispute_id: str) -> ProviderDispute:
        """Read a dispute."""

    def intents(self, since: datetime) -> AsyncIterator[Intent]:
        """All intents made since then."""

    def refunds(self, since: datetime) -> AsyncIterator[ProviderRefund]:
        """All refunds made since then."""

    def disputes(self, since: datetime) -> AsyncIterator[ProviderDispute]:
        """All disputes made since then."""

    def event(self, body: bytes, signature: str, now: datetime) -> WebhookEvent:
        """Check a webhook and read it. Raises WebhookInvalid."""
