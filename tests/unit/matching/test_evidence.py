"""Facts of a score are quoted from the CV where the CV says them."""

from __future__ import annotations

from services.matching.domain.evidence import MAX_EVIDENCE, evidence_for
from services.matching.domain.parsing.document import Quoted, Span
from services.matching.domain.parsing.facts import Contact, CvFacts, Held, Spoken
from services.matching.domain.scoring.facts import Experience, Language, Month, ProfileFacts

PROFILE = ProfileFacts(
    title="Développeuse Python",
    experiences=(
        Experience("Développeuse", Month(2021, 3), None, "CDI", "Conception d'API.\nRevue."),
        Experience("Développeuse", Month(2018, 1), Month(2021, 2), "CDD", "Django."),
    ),
    skills=("Python", "Kubernetes"),
    languages=(Language("en", "B2"),),
)


def said(value: str, start: int) -> Quoted:
    return Quoted(value, value.upper(), Span(1, start, start + len(value)))


CV = CvFacts(
    title=said("développeuse  python", 0),
    contact=Contact(name=said("Personne Fictive", 900), city=said("Lyon", 950)),
    experiences=(
        Held(
            title=said("Développeuse", 100),
            company=said("Société Fictive", 130),
            period=said("depuis mars 2021", 150),
            start="2021-03",
            contract="CDI",
            contract_quote=said("CDI", 170),
            description=(said("Conception d'API.", 180), said("Autre chose.", 200)),
        ),
    ),
    skills=(said("python", 300), said("Docker", 310)),
    languages=(Spoken("en", "B2", said("anglais B2", 400)),),
)


def test_each_fact_that_the_cv_says_is_quoted() -> None:
    found = evidence_for(PROFILE, CV, "f" * 64)
    assert [(one.fact, one.start) for one in found] == [
        ("profile.title", 0),
        ("profile.experiences[0].title", 100),
        ("profile.experiences[0].start", 150),
        ("profile.experiences[0].contract", 170),
        ("profile.experiences[0].description", 180),
        ("profile.skills[0]", 300),
        ("profile.languages[0]", 400),
    ]
    assert {one.file_hash for one in found} == {"f" * 64}


def test_identity_and_employers_are_never_quoted() -> None:
    quotes = {one.quote for one in evidence_for(PROFILE, CV, "")}
    assert not quotes & {"PERSONNE FICTIVE", "LYON", "SOCIÉTÉ FICTIVE"}


def test_what_was_changed_by_hand_has_no_quotation() -> None:
    assert evidence_for(ProfileFacts(title="Infirmière", skills=("Soins",)), CV, "") == ()


def test_evidence_is_bounded() -> None:
    many = ProfileFacts(skills=tuple(["Python"] * 2 * MAX_EVIDENCE))
    assert len(evidence_for(many, CV, "")) == MAX_EVIDENCE
