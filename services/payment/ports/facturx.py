"""Invoices as Factur-X: a PDF/A-3 for people with the XML for machines in it.

fpdf2 writes the PDF and holds it to PDF/A-3B; the font is embedded. The
declaration of Factur-X in the metadata follows section 6 of its specification.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import as_file, files
from typing import Any

from fpdf import FPDF

from services.payment.app.invoice_stores import Document, InvoiceActionRow
from services.payment.domain.cycles import PARIS
from services.payment.domain.invoices import Invoice, InvoiceKind, Party
from services.payment.ports import cii
from services.payment.ports.wording import action_words, line_title

_FONT = "SourceSans"
_FACES = {"": "SourceSansPro-Regular.ttf", "B": "SourceSansPro-Bold.ttf"}
_XML_NAME = "factur-x.xml"
_CENTS = 100
_MICROS_PER_CENT = 10_000
_LINE = 5.5
_XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<xmp:CreateDate>{date}</xmp:CreateDate>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">
<fx:DocumentType>INVOICE</fx:DocumentType>
<fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>
<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>fx</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>"""
_PROPERTY = """<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>
<pdfaProperty:valueType>Text</pdfaProperty:valueType>
<pdfaProperty:category>external</pdfaProperty:category>
<pdfaProperty:description>{name}</pdfaProperty:description></rdf:li>"""
_PROPERTIES = ("DocumentFileName", "DocumentType", "Version", "ConformanceLevel")


class FacturX:
    """Implements Printer."""

    def print(self, invoice: Invoice, actions: Sequence[InvoiceActionRow]) -> Document:
        """Return the PDF and the XML: the same bytes for the same invoice."""
        xml = cii.render(invoice)
        page = _Page(invoice)
        page.head()
        page.lines()
        page.totals()
        page.annex(actions)
        return Document(pdf=page.finish(xml), xml=xml)


class _Page:
    """Writes one invoice. Text only: no layout that hides data from readers of text."""

    def __init__(self, invoice: Invoice) -> None:
        self._invoice = invoice
        note = invoice.kind is InvoiceKind.CREDIT_NOTE
        self._title = f"{'Avoir' if note else 'Facture'} {invoice.number}"
        self._pdf = FPDF(enforce_compliance="PDF/A-3B")
        self._pdf.set_creation_date(invoice.issued_at)
        self._pdf.set_lang("fr-FR")
        self._pdf.set_title(self._title)
        for style, file in _FACES.items():
            with as_file(files("font_source_sans_pro") / "files" / file) as path:
                self._pdf.add_font(_FONT, style, path)
        self._pdf.add_page()

    def head(self) -> None:
        """Who bills whom, when, for which month."""
        invoice = self._invoice
        self._text(self._title, "B", 16)
        last = invoice.cycle.end - datetime.resolution
        self._text(f"Émise le {_day(invoice.issued_at)}")
        self._text(f"Période du {_day(invoice.cycle.start)} au {_day(last)}")
        if invoice.corrects_number:
            self._text(f"Corrige la facture {invoice.corrects_number} : {invoice.reason}")
        for label, party in (("Vendeur", invoice.seller), ("Client", invoice.buyer)):
            self._pdf.ln(_LINE)
            self._text(label, "B")
            for row in _address(party):
                self._text(row)
        self._pdf.ln(_LINE)

    def lines(self) -> None:
        """What is billed."""
        rows = [
            (line_title(line), _euros(line.net), _euros(line.amount // _MICROS_PER_CENT))
            for line in self._invoice.lines
        ]
        self._table(("Désignation", "Net, €", "TTC, €"), rows, (120, 35, 35))

    def totals(self) -> None:
        """Net, tax, total, what is paid and what is not."""
        invoice, amounts = self._invoice, self._invoice.amounts
        self._pdf.ln(_LINE)
        rate = _euros(invoice.vat.basis_points).replace(".", ",")
        rows = [("Total net", amounts.net), (f"TVA {rate} %", amounts.vat)]
        if amounts.rounding:
            rows.append(("Arrondi", amounts.rounding))
        rows += [("Total TTC", amounts.gross), ("Déjà payé", amounts.paid)]
        rows.append(("Prélevé sur votre moyen de paiement", amounts.due))
        for label, cents in rows:
            self._text(f"{label} : {_euros(cents)} €", "B" if label == "Total TTC" else "")
        if invoice.vat.reason:
            self._text(invoice.vat.reason)

    def annex(self, actions: Sequence[InvoiceActionRow]) -> None:
        """The actions behind the lines, each with the receipt of its score."""
        if not actions:
            return
        self._pdf.add_page()
        self._text("Annexe : les actions facturées et le reçu de leur score", "B", 12)
        rows = [
            (
                _day(action.charged_at),
                action_words(action.type),
                action.receipt_id or action.application_id,
                _euros(action.amount // _MICROS_PER_CENT),
            )
            for action in actions
        ]
        self._table(("Date", "Action", "Reçu", "TTC, €"), rows, (25, 45, 95, 25))

    def finish(self, xml: bytes) -> bytes:
        """Put the XML in, declare it, and return the file."""
        properties = "".join(_PROPERTY.format(name=name) for name in _PROPERTIES)
        date = self._invoice.issued_at.isoformat(timespec="seconds")
        self._pdf.set_xmp_metadata(_XMP.format(title=self._title, date=date, properties=properties))
        self._pdf.embed_file(
            bytes=xml,
            basename=_XML_NAME,
            desc="Factur-X",
            mime_type="text/xml",
            associated_file_relationship="Alternative",
            modification_date=self._invoice.issued_at,
            creation_date=self._invoice.issued_at,
        )
        return bytes(self._pdf.output())

    def _text(self, text: str, style: str = "", size: int = 10) -> None:
        self._pdf.set_font(_FONT, style, size)
        self._pdf.multi_cell(0, _LINE, text, new_x="LMARGIN", new_y="NEXT")

    def _table(
        self, names: Sequence[str], rows: Sequence[Sequence[Any]], widths: tuple[int, ...]
    ) -> None:
        self._pdf.set_font(_FONT, "", 9)
        align = tuple("RIGHT" if "€" in name else "LEFT" for name in names)
        with self._pdf.table(col_widths=widths, text_align=align) as table:
            for row in (names, *rows):
                cells = table.row()
                for cell in row:
                    cells.cell(str(cell))


def _address(party: Party) -> list[str]:
    place = f"{party.postal_code} {party.city}".strip()
    numbers = (("SIREN", party.siren), ("TVA", party.vat_id))
    rows = [party.legal_name, party.street, f"{place} {party.country}".strip()]
    return [row for row in rows if row] + [f"{name} {value}" for name, value in numbers if value]


def _day(moment: datetime) -> str:
    return moment.astimezone(PARIS).strftime("%d/%m/%Y")


def _euros(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // _CENTS}.{abs(cents) % _CENTS:02d}"
