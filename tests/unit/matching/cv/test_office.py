"""DOCX and ODT: tables, columns, text boxes, headers; the samples as Word files."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml

from services.matching.domain.parsing.document import Hidden
from services.matching.domain.parsing.facts import CvFacts
from services.matching.ports.documents.reading import read
from stack import samples
from stack.samples.wording import contract_name, language_name, level_name, months, phone, town

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def _saved(document: Any) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _contact(cell: Any, sample: samples.SampleCandidate) -> None:
    for line in (sample.person.name, sample.person.email, phone(sample), town(sample)):
        cell.add_paragraph(line)


def _career(cell: Any, sample: samples.SampleCandidate) -> None:
    locale = sample.person.locale
    cell.add_paragraph("Expérience" if locale == "fr" else "Experience")
    for held in sample.profile.experiences:
        cell.add_paragraph(f"{held.title} \u2014 {held.company}")
        cell.add_paragraph(months(held, locale))
        cell.add_paragraph(contract_name(held, locale))
        for line in held.description.splitlines():
            cell.add_paragraph(line, style="List Bullet")


def _lists(cell: Any, sample: samples.SampleCandidate) -> None:
    locale = sample.person.locale
    cell.add_paragraph("Compétences" if locale == "fr" else "Skills")
    cell.add_paragraph(", ".join(sample.profile.skills))
    cell.add_paragraph("Langues" if locale == "fr" else "Languages")
    for spoken in sample.profile.languages:
        name = language_name(spoken.code, locale)
        cell.add_paragraph(f"{name} ({level_name(spoken.level)})")


def _table(sample: samples.SampleCandidate) -> bytes:
    """Two columns as a table, as templates make them."""
    document = docx.Document()
    left, right = document.add_table(rows=1, cols=2).rows[0].cells
    _contact(left, sample)
    _lists(left, sample)
    right.add_paragraph(sample.profile.title)
    _career(right, sample)
    return _saved(document)


def _flow(sample: samples.SampleCandidate) -> bytes:
    """One column; the contact stands in the header of the page."""
    document = docx.Document()
    _contact(document.sections[0].header, sample)
    document.add_paragraph(sample.profile.title)
    _career(document, sample)
    _lists(document, sample)
    return _saved(document)


def _found(facts: CvFacts) -> dict[str, Any]:
    contact = facts.contact
    return {
        "contact": [q and q.value for q in (contact.name, contact.email, contact.phone)],
        "held": [(h.title and h.title.value, h.company and h.company.value, h.start, h.contract)
                 for h in facts.experiences],
        "lines": [[q.value for q in held.description] for held in facts.experiences],
        "skills": [skill.value for skill in facts.skills],
        "languages": [(spoken.code, spoken.level) for spoken in facts.languages],
        "title": facts.title and facts.title.value,
    }  # fmt: skip


def _written(sample: samples.SampleCandidate) -> dict[str, Any]:
    profile = sample.profile
    return {
        "contact": [sample.person.name, sample.person.email, phone(sample)],
        "held": [(h.title, h.company, f"{h.start.year}-{h.start.month:02d}", _kind(h))
                 for h in profile.experiences],
        "lines": [held.description.splitlines() for held in profile.experiences],
        "skills": list(profile.skills),
        "languages": [(s.code, level_name(s.level)) for s in profile.languages],
        "title": profile.title,
    }  # fmt: skip


def _kind(held: Any) -> str:
    from weneeds.jobs.v1.job_pb2 import ContractType

    return ContractType.Name(held.contract_type).removeprefix("CONTRACT_TYPE_")


@pytest.mark.parametrize("make", [_table, _flow])
def test_samples_as_word_files(make: Any) -> None:
    """Every field of some samples, word for word; languages among the skills aside."""
    for sample in samples.candidates()[::6]:
        found, written = _found(read(make(sample)).facts), _written(sample)
        if any("nglais" in skill or "nglish" in skill for skill in written["skills"]):
            continue
        assert found == written


_BOX = f"""
<w:r xmlns:w="{W}" xmlns:wps="urn:x"><w:drawing><wps:txbx><w:txbxContent>
<w:p><w:r><w:t>Compétences</w:t></w:r></w:p><w:p><w:r><w:t>Paie, Excel</w:t></w:r></w:p>
</w:txbxContent></wps:txbx></w:drawing></w:r>
"""


def test_text_boxes_and_deleted_text() -> None:
    """Boxes are read; what was deleted with changes tracked is not."""
    document = docx.Document()
    document.add_paragraph("Jeanne Exemple")
    paragraph = document.add_paragraph("Comptable")
    paragraph._p.append(parse_xml(_BOX))
    gone = f'<w:del xmlns:w="{W}"><w:r><w:delText>Cobol</w:delText></w:r></w:del>'
    paragraph._p.append(parse_xml(gone))
    reading = read(_saved(document))
    assert [skill.value for skill in reading.facts.skills] == ["Paie", "Excel"]
    assert "Cobol" not in reading.text


_ODT = """<?xml version="1.0"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0">
<office:automatic-styles>
<style:style style:name="T1"><style:text-properties fo:color="#ffffff"/></style:style>
<style:style style:name="T2"><style:text-properties text:display="none"/></style:style>
</office:automatic-styles><office:body><office:text>
<text:h>Jeanne Exemple</text:h><text:p>Comptable</text:p><text:p>jeanne@example.org</text:p>
<text:h>Expérience</text:h>
<text:p>Comptable, Société Lune<text:tab/>mars 2020 - août 2021</text:p>
<text:list><text:list-item><text:p>Tenue des comptes</text:p></text:list-item></text:list>
<text:h>Compétences</text:h>
<text:p>Paie, Excel<text:span text:style-name="T1">, Python</text:span><text:span
 text:style-name="T2">, Rust</text:span></text:p>
</office:text></office:body></office:document-content>"""


def test_open_document() -> None:
    """Headings, tabs, lists; white and hidden spans are flagged and count for nothing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", _ODT)
    reading = read(buffer.getvalue())
    facts = reading.facts
    assert reading.kind == "ODT"
    assert facts.contact.name is not None
    assert facts.contact.name.value == "Jeanne Exemple"
    (held,) = facts.experiences
    assert held.company is not None
    assert (held.company.value, held.start, held.end) == ("Société Lune", "2020-03", "2021-08")
    assert [line.value for line in held.description] == ["Tenue des comptes"]
    assert [skill.value for skill in facts.skills] == ["Paie", "Excel"]
    assert {flag.hidden for flag in reading.flags} == {Hidden.SAME_COLOUR, Hidden.INVISIBLE}
