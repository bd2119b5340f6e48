"""Takes money from companies by card: what the rest of the service asks for.

A use case hands a `ChargeOrder` to `Collections.charge` and reads the `Outcome`.
What the money is for is settled by the `Settlement` of its purpose, inside the
unit of work that marks the charge as paid: exactly once, whoever finishes the
charge (the call itself, the provider's webhook, the minute job).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from services.kit.work import UnitOfWork


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
    """Where a charge is. SUCCEEDED and DECLINED are final; a refund is counted apart."""

    # Written down, with its idempotency key; nobody knows yet what the provider did.
    PENDING = "PENDING"
    # The provider has it and has not decided.
    PROCESSING = "PROCESSING"
    # The bank wants the card's owner to confirm, on `link`.
    REQUIRES_ACTION = "REQUIRES_ACTION"
    SUCCEEDED = "SUCCEEDED"
    DECLINED = "DECLINED"


@dataclass(frozen=True, slots=True)
class ChargeOrder:
    """A wish to charge a company's card, off session."""

    # The natural key: the same key is the same charge, however often and from wherever it is
    # asked for. "fund:<request id>", "cycle:<job>:<first day>", "topup:<job>:<budget version>".
    key: str
    company_id: str
    # Micro-euros, whole cents, at least 0.50 EUR.
    amount: int
    purpose: Purpose
    # The budget that it is for; empty for a wallet.
    job_id: str = ""
    # The provider's id of the payment method; the company's default one when empty.
    payment_method: str = ""
    # What `Settlement` needs to know again later: a cycle's id, an invoice's.
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge as it is written down. Amounts in micro-euros."""

    id: str
    order: ChargeOrder
    status: ChargeStatus
    # The provider's PaymentIntent; empty until the provider has answered.
    intent_id: str = ""
    # The provider's decline code; empty unless DECLINED.
    decline_code: str = ""
    # Where the card's owner confirms; empty unless REQUIRES_ACTION.
    link: str = ""
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a wish to charge."""

    charge_id: str
    status: ChargeStatus
    link: str = ""
    decline_code: str = ""

    @property
    def paid(self) -> bool:
        """Whether the money is there and settled."""
        return self.status is ChargeStatus.SUCCEEDED


class Collections(Protocol):
    """Charges companies."""

    async def charge(self, order: ChargeOrder) -> Outcome:
        """Charge, and settle when the provider took it.

        The attempt is committed before the provider is called, in a unit of its
        own; no transaction of this service is open during the call. The same key
        answers with what became of the first. A provider that does not answer
        makes the outcome PENDING or PROCESSING: the webhook or the minute job
        finish it, so that nothing has to be asked again.

        Raises RequestIdReused when the key belongs to another order,
        PaymentMethodMissing without a method of this company, AmountInvalid.
        """

    async def find(self, key: str) -> Outcome | None:
        """Return what became of the charge under `key`; None when there is none."""


class Settlement(Protocol):
    """What a purpose does with its charges. One is registered for each purpose in main.py."""

    async def settle(self, work: UnitOfWork, charge: Charge) -> None:
        """Post the money and tell of it, in the unit that makes the charge SUCCEEDED. Once.

        Raising leaves the charge as it was; it is tried again each minute.
        """

    async def unpaid(self, work: UnitOfWork, charge: Charge) -> None:
        """React to a charge that has become DECLINED or REQUIRES_ACTION; once for each."""
