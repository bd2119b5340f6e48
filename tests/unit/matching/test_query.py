"""What is searched for and what is searched in."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.query import (
    concept_words,
    job_query_text,
    move_to,
    profile_text,
    skill_words,
)
from services.matching.domain.scoring.facts import Experience, JobFacts, ProfileFacts
from services.matching.domain.search.entry import profile_terms
from services.matching.domain.search.texts import tokens
from tests.unit.matching.people import PYTHON_DEV


def test_query_is_description_and_skills_joined_by_spaces() -> None:
    job = JobFacts("Développeur", "Vous codez.", ("Python", "Docker"))
    assert job_query_text(job) == "Vous codez. Python Docker"


def test_profile_is_found_by_its_experiences() -> None:
    profile = ProfileFacts("Titre", (Experience("Soudeur", description="TIG"),), ("Python",))
    assert profile_text(profile) == "Soudeur. TIG"
    assert profile_text(ProfileFacts("Soudeuse", skills=("TIG", "MIG"))) == "Soudeuse TIG MIG"


def test_both_languages_search_the_same_concepts() -> None:
    french = set(skill_words(["Tests automatisés", "TVA"]).split())
    english = set(skill_words(["Automated tests", "VAT"]).split())
    assert french == english
    assert concept_words("Développeuse Python") == concept_words("Python developer")


def test_a_full_move_ends_half_way() -> None:
    moved = move_to([1.0, 0.0], [[0.0, 1.0]])
    assert moved == pytest.approx([math.sqrt(0.5), math.sqrt(0.5)])


def test_a_query_moves_towards_the_centroid() -> None:
    moved = move_to([1.0, 0.0, 0.0], [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert moved[1] == moved[2] > 0
    assert sum(value * value for value in moved) == pytest.approx(1)


def test_without_concepts_or_force_nothing_moves() -> None:
    assert move_to([0.6, 0.8], []) == [0.6, 0.8]
    assert move_to([0.6, 0.8], [[1.0, 0.0]], 0) == pytest.approx([0.6, 0.8])


def test_a_profile_searches_by_its_skills_and_titles() -> None:
    found = tokens(profile_terms(PYTHON_DEV))
    assert found["xfastapi"]
    assert found["developpeuse"]


@given(st.text(max_size=200))
def test_terms_hold_nothing_but_letters_and_digits(text: str) -> None:
    assert all(re.fullmatch("[a-z0-9]+", token) for token in tokens(text))
