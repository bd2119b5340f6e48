"""Invoices: what a company is billed for a month, and credit notes. Amounts in cents.

Fees include the tax: what an action costs is what the budget loses, wherever
the buyer is. The invoice says how much of it is tax.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.kit.errors import InvalidFields
from services.payment.domain.cycles import PARIS, Cycle
from services.payment.domain.fees import MICROS_PER_CENT
from services.payment.domain.vat import (
    Treatment,
    allocate,
    siren_fits,
    split,
    treatment,
    vat_id_fits,
)


class InvoiceKind(StrEnum):
    """Whether it bills or takes back."""

    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"


@dataclass(frozen=True, slots=True)
class Party:
    """Who bills or is billed."""

    legal_name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    # ISO 3166-1 alpha-2.
    country: str = "FR"
    vat_id: str = ""
    siren: str = ""

    def check(self) -> None:
        """Raise InvalidFields, naming the fields of the request, for numbers that are wrong."""
        wrong = []
        if self.vat_id and not vat_id_fits(self.country, self.vat_id):
            wrong.append(("profile.vat_id", "must be a VAT number of the country"))
        if self.siren and not siren_fits(self.siren):
            wrong.append(("profile.siren", "must be a SIREN with its check digit"))
        if wrong:
            raise InvalidFields(wrong)


@dataclass(frozen=True, slots=True)
class Billed:
    """The debited actions of one type on one job. The amount in micro-euros."""

    job_id: str
    title: str
    action_type: str
    quantity: int
    amount: int
    # Of the amount, what a prepaid budget has paid already.
    prepaid: int


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line. `amount` in micro-euros, taxes included; `net` in cents."""

    position: int
    # Empty on a credit note.
    job_id: str
    title: str
    action_type: str
    quantity: int
    amount: int
    net: int


@dataclass(frozen=True, slots=True)
class Amounts:
    """The totals, in cents: net + vat + rounding = gross."""

    gross: int
    net: int
    vat: int
    rounding: int
    # Paid before; the rest is collected by card.
    paid: int

    @property
    def due(self) -> int:
        """What is collected by card."""
        return self.gross - self.paid


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice or a credit note; never changed once issued."""

    id: str
    company_id: str
    number: str
    kind: InvoiceKind
    cycle: Cycle
    issued_at: datetime
    amounts: Amounts
    vat: Treatment
    seller: Party
    buyer: Party
    lines: tuple[InvoiceLine, ...] = ()
    # Micro-euros below a cent: of the invoice before, and left for the next.
    carried_in: int = 0
    carried_out: int = 0
    # Of a credit note: the invoice, its number, and why.
    corrects: str = ""
    corrects_number: str = ""
    reason: str = ""


def series(issued_at: datetime) -> str:
    """Return the series of an invoice: numbers start anew with each year, in Paris."""
    return f"WN-{issued_at.astimezone(PARIS).year}"


def numbered(invoice: Invoice, name: str, number: int) -> Invoice:
    """Give an invoice its number in a series."""
    return replace(invoice, number=f"{name}-{number:06d}")


def bill(
    *,
    invoice_id: str,
    company_id: str,
    cycle: Cycle,
    issued_at: datetime,
    seller: Party,
    buyer: Party,
    billed: Sequence[Billed],
    carried_in: int,
) -> Invoice | None:
    """Return the invoice of a month, without its number; None while it is below a cent.

    The total is whole cents; what is below one is carried to the next invoice.
    """
    micros = sum(item.amount for item in billed) + carried_in
    gross, carried_out = divmod(micros, MICROS_PER_CENT)
    if gross <= 0:
        return None
    # Fees are billed when their month is over: the tax is that of its last day.
    applies = treatment(buyer.country, buyer.vat_id, cycle.end.astimezone(PARIS).date())
    net, tax, rounding = split(gross, applies.basis_points)
    paid = min(sum(item.prepaid for item in billed) // MICROS_PER_CENT, gross)
    if all(item.prepaid == item.amount for item in billed):
        paid = gross
    nets = allocate(net, [item.amount for item in billed])
    return Invoice(
        id=invoice_id,
        company_id=company_id,
        number="",
        kind=InvoiceKind.INVOICE,
        cycle=cycle,
        issued_at=issued_at,
        amounts=Amounts(gross, net, tax, rounding, paid),
        vat=applies,
        seller=seller,
        buyer=buyer,
        lines=tuple(_line(at, item, nets[at]) for at, item in enumerate(billed)),
        carried_in=carried_in,
        carried_out=carried_out,
    )


def credit(
    original: Invoice, *, credit_id: str, amount: int, reason: str, issued_at: datetime
) -> Invoice:
    """Return a credit note over `amount` cents of an invoice, without its number.

    The tax is taken back at the rate at which it was billed, to the same buyer.
    """
    net, tax, rounding = split(amount, original.vat.basis_points)
    line = InvoiceLine(1, "", reason, "", 1, amount * MICROS_PER_CENT, net)
    return replace(
        original,
        id=credit_id,
        number="",
        kind=InvoiceKind.CREDIT_NOTE,
        issued_at=issued_at,
        amounts=Amounts(amount, net, tax, rounding, amount),
        lines=(line,),
        carried_in=0,
        carried_out=0,
        corrects=original.id,
        corrects_number=original.number,
        reason=reason,
    )


def _line(at: int, item: Billed, net: int) -> InvoiceLine:
    return InvoiceLine(
        at + 1, item.job_id, item.title, item.action_type, item.quantity, item.amount, net
    )
