"""An invoice as a Cross Industry Invoice (UN/CEFACT D22B), profile EN 16931 of Factur-X 1.0.

The names in the comments are the business terms of EN 16931-1. Amounts are
euros with two decimals, written from integer cents.
"""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree as ET

from services.payment.domain.cycles import PARIS
from services.payment.domain.invoices import Invoice, InvoiceKind, InvoiceLine, Party
from services.payment.domain.vat import VatCategory
from services.payment.ports.wording import line_title

_SPACES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
_PROFILE = "urn:cen.eu:en16931:2017"
# UNTDID 1001 and 4461; UN/ECE recommendation 20; ISO 6523 for SIREN.
_TYPE_CODES = {InvoiceKind.INVOICE: "380", InvoiceKind.CREDIT_NOTE: "381"}
_CARD = "48"
_ONE = "C62"
_SIREN = "0002"
_DATE = "102"

for _prefix, _uri in _SPACES.items():
    ET.register_namespace(_prefix, _uri)


def render(invoice: Invoice) -> bytes:
    """Return the XML, in UTF-8."""
    root = ET.Element(_name("rsm:CrossIndustryInvoice"))
    context = _add(root, "rsm:ExchangedDocumentContext")
    guideline = _add(context, "ram:GuidelineSpecifiedDocumentContextParameter")
    _add(guideline, "ram:ID", _PROFILE)  # BT-24
    _document(_add(root, "rsm:ExchangedDocument"), invoice)
    deal = _add(root, "rsm:SupplyChainTradeTransaction")
    for line in invoice.lines:
        _line(_add(deal, "ram:IncludedSupplyChainTradeLineItem"), invoice, line)
    agreement = _add(deal, "ram:ApplicableHeaderTradeAgreement")
    _party(_add(agreement, "ram:SellerTradeParty"), invoice.seller, invoice)  # BG-4
    _party(_add(agreement, "ram:BuyerTradeParty"), invoice.buyer, invoice)  # BG-7
    _add(deal, "ram:ApplicableHeaderTradeDelivery")
    _settlement(_add(deal, "ram:ApplicableHeaderTradeSettlement"), invoice)
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _document(parent: ET.Element, invoice: Invoice) -> None:
    _add(parent, "ram:ID", invoice.number)  # BT-1
    _add(parent, "ram:TypeCode", _TYPE_CODES[invoice.kind])  # BT-3
    _moment(_add(parent, "ram:IssueDateTime"), invoice.issued_at)  # BT-2
    if invoice.reason:
        _add(_add(parent, "ram:IncludedNote"), "ram:Content", invoice.reason)  # BT-22


