"""Invoices, their lines, the actions on them, their documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from services.kit.db import Reader, Row
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork
from services.payment.app.invoice_stores import Billable, Document, InvoiceActionRow, Undone
from services.payment.domain.cycles import Cycle
from services.payment.domain.invoices import (
    Amounts,
    Billed,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    Party,
)
from services.payment.domain.vat import Treatment, VatCategory
from services.payment.store import invoice_sql as sql


class InvoiceTables:
    """`invoices`, `invoice_lines`, `invoice_actions`, `invoice_documents`. They only grow."""

    async def billable(self, reader: Reader, before: datetime, limit: int) -> list[Billable]:
        """Return companies with unbilled actions that were debited before `before`."""
        rows = await reader.fetch(sql.BILLABLE, before=before, size=limit)
        return [Billable(row["company_id"], row["since"]) for row in rows]

    async def billed_until(self, work: UnitOfWork, company_id: str) -> datetime | None:
        """Return the end of the last month that was billed."""
        row = await work.fetch_one(sql.BILLED_UNTIL, company_id=company_id)
        until: datetime | None = row["until"] if row else None
        return until

    async def group(self, work: UnitOfWork, company_id: str, end: datetime) -> list[Billed]:
        """Return a company's unbilled actions up to `end`, by job and type."""
        rows = await work.fetch(sql.GROUP, company_id=company_id, end=end)
        return [
            Billed(
                job_id=row["job_id"],
                title=row["title"],
                action_type=row["type"],
                quantity=row["quantity"],
                amount=row["amount"],
                prepaid=row["amount"] if row["prepaid"] else 0,
            )
            for row in rows
        ]

    async def carried(self, work: UnitOfWork, company_id: str) -> int:
        """Return what the last invoice left below a cent, in micro-euros."""
        row = await work.fetch_one(sql.CARRIED, company_id=company_id)
        return int(row["carried_out"]) if row else 0

    async def next_number(self, work: UnitOfWork, series: str) -> int:
        """Count on in a series. Its row is locked until the commit, so that no number is lost."""
        row = await work.fetch_one(sql.NUMBER, series=series)
        if row is None:
            raise RuntimeError("a counter counts")
        return int(row["last"])

    async def add(self, work: UnitOfWork, invoice: Invoice) -> None:
        """Write an invoice with its lines."""
        await work.execute(
            sql.ADD,
            id=invoice.id,
            company_id=invoice.company_id,
            number=invoice.number,
            kind=invoice.kind.value,
            corrects=invoice.corrects or None,
            reason=invoice.reason,
            starts=invoice.cycle.start,
            ends=invoice.cycle.end,
            issued_at=invoice.issued_at,
            category=invoice.vat.category.value,
            rate=invoice.vat.basis_points,
            carried_in=invoice.carried_in,
            carried_out=invoice.carried_out,
            seller=asdict(invoice.seller),
            buyer=asdict(invoice.buyer),
            **asdict(invoice.amounts),
        )
        lines = [{**asdict(line), "job_id": line.job_id or None} for line in invoice.lines]
        await work.execute_many(
            sql.ADD_LINE, [{**line, "invoice_id": invoice.id} for line in lines]
        )

    async def bind(self, work: UnitOfWork, invoice: Invoice, end: datetime) -> int:
        """Put the actions that `group` counted on the invoice's lines; return how many."""
        return await work.execute(
            sql.BIND, invoice_id=invoice.id, company_id=invoice.company_id, end=end
        )

    async def find(
        self, reader: Reader | UnitOfWork, invoice_id: str, company_id: str | None
    ) -> Invoice | None:
        """Return an invoice with its lines; of this company, when one is named."""
        row = await reader.fetch_one(sql.FIND, id=invoice_id, company_id=company_id)
        if row is None:
            return None
        return _invoice(row, await reader.fetch(sql.LINES, id=invoice_id))

    async def lock(self, work: UnitOfWork, invoice_id: str) -> None:
        """Let nobody else credit an invoice before this unit ends."""
        await work.fetch(sql.LOCK, id=invoice_id)

    async def credited(self, work: UnitOfWork, invoice_id: str) -> int:
        """Return how much of an invoice is credited, in cents."""
        row = await work.fetch_one(sql.CREDITED, id=invoice_id)
        return int(row["cents"]) if row else 0

    async def undone(self, reader: Reader, limit: int) -> list[Undone]:
        """Return billed fees that were taken back and are not credited yet."""
        rows = await reader.fetch(sql.UNDONE, size=limit)
        return [Undone(row["action_id"], row["invoice_id"], row["amount"]) for row in rows]

    async def bind_credit(self, work: UnitOfWork, action_id: str, credit_note_id: str) -> bool:
        """Put a billed action on a credit note; return False when it stands on one."""
        return bool(
            await work.execute(sql.BIND_CREDIT, action_id=action_id, note_id=credit_note_id)
        )

    async def list_invoices(self, reader: Reader, company_id: str, page: Page) -> Listing[Invoice]:
        """List a company's invoices without lines, newest first, keyed by id."""
        rows = await reader.fetch(
            sql.LIST,
            company_id=company_id,
            before=page.after[0] if page.after else None,
            size=page.fetch,
            skip=page.skip,
        )
        return Listing([_invoice(row, ()) for row in rows if row["id"]], rows[0]["list_size"])

    async def list_actions(
        self, reader: Reader, invoice_id: str, page: Page
    ) -> Listing[InvoiceActionRow]:
        """List the actions on an invoice, oldest first, keyed by id."""
        rows = await reader.fetch(
            sql.ACTIONS,
            id=invoice_id,
            invoice=invoice_id,
            after=page.after[0] if page.after else None,
            size=page.fetch,
        )
        found = [
            InvoiceActionRow(
                action_id=row["id"],
                application_id=row["application_id"],
                job_id=row["job_id"],
                type=row["type"],
                amount=row["amount"],
                receipt_id=row["receipt_id"],
                charged_at=row["processed_at"],
            )
            for row in rows
            if row["id"]
        ]
        return Listing(found, rows[0]["list_size"])

    async def recruiters(self, work: UnitOfWork, invoice_id: str) -> Sequence[str]:
        """Return who created the jobs on an invoice, at most 20."""
        return [row["user_id"] for row in await work.fetch(sql.RECRUITERS, id=invoice_id)]

    async def document(self, reader: Reader | UnitOfWork, invoice_id: str) -> Document | None:
        """Return an invoice's documents when they were made before."""
        row = await reader.fetch_one(sql.DOCUMENT, id=invoice_id)
        return Document(bytes(row["pdf"]), bytes(row["xml"])) if row else None

    async def keep(
        self, work: UnitOfWork, invoice_id: str, document: Document, now: datetime
    ) -> None:
        """Keep an invoice's documents, unless some are kept."""
        await work.execute(sql.KEEP, id=invoice_id, pdf=document.pdf, xml=document.xml, now=now)


def _invoice(row: Row, lines: Sequence[Row]) -> Invoice:
    return Invoice(
        id=row["id"],
        company_id=row["company_id"],
        number=row["number"],
        kind=InvoiceKind(row["kind"]),
        cycle=Cycle(row["cycle_starts_at"], row["cycle_ends_at"]),
        issued_at=row["issued_at"],
        amounts=Amounts(row["gross"], row["net"], row["vat"], row["rounding"], row["paid"]),
        vat=Treatment(VatCategory(row["vat_category"]), row["vat_rate"]),
        seller=Party(**row["seller"]),
        buyer=Party(**row["buyer"]),
        lines=tuple(_line(line) for line in lines),
        carried_in=row["carried_in"],
        carried_out=row["carried_out"],
        corrects=row["corrects"] or "",
        corrects_number=row["corrects_number"],
        reason=row["reason"],
    )


def _line(row: Row) -> InvoiceLine:
    return InvoiceLine(
        position=row["position"],
        job_id=row["job_id"] or "",
        title=row["title"],
        action_type=row["action_type"],
        quantity=row["quantity"],
        amount=row["amount"],
        net=row["net"],
    )
