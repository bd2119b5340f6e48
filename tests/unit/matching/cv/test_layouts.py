"""Ways in which people write CVs that the samples do not have. Everybody here is fictitious."""

from __future__ import annotations

import io

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from services.matching.domain.parsing.facts import CvFacts
from services.matching.ports.documents.reading import read


def _held(facts: CvFacts) -> list[tuple[str | None, str | None, str, str]]:
    return [
        (each.title and each.title.value, each.company and each.company.value, each.start, each.end)
        for each in facts.experiences
    ]


ENGLISH = """JOHN EXAMPLE
Senior Project Manager
London, UK | john.example@example.org | +44 7700 900123

WORK EXPERIENCE

Senior Project Manager at Harbour Works Ltd
January 2019 - Present | London
- Led a team of 12 engineers

Project Manager, Civic Build plc (Manchester)
Mar 2014 \u2013 Dec 2018
- Managed budgets and suppliers

EDUCATION
MSc in Civil Engineering, University of Leeds, 2012 - 2013
BEng (Hons) Civil Engineering - University of Sheffield (2009 \u2013 2012)

SKILLS
Project management: PRINCE2, Agile
Tools: Excel, Power BI

LANGUAGES
English - native
French - intermediate
"""


def test_english_text() -> None:
    """Titles above their dates, employers after "at" and after a comma."""
    facts = read(ENGLISH.encode()).facts
    assert _held(facts) == [
        ("Senior Project Manager", "Harbour Works Ltd", "2019-01", ""),
        ("Project Manager", "Civic Build plc", "2014-03", "2018-12"),
    ]
    assert [(s.school and s.school.value, s.field and s.field.value) for s in facts.education] == [
        ("University of Leeds", "Civil Engineering"),
        ("University of Sheffield", "Civil Engineering"),
    ]
    assert [skill.value for skill in facts.skills] == ["PRINCE2", "Agile", "Excel", "Power BI"]
    assert [(each.code, each.level) for each in facts.languages] == [("en", "C2"), ("fr", "B1")]


FRENCH = """Paul Exemple
paul.exemple@example.org - 06 39 98 00 11 - 35000 Rennes
Électricien bâtiment

Expériences
2020 - 2024 : Électricien, SARL Lumière, Rennes
Câblage de logements neufs
2018 - 2020 : Apprenti électricien, Élec Ouest (alternance)
Pose de chemins de câbles

Diplômes
2020 : Bac pro MELEC, Lycée Pierre Mendès France, Rennes
2018 : CAP Électricien, CFA de Rennes

Langues : anglais (A2)
Compétences : lecture de plans, habilitation électrique, câblage
"""


def test_french_text() -> None:
    """Dates in front, lists on one line behind their heading."""
    facts = read(FRENCH.encode()).facts
    assert _held(facts) == [
        ("Électricien", "SARL Lumière", "2020", "2024"),
        ("Apprenti électricien", "Élec Ouest", "2018", "2020"),
    ]
    assert facts.experiences[1].contract == "ALTERNANCE"
    assert facts.title is not None
    assert facts.title.value == "Électricien bâtiment"
    assert [studied.degree and studied.degree.value for studied in facts.education] == [
        "Bac pro",
        "CAP",
    ]
    assert len(facts.skills) == 3
    assert [(each.code, each.level) for each in facts.languages] == [("en", "A2")]


def test_labels_beside_their_lists() -> None:
    """A table of labels and values is read line by line, not column by column."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    lines = [
        (780, "Marie Exemple", ""),
        (760, "Vendeuse", ""),
        (720, "EXPÉRIENCE", ""),
        (700, "2019\u20132023", "Vendeuse"),
        (688, "", "Boutique Mobile, Lyon"),
        (676, "", "Vente de forfaits et de téléphones"),
        (650, "COMPÉTENCES", ""),
        (630, "Outils", "Salesforce, Excel, Word"),
        (618, "Métier", "Vente, négociation, accueil"),
        (590, "LANGUES", ""),
        (570, "Anglais", "Courant"),
        (558, "Espagnol", "B1"),
    ]
    for y, left, right in lines:
        canvas.drawString(50, y, left)
        canvas.drawString(160, y, right)
    canvas.save()
    facts = read(buffer.getvalue()).facts
    assert _held(facts) == [("Vendeuse", "Boutique Mobile", "2019", "2023")]
    assert [skill.value for skill in facts.skills] == [
        "Salesforce", "Excel", "Word", "Vente", "négociation", "accueil",
    ]  # fmt: skip
    assert [(each.code, each.level) for each in facts.languages] == [("en", "C1"), ("es", "B1")]
