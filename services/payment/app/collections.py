"""Takes money from companies by card: what the rest of the service asks for.

A use case hands a `ChargeOrder` to `Collections.charge` and reads the `Outcome`.
What the money is for is settled by the `Settlement` of its purpose, inside the
unit of work that marks the charge as paid: exactly once, whoever finishes the
charge (the call itself, the provider's webhook, the minute job).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from services.kit.work import UnitOfWork
from services.payment.domain.charges import Charge, ChargeOrder, ChargeStatus, Purpose, Refund

__all__ = [
    "Charge",
    "ChargeOrder",
    "ChargeStatus",
    "Collections",
    "Outcome",
    "Purpose",
    "Refund",
    "Settlement",
]


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

        The posting's `reference` is `charge.intent_id`. Raising leaves the
        charge as it was; it is tried again each minute.
        """

    async def unpaid(self, work: UnitOfWork, charge: Charge) -> None:
        """React to a charge that has become DECLINED or REQUIRES_ACTION; once for each."""

    async def take_back(self, work: UnitOfWork, charge: Charge, amount: int) -> str:
        """Prepare a refund: take `amount` out of what the charge paid for.

        Returns the account from which the ledger takes it (the caller posts;
        a budget's row is changed here). Raises BalanceTooLow when it is spent.
        """

    async def give_again(self, work: UnitOfWork, charge: Charge, amount: int, source: str) -> str:
        """A refund failed: undo `take_back`, which had named `source`.

        Returns the account to which the ledger gives it (the caller posts).
        """
