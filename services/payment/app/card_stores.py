"""What the use cases about cards want from the stores. `store` holds the implementations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.kit.db import Reader
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork
from services.payment.domain.charges import Attempt, Dispute, Refund


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A card of a company, good for charges without anybody being there."""

    id: str
    company_id: str
    # The provider's id.
    method_id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    default: bool
    setup_id: str
    # The provider's mandate, and who accepted which text when.
    mandate_id: str
    terms: str
    accepted_by: str
    accepted_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Movement:
    """A posting on the processor's account in the ledger, in micro-euros."""

    key: str
    # The provider's id of what it stands for.
    reference: str
    amount: int
    posted_at: datetime


class MethodStore(Protocol):
    """Customers and their payment methods."""

    async def customer(self, work: UnitOfWork, company_id: str) -> str:
        """Return the provider's customer of a company; empty when there is none."""

    async def keep_customer(
        self, work: UnitOfWork, company_id: str, customer_id: str, now: datetime
    ) -> str:
        """Keep a new customer; return the one that stands: the first."""

    async def add(self, work: UnitOfWork, method: PaymentMethod) -> bool:
        """Write a method down; return False when it is there already.

        The first method of a company is its default.
        """

    async def listed(self, reader: Reader | UnitOfWork, company_id: str) -> list[PaymentMethod]:
        """Return the company's methods, newest first."""

    async def make_default(self, work: UnitOfWork, company_id: str, method_id: str) -> None:
        """Make one of the company's methods the default; `method_id` is ours."""

    async def detach(self, work: UnitOfWork, provider_id: str, now: datetime) -> str | None:
        """Take a method out of use; return whose it was, None when it is out already.

        When it was the default, the newest one left becomes it.
        """


class ChargeStore(Protocol):
    """Charges."""

    async def add(self, work: UnitOfWork, attempt: Attempt) -> Attempt | None:
        """Write a new charge down; return the one that has its key already."""

    async def by_key(self, work: UnitOfWork, key: str) -> Attempt | None:
        """Return the charge under a key."""

    async def find(self, reader: Reader | UnitOfWork, charge_id: str) -> Attempt | None:
        """Return a charge."""

    async def by_intent(self, work: UnitOfWork, intent_id: str) -> Attempt | None:
        """Return the charge behind a PaymentIntent."""

    async def lock(self, work: UnitOfWork, charge_id: str) -> Attempt | None:
        """Return a charge; nobody else changes it before this unit ends."""

    async def save(self, work: UnitOfWork, attempt: Attempt, now: datetime) -> None:
        """Write a locked charge over itself."""

    async def claim(
        self, work: UnitOfWork, now: datetime, until: datetime, limit: int
    ) -> list[Attempt]:
        """Take what is due for this runner alone until `until`, longest due first."""

    async def note_pause(self, work: UnitOfWork, charge_id: str, paused: bool) -> None:
        """Note whether the budget waits for the charge."""

    async def pauses(self, work: UnitOfWork, charge_id: str) -> bool:
        """Whether the budget waits for the charge."""

    async def list_charges(self, reader: Reader, company_id: str, page: Page) -> Listing[Attempt]:
        """List a company's charges, newest first, keyed by id."""


class RefundStore(Protocol):
    """Refunds and disputes of charges."""

    async def add_refund(self, work: UnitOfWork, refund: Refund, next_try: datetime) -> None:
        """Write a new refund down."""

    async def find(self, work: UnitOfWork, refund_id: str, provider_id: str) -> Refund | None:
        """Return the refund with our id or the processor's; empty ids name none."""

    async def lock(self, work: UnitOfWork, refund_id: str) -> Refund | None:
        """Return a refund; nobody else changes it before this unit ends. Lock its charge first."""

    async def save_refund(self, work: UnitOfWork, refund: Refund, next_try: datetime) -> None:
        """Write a refund over itself."""

    async def claim_refunds(
        self, work: UnitOfWork, now: datetime, until: datetime, limit: int
    ) -> list[Refund]:
        """Take refunds that are due for this runner alone until `until`."""

    async def refunds_of(self, reader: Reader | UnitOfWork, charge_id: str) -> list[Refund]:
        """Return the refunds of a charge, oldest first."""

    async def dispute(self, work: UnitOfWork, dispute_id: str) -> Dispute | None:
        """Return a dispute, locked."""

    async def put_dispute(self, work: UnitOfWork, dispute: Dispute) -> None:
        """Write a dispute, new or over itself."""

    async def list_disputes(self, reader: Reader, page: Page) -> Listing[Dispute]:
        """List disputes, newest first, keyed by (opened_at, id)."""


class ProviderInbox(Protocol):
    """Events of the provider that were handled."""

    async def seen(self, work: UnitOfWork, event_id: str) -> bool:
        """Whether an event was handled."""

    async def note(self, work: UnitOfWork, event_id: str, kind: str, now: datetime) -> bool:
        """Note an event as handled; return False when it was noted before."""

    async def forget(self, work: UnitOfWork, before: datetime) -> None:
        """Drop what is older than the provider ever sends again."""


class Reconciled(Protocol):
    """What a reconciliation reads of our side."""

    async def movements(self, reader: Reader, since: datetime) -> Sequence[Movement]:
        """Return the postings on the processor's account since then."""

    async def balance(self, reader: Reader) -> int:
        """Return the sum of all postings on the processor's account."""

    async def open_charges(self, reader: Reader) -> dict[str, str]:
        """Return intent or charge id -> status of charges and refunds without an end."""

    async def untold(self, reader: Reader, before: datetime) -> Sequence[tuple[str, str]]:
        """Return (event id, type) of events about money that wait in the outbox for too long."""
