"""What invoices want from the stores and from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.kit.db import Reader
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork
from services.payment.domain.invoices import Billed, Invoice, Party


@dataclass(frozen=True, slots=True)
class Billable:
    """A company with debited actions that stand on no invoice."""

    company_id: str
    # When the oldest of them was debited.
    since: datetime


@dataclass(frozen=True, slots=True)
class Undone:
    """A billed fee that was taken back in the ledger, in micro-euros."""

    action_id: str
    invoice_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class InvoiceActionRow:
    """An action that an invoice bills. The amount in micro-euros."""

    action_id: str
    application_id: str
    job_id: str
    type: str
    amount: int
    receipt_id: str
    charged_at: datetime


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice as it is handed out."""

    pdf: bytes
    xml: bytes


class InvoiceStore(Protocol):
    """Invoices, their lines, the actions on them, their documents. Append-only."""

    async def billable(self, reader: Reader, before: datetime, limit: int) -> list[Billable]:
        """Return companies with unbilled actions that were debited before `before`."""

    async def billed_until(self, work: UnitOfWork, company_id: str) -> datetime | None:
        """Return the end of the last month that was billed."""

    async def group(self, work: UnitOfWork, company_id: str, end: datetime) -> list[Billed]:
        """Return a company's unbilled actions up to `end`, by job and type.

        Fees that were taken back are left out.
        """

    async def carried(self, work: UnitOfWork, company_id: str) -> int:
        """Return what the last invoice left below a cent, in micro-euros."""

    async def next_number(self, work: UnitOfWork, series: str) -> int:
        """Count on in a series. Its row is locked until the commit, so that no number is lost."""

    async def add(self, work: UnitOfWork, invoice: Invoice) -> None:
        """Write an invoice with its lines."""

    async def bind(self, work: UnitOfWork, invoice: Invoice, end: datetime) -> int:
        """Put the actions that `group` counted on the invoice's lines; return how many."""

    async def find(
        self, reader: Reader | UnitOfWork, invoice_id: str, company_id: str | None
    ) -> Invoice | None:
        """Return an invoice with its lines; of this company, when one is named."""

    async def lock(self, work: UnitOfWork, invoice_id: str) -> None:
        """Let nobody else credit an invoice before this unit ends."""

    async def credited(self, work: UnitOfWork, invoice_id: str) -> int:
        """Return how much of an invoice is credited, in cents."""

    async def undone(self, reader: Reader, limit: int) -> list[Undone]:
        """Return billed fees that were taken back and are not credited yet."""

    async def bind_credit(self, work: UnitOfWork, action_id: str, credit_note_id: str) -> bool:
        """Put a billed action on a credit note; return False when it stands on one."""

    async def list_invoices(self, reader: Reader, company_id: str, page: Page) -> Listing[Invoice]:
        """List a company's invoices without lines, newest first, keyed by id."""

    async def list_actions(
        self, reader: Reader, invoice_id: str, page: Page
    ) -> Listing[InvoiceActionRow]:
        """List the actions on an invoice, oldest first, keyed by id."""

    async def recruiters(self, work: UnitOfWork, invoice_id: str) -> Sequence[str]:
        """Return who created the jobs on an invoice, at most 20."""

    async def document(self, reader: Reader | UnitOfWork, invoice_id: str) -> Document | None:
        """Return an invoice's documents when they were made before."""

    async def keep(
        self, work: UnitOfWork, invoice_id: str, document: Document, now: datetime
    ) -> None:
        """Keep an invoice's documents, unless some are kept."""


class ProfileStore(Protocol):
    """Whom a company's invoices are addressed to."""

    async def find(self, reader: Reader | UnitOfWork, company_id: str) -> tuple[Party, int]:
        """Return the address and its version: 0 for one that is made of what auth told."""

    async def save(
        self, work: UnitOfWork, company_id: str, party: Party, version: int | None, now: datetime
    ) -> int:
        """Write an address over `version`, None over any; return the new version.

        Raises VersionConflict.
        """

    async def company(self, work: UnitOfWork, company_id: str, name: str, city: str) -> None:
        """Keep what auth tells of a company."""


class Printer(Protocol):
    """Makes the documents of an invoice."""

    def print(self, invoice: Invoice, actions: Sequence[InvoiceActionRow]) -> Document:
        """Return the PDF and the XML. Takes a while: not to be run on the event loop."""
