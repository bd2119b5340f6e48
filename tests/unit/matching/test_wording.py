"""Reasons in plain words."""

from __future__ import annotations

import pytest

from services.matching.domain.scoring.reasons import MAXIMA, Reason
from services.matching.domain.scoring.score import score
from services.matching.domain.wording import sentence
from tests.unit.matching.people import JAVA_DEV, NURSE, PYTHON_JOB, TODAY


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("dimension", MAXIMA)
def test_every_dimension_has_a_sentence(dimension: str, locale: str) -> None:
    said = sentence(Reason(dimension, 3, ("Python",), ("skills", "dates"), 12), locale)
    assert said.endswith((".", ")."))
    assert "{" not in said
    assert "3" in said


def test_skills_are_named() -> None:
    reasons = {reason.dimension: reason for reason in score(PYTHON_JOB, JAVA_DEV, TODAY).reasons}
    assert sentence(reasons["skills"], "fr").endswith(
        "Présentes : PostgreSQL, Docker, EN B1. Absentes : Python, FastAPI, Tests automatisés."
    )
    assert "Held: PostgreSQL, Docker, EN B1. Missing: Python" in sentence(reasons["skills"], "en")


def test_long_lists_are_cut() -> None:
    many = tuple(f"s{number}" for number in range(9))
    assert "s5, …" in sentence(Reason("skills", 20, held=many), "en")
    assert "s6" not in sentence(Reason("skills", 20, held=many), "en")


def test_nothing_close_is_said_plainly() -> None:
    first = score(PYTHON_JOB, NURSE, TODAY).reasons[0]
    assert sentence(first, "en") == "No title close to the job: 0/25."


def test_missing_facts_are_named_in_the_language() -> None:
    reason = Reason("missing_info_penalty", 6, missing=("skills", "languages"))
    assert sentence(reason, "fr") == "Informations manquantes : -6 (compétences, langues)."
    assert sentence(reason, "en") == "Missing information: -6 (skills, languages)."