def _line(parent: ET.Element, invoice: Invoice, line: InvoiceLine) -> None:
    document = _add(parent, "ram:AssociatedDocumentLineDocument")
    _add(document, "ram:LineID", str(line.position))  # BT-126
    product = _add(parent, "ram:SpecifiedTradeProduct")
    _add(product, "ram:Name", line_title(line))  # BT-153
    agreement = _add(parent, "ram:SpecifiedLineTradeAgreement")
    price = _add(agreement, "ram:NetPriceProductTradePrice")
    # The fees of a line have prices of their own; the line is one lot of them.
    _add(price, "ram:ChargeAmount", _euros(line.net))  # BT-146
    delivery = _add(parent, "ram:SpecifiedLineTradeDelivery")
    _add(delivery, "ram:BilledQuantity", "1", unitCode=_ONE)  # BT-129
    settlement = _add(parent, "ram:SpecifiedLineTradeSettlement")
    tax = _add(settlement, "ram:ApplicableTradeTax")
    _add(tax, "ram:TypeCode", "VAT")
    _add(tax, "ram:CategoryCode", invoice.vat.category.value)  # BT-151
    _rate(tax, invoice)  # BT-152
    total = _add(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    _add(total, "ram:LineTotalAmount", _euros(line.net))  # BT-131


def _party(parent: ET.Element, party: Party, invoice: Invoice) -> None:
    _add(parent, "ram:Name", party.legal_name)  # BT-27, BT-44
    if party.siren:
        organisation = _add(parent, "ram:SpecifiedLegalOrganization")
        _add(organisation, "ram:ID", party.siren, schemeID=_SIREN)  # BT-30, BT-47
    address = _add(parent, "ram:PostalTradeAddress")
    for name, value in (
        ("ram:PostcodeCode", party.postal_code),
        ("ram:LineOne", party.street),
        ("ram:CityName", party.city),
        ("ram:CountryID", party.country),
    ):
        if value:
            _add(address, name, value)
    # Rule BR-O-2: who bills what is not taxed names no VAT number.
    if party.vat_id and invoice.vat.category is not VatCategory.OUTSIDE:
        registration = _add(parent, "ram:SpecifiedTaxRegistration")
        _add(registration, "ram:ID", party.vat_id, schemeID="VA")  # BT-31, BT-48


def _settlement(parent: ET.Element, invoice: Invoice) -> None:
    amounts = invoice.amounts
    _add(parent, "ram:InvoiceCurrencyCode", "EUR")  # BT-5
    means = _add(parent, "ram:SpecifiedTradeSettlementPaymentMeans")
    _add(means, "ram:TypeCode", _CARD)  # BT-81
    _tax(_add(parent, "ram:ApplicableTradeTax"), invoice)  # BG-23
    period = _add(parent, "ram:BillingSpecifiedPeriod")  # BG-14
    _moment(_add(period, "ram:StartDateTime"), invoice.cycle.start)
    # The last day of the month: the cycle's end is the first of the next one.
    last = invoice.cycle.end - datetime.resolution
    _moment(_add(period, "ram:EndDateTime"), last)
    terms = _add(parent, "ram:SpecifiedTradePaymentTerms")
    _moment(_add(terms, "ram:DueDateDateTime"), invoice.issued_at)  # BT-9
    total = _add(parent, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    _add(total, "ram:LineTotalAmount", _euros(amounts.net))  # BT-106
    _add(total, "ram:TaxBasisTotalAmount", _euros(amounts.net))  # BT-109
    _add(total, "ram:TaxTotalAmount", _euros(amounts.vat), currencyID="EUR")  # BT-110
    if amounts.rounding:
        _add(total, "ram:RoundingAmount", _euros(amounts.rounding))  # BT-114
    _add(total, "ram:GrandTotalAmount", _euros(amounts.net + amounts.vat))  # BT-112
    _add(total, "ram:TotalPrepaidAmount", _euros(amounts.paid))  # BT-113
    _add(total, "ram:DuePayableAmount", _euros(amounts.due))  # BT-115
    if invoice.corrects_number:
        reference = _add(parent, "ram:InvoiceReferencedDocument")
        _add(reference, "ram:IssuerAssignedID", invoice.corrects_number)  # BT-25


def _tax(parent: ET.Element, invoice: Invoice) -> None:
    _add(parent, "ram:CalculatedAmount", _euros(invoice.amounts.vat))  # BT-117
    _add(parent, "ram:TypeCode", "VAT")
    if invoice.vat.reason:
        _add(parent, "ram:ExemptionReason", invoice.vat.reason)  # BT-120
    _add(parent, "ram:BasisAmount", _euros(invoice.amounts.net))  # BT-116
    _add(parent, "ram:CategoryCode", invoice.vat.category.value)  # BT-118
    _rate(parent, invoice)  # BT-119


def _rate(parent: ET.Element, invoice: Invoice) -> None:
    # Rule BR-O-5: what is not taxed has no rate, not even 0.
    if invoice.vat.category is not VatCategory.OUTSIDE:
        _add(parent, "ram:RateApplicablePercent", _euros(invoice.vat.basis_points))


def _moment(parent: ET.Element, moment: datetime) -> None:
    day = moment.astimezone(PARIS).strftime("%Y%m%d")
    _add(parent, "udt:DateTimeString", day, format=_DATE)


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, _name(name), attributes)
    if text:
        child.text = text
    return child


def _name(name: str) -> str:
    prefix, local = name.split(":")
    return f"{{{_SPACES[prefix]}}}{local}"


def _euros(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
