"""InvoiceService: protobuf in, protobuf out."""

from __future__ import annotations

from typing import Any

from google.type.money_pb2 import Money
from weneeds.payment.v1 import invoice_pb2
from weneeds.payment.v1 import invoice_service_pb2 as pb
from weneeds.payment.v1.invoice_service_pb2_grpc import InvoiceServiceServicer

from services.kit.money import to_money
from services.kit.paging import Page
from services.kit.times import to_timestamp
from services.payment.app.invoice_stores import InvoiceActionRow
from services.payment.app.invoices import Invoices, Profiles
from services.payment.app.messages import type_number
from services.payment.domain.fees import MICROS_PER_CENT
from services.payment.domain.invoices import Invoice, InvoiceLine, Party
from services.payment.domain.vat import VatCategory
from services.payment.rpc.shapes import version_of

_ACTIONS_PAGE = 50
_KIND = "INVOICE_KIND_"
_NO_TYPE = "UNSPECIFIED"
_CATEGORIES = {
    VatCategory.STANDARD: invoice_pb2.VAT_CATEGORY_STANDARD,
    VatCategory.REVERSE_CHARGE: invoice_pb2.VAT_CATEGORY_REVERSE_CHARGE,
    VatCategory.OUTSIDE: invoice_pb2.VAT_CATEGORY_OUTSIDE,
}


class InvoiceRpc(InvoiceServiceServicer):
    """Invoices of a company."""

    def __init__(self, invoices: Invoices, profiles: Profiles) -> None:
        self._invoices = invoices
        self._profiles = profiles

    async def ListInvoices(
        self, request: pb.ListInvoicesRequest, context: Any
    ) -> pb.ListInvoicesResponse:
        """List a company's invoices."""
        page = Page.of(request, keys=(str,))
        listed = await self._invoices.listed(request.company_id, page)
        shown = listed.rows[: page.size]
        return pb.ListInvoicesResponse(
            invoices=[_invoice(row) for row in shown],
            next_page_token=page.next_token(listed.rows, [shown[-1].id]) if shown else "",
            total_size=listed.total,
        )

    async def GetInvoice(
        self, request: pb.GetInvoiceRequest, context: Any
    ) -> pb.GetInvoiceResponse:
        """Read an invoice."""
        found = await self._invoices.get(request.company_id, request.invoice_id)
        return pb.GetInvoiceResponse(invoice=_invoice(found))

    async def GetUpcomingInvoice(
        self, request: pb.GetUpcomingInvoiceRequest, context: Any
    ) -> pb.GetUpcomingInvoiceResponse:
        """Show what the next invoice would bill now."""
        upcoming = await self._invoices.upcoming(request.company_id)
        if upcoming is None:
            empty = invoice_pb2.Invoice(company_id=request.company_id)
            return pb.GetUpcomingInvoiceResponse(invoice=empty)
        shown = _invoice(upcoming)
        shown.ClearField("issued_at")
        return pb.GetUpcomingInvoiceResponse(invoice=shown)

    async def ListInvoiceActions(
        self, request: pb.ListInvoiceActionsRequest, context: Any
    ) -> pb.ListInvoiceActionsResponse:
        """List the actions that an invoice bills."""
        page = Page.of(request, default=_ACTIONS_PAGE, keys=(str,))
        listed = await self._invoices.actions(request.company_id, request.invoice_id, page)
        shown = listed.rows[: page.size]
        return pb.ListInvoiceActionsResponse(
            actions=[_action(row) for row in shown],
            next_page_token=page.next_token(listed.rows, [shown[-1].action_id]) if shown else "",
            total_size=listed.total,
        )

    async def DownloadInvoice(
        self, request: pb.DownloadInvoiceRequest, context: Any
    ) -> pb.DownloadInvoiceResponse:
        """Download an invoice."""
        invoice, document = await self._invoices.download(request.company_id, request.invoice_id)
        if request.format == invoice_pb2.INVOICE_FORMAT_XML:
            return pb.DownloadInvoiceResponse(
                file_name=f"{invoice.number}.xml",
                content_type="application/xml",
                content=document.xml,
            )
        return pb.DownloadInvoiceResponse(
            file_name=f"{invoice.number}.pdf",
            content_type="application/pdf",
            content=document.pdf,
        )

    async def GetBillingProfile(
        self, request: pb.GetBillingProfileRequest, context: Any
    ) -> pb.GetBillingProfileResponse:
        """Read whom the company's invoices are addressed to."""
        party, version = await self._profiles.get(request.company_id)
        return pb.GetBillingProfileResponse(profile=_profile(party), etag=str(version))

    async def UpdateBillingProfile(
        self, request: pb.UpdateBillingProfileRequest, context: Any
    ) -> pb.UpdateBillingProfileResponse:
        """Say whom the company's invoices are addressed to."""
        profile = request.profile
        wanted = Party(
            legal_name=profile.legal_name,
            street=profile.street,
            postal_code=profile.postal_code,
            city=profile.city,
            country=profile.country,
            vat_id=profile.vat_id,
            siren=profile.siren,
        )
        party, version = await self._profiles.update(
            request.company_id, wanted, version_of(request.etag)
        )
        return pb.UpdateBillingProfileResponse(profile=_profile(party), etag=str(version))


def _invoice(invoice: Invoice) -> invoice_pb2.Invoice:
    amounts = invoice.amounts
    return invoice_pb2.Invoice(
        id=invoice.id,
        company_id=invoice.company_id,
        number=invoice.number,
        kind=invoice_pb2.InvoiceKind.Value(f"{_KIND}{invoice.kind.value}"),
        corrects_invoice_id=invoice.corrects,
        cycle_starts_at=to_timestamp(invoice.cycle.start),
        cycle_ends_at=to_timestamp(invoice.cycle.end),
        issued_at=to_timestamp(invoice.issued_at),
        total=_cents(amounts.gross),
        net=_cents(amounts.net),
        vat=_cents(amounts.vat),
        rounding=_cents(amounts.rounding),
        paid=_cents(amounts.paid),
        vat_category=_CATEGORIES[invoice.vat.category],
        vat_rate_basis_points=invoice.vat.basis_points,
        lines=[_line(line) for line in invoice.lines],
        buyer=_profile(invoice.buyer),
        reason=invoice.reason,
    )


def _line(line: InvoiceLine) -> invoice_pb2.InvoiceLine:
    return invoice_pb2.InvoiceLine(
        position=line.position,
        job_id=line.job_id,
        title=line.title,
        type=type_number(line.action_type or _NO_TYPE),
        quantity=line.quantity,
        amount=to_money(line.amount),
        net=_cents(line.net),
    )


def _action(row: InvoiceActionRow) -> invoice_pb2.InvoiceAction:
    return invoice_pb2.InvoiceAction(
        action_id=row.action_id,
        application_id=row.application_id,
        job_id=row.job_id,
        type=type_number(row.type),
        amount=to_money(row.amount),
        receipt_id=row.receipt_id,
        charged_at=to_timestamp(row.charged_at),
    )


def _profile(party: Party) -> invoice_pb2.BillingProfile:
    return invoice_pb2.BillingProfile(
        legal_name=party.legal_name,
        street=party.street,
        postal_code=party.postal_code,
        city=party.city,
        country=party.country,
        vat_id=party.vat_id,
        siren=party.siren,
    )


def _cents(cents: int) -> Money:
    return to_money(cents * MICROS_PER_CENT)
