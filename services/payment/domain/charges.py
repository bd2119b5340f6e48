"""Charges on cards, from the wish to the end. Amounts in micro-euros."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.payment.domain.ledger import fingerprint

# How long the owner of a card has to confirm.
ASKS_FOR = timedelta(hours=24)
# Idempotency keys live for at least a day at the provider. After this long nothing is created
# under an old one any more: the provider is asked what it has instead.
KEY_LIVES = timedelta(hours=20)
_FIRST_RETRY, _LAST_RETRY = timedelta(seconds=5), timedelta(minutes=30)
_MAX_DOUBLINGS = 12


class Purpose(StrEnum):
    """What a charge is for."""

    # A recruiter funds a job's budget (FundBudget).
    FUND_BUDGET = "FUND_BUDGET"
    # A budget that fell below its threshold tops itself up.
    TOP_UP = "TOP_UP"
    # What a company owes for a billing cycle, or since a threshold was passed.
    CYCLE = "CYCLE"
    # The company's wallet.
    WALLET = "WALLET"


class ChargeStatus(StrEnum):
    """Where a charge is. Refunds and disputes are counted apart."""

    # Written down, with its idempotency key; nobody knows yet what the provider did.
    PENDING = "PENDING"
    # The provider has it and has not decided.
    PROCESSING = "PROCESSING"
    # The bank wants the card's owner to confirm, on `link`.
    REQUIRES_ACTION = "REQUIRES_ACTION"
    # Final.
    SUCCEEDED = "SUCCEEDED"
    # Final, unless the provider took the money after all.
    DECLINED = "DECLINED"


class AmountDiffers(Exception):
    """The provider took another amount than was asked for. People have to look at it."""


@dataclass(frozen=True, slots=True)
class ChargeOrder:
    """A wish to charge a company's card, off session."""

    # The natural key: the same key is the same charge, however often and from wherever it is
    # asked for. "fund:<request id>", "cycle:<job>:<first day>", "topup:<job>:<budget version>".
    key: str
    company_id: str
    # Whole cents, at least 0.50 EUR.
    amount: int
    purpose: Purpose
    # The budget that it is for; empty for a wallet.
    job_id: str = ""
    # The provider's id of the payment method; the company's default one when empty.
    payment_method: str = ""
    # What `Settlement` needs to know again later: a cycle's id, an invoice's.
    reference: str = ""

    @property
    def request_hash(self) -> bytes:
        """Tell two orders under one key apart."""
        amount = str(self.amount)
        parts = (self.key, self.company_id, amount, self.purpose.value, self.job_id)
        return fingerprint(*parts, self.payment_method, self.reference)


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge as it is written down."""

    id: str
    order: ChargeOrder
    status: ChargeStatus
    # The provider's PaymentIntent; empty until the provider has answered.
    intent_id: str = ""
    # The provider's decline code; empty unless DECLINED.
    decline_code: str = ""
    # Where the card's owner confirms; empty unless REQUIRES_ACTION.
    link: str = ""
    # Given back, or on the way back.
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class News:
    """What the provider says of a charge's PaymentIntent."""

    status: ChargeStatus
    intent_id: str
    received: int = 0
    link: str = ""
    decline_code: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A charge with what it takes to bring it to its end."""

    charge: Charge
    customer_id: str
    method_id: str
    created_at: datetime
    next_try_at: datetime
    # Counts the idempotency keys: a new one only where the last request is known to have ended
    # without an object.
    generation: int = 0
    tries: int = 0

    @property
    def idempotency_key(self) -> str:
        """The key of the request that makes the PaymentIntent."""
        return f"{self.charge.id}:{self.generation}"

    @property
    def open(self) -> bool:
        """Whether its end is still to come."""
        return self.charge.status not in (ChargeStatus.SUCCEEDED, ChargeStatus.DECLINED)

    def learned(self, news: News) -> Attempt:
        """Take the provider's word. What succeeded stays so, whatever comes late.

        Raises AmountDiffers.
        """
        if self.charge.status is ChargeStatus.SUCCEEDED:
            return self
        if news.status is ChargeStatus.SUCCEEDED and news.received != self.charge.order.amount:
            raise AmountDiffers(f"{news.intent_id}: {news.received}")
        return replace(
            self,
            charge=replace(
                self.charge,
                status=news.status,
                intent_id=news.intent_id or self.charge.intent_id,
                link=news.link,
                decline_code=news.decline_code,
            ),
        )

    def later(self, now: datetime, *, new_key: bool = False) -> Attempt:
        """The end is not there yet: again later, under the same idempotency key or a new one."""
        wait = min(_FIRST_RETRY * 2 ** min(self.tries, _MAX_DOUBLINGS), _LAST_RETRY)
        return replace(
            self,
            tries=self.tries + 1,
            generation=self.generation + new_key,
            next_try_at=now + wait,
        )

    def key_is_good(self, now: datetime) -> bool:
        """Whether the provider still knows the idempotency key."""
        return now - self.created_at < KEY_LIVES

    def asked_too_long(self, now: datetime) -> bool:
        """Whether the owner of the card had time enough."""
        waits = self.charge.status is ChargeStatus.REQUIRES_ACTION
        return waits and now - self.created_at >= ASKS_FOR


class RefundStatus(StrEnum):
    """Where a refund is."""

    # Taken from what it was for; the provider has not said yes.
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    # The money is back where it was taken from.
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that goes back to a card."""

    id: str
    charge_id: str
    amount: int
    reason: str
    status: RefundStatus
    # The account that it was taken from.
    source: str
    created_at: datetime
    provider_id: str = ""
    failure: str = ""
    # As with charges: counts the idempotency keys.
    generation: int = 0
    tries: int = 0


class DisputeStatus(StrEnum):
    """Where a dispute is."""

    # The provider holds the money back.
    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


@dataclass(frozen=True, slots=True)
class Dispute:
    """The owner of a card wants the money back from the bank."""

    # The provider's id.
    id: str
    charge_id: str
    amount: int
    reason: str
    status: DisputeStatus
    opened_at: datetime
    closed_at: datetime | None = None
