"""Invoices as documents: the XML by the schema of the standard, the PDF with the XML in it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import facturx
import pytest
from pypdf import PdfReader

from services.payment.app.invoice_stores import InvoiceActionRow
from services.payment.domain.cycles import CALENDAR
from services.payment.domain.invoices import Billed, Invoice, Party, bill, credit, numbered
from services.payment.ports import cii
from services.payment.ports.facturx import FacturX

NOW = datetime(2026, 4, 1, 0, 5, tzinfo=UTC)
SELLER = Party(
    "Vendeuse Fictive SAS", "1 rue Inventée", "44000", "Nantes", "FR", "FR40303265045", "303265045"
)
BUYERS = {
    "french": Party(
        "Œuvre & Fils <Fictifs>", "2 rue Rêvée", "69001", "Lyon", "FR", "", "303265045"
    ),
    "german": Party("Fiktive Łódź GmbH", "Beispielweg 3", "10115", "Berlin", "DE", "DE123456789"),
    "swiss": Party("Exemple Fictif SA", "", "1200", "Genève", "CH"),
    "nameless": Party("0197a000-0000-7000-8000-000000000001"),
}


def invoice(buyer: str = "french") -> Invoice:
    made = bill(
        invoice_id="0197a000-0000-7000-8000-000000000002",
        company_id="0197a000-0000-7000-8000-000000000001",
        cycle=CALENDAR.cycle_of(datetime(2026, 3, 15, tzinfo=UTC)),
        issued_at=NOW,
        seller=SELLER,
        buyer=BUYERS[buyer],
        billed=[
            Billed("j", "Développeur Python", "APPLICATION_RECEIVED", 4, 2_990_000, 2_990_000),
            Billed("j", "Développeur Python", "INTERVIEW_SUCCEEDED", 1, 1_000_000, 0),
        ],
        carried_in=40_000,
    )
    assert made is not None
    return numbered(made, "WN-2026", 7)


def note(buyer: str = "french") -> Invoice:
    made = credit(invoice(buyer), credit_id="n", amount=67, reason="Frais annulés", issued_at=NOW)
    return numbered(made, "WN-2026", 8)


def action() -> InvoiceActionRow:
    return InvoiceActionRow(
        "a", "b", "j", "APPLICATION_RECEIVED", 670_000, "0197a000-0000-7000-8000-00000000000f", NOW
    )


@pytest.mark.parametrize("buyer", BUYERS)
@pytest.mark.parametrize("make", [invoice, note])
def test_the_xml_is_valid_by_the_schema_of_en_16931(make: object, buyer: str) -> None:
    made = make(buyer)  # type: ignore[operator]
    xml = cii.render(made)
    assert facturx.xml_check_xsd(xml, flavor="factur-x", level="en16931")


def test_the_sums_of_the_xml_are_those_of_the_standard() -> None:
    made = invoice()
    text = cii.render(made).decode()

    def cents(name: str) -> int:
        found = re.findall(rf"<ram:{name}[^>]*>(-?[0-9.]+)</ram:{name}>", text)
        return round(sum(float(value) * 100 for value in found))

    lines = re.findall(r"<ram:SpecifiedTradeSettlementLineMonetarySummation>.*?([0-9.]+)<", text)
    # BR-CO-10, BR-CO-15, BR-CO-16 of EN 16931.
    assert round(sum(float(line) * 100 for line in lines)) == cents("TaxBasisTotalAmount")
    assert cents("GrandTotalAmount") == cents("TaxBasisTotalAmount") + cents("TaxTotalAmount")
    rounding = cents("RoundingAmount") if "RoundingAmount" in text else 0
    due = cents("GrandTotalAmount") + rounding - cents("TotalPrepaidAmount")
    assert due == cents("DuePayableAmount") == made.amounts.due


def test_a_rounding_cent_is_declared() -> None:
    base = invoice()
    odd = replace(base, amounts=replace(base.amounts, gross=base.amounts.gross + 1, rounding=1))
    assert b"<ram:RoundingAmount>0.01<" in cii.render(odd)
    assert facturx.xml_check_xsd(cii.render(odd), flavor="factur-x", level="en16931")


def test_the_reverse_charge_is_named_and_outside_has_no_rate() -> None:
    german, swiss = cii.render(invoice("german")).decode(), cii.render(invoice("swiss")).decode()
    assert "Reverse charge" in german
    assert "<ram:CategoryCode>AE</ram:CategoryCode>" in german
    assert "DE123456789" in german
    assert "RateApplicablePercent" not in swiss
    assert 'schemeID="VA"' not in swiss


def test_the_pdf_carries_the_xml_and_says_so() -> None:
    made = FacturX().print(invoice(), [action()])
    name, xml = facturx.get_facturx_xml_from_pdf(BytesIO(made.pdf), check_xsd=True)
    assert (name, xml) == ("factur-x.xml", made.xml)
    reader = PdfReader(BytesIO(made.pdf))
    metadata = reader.xmp_metadata
    assert metadata is not None
    assert b"<fx:ConformanceLevel>EN 16931" in metadata.stream.get_data()
    assert b"<pdfaid:part>3</pdfaid:part>" in metadata.stream.get_data()
    assert "/OutputIntents" in reader.trailer["/Root"]
    fonts = {
        font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object().keys()
        >= {"/FontFile2"}
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert fonts == {True}


def test_the_pdf_says_what_people_want_to_know() -> None:
    text = "".join(
        page.extract_text()
        for page in PdfReader(BytesIO(FacturX().print(invoice(), [action()]).pdf)).pages
    )
    for words in (
        "Facture WN-2026-000007",
        "Période du 01/03/2026 au 31/03/2026",
        "Œuvre & Fils <Fictifs>",
        "Candidatures reçues (4) : Développeur Python",
        "TVA 20,00 %",
        "Total TTC : 4.03 €",
        "Prélevé sur votre moyen de paiement",
        "0197a000-0000-7000-8000-00000000000f",
    ):
        assert words in text, words


def test_the_same_invoice_prints_the_same_bytes() -> None:
    first = FacturX().print(invoice(), [action()])
    assert first == FacturX().print(invoice(), [action()])
