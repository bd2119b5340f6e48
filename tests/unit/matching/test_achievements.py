"""Achievements: found in text, told once, in their order."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.achievements import (
    MOST,
    deduplicate,
    extract,
    is_duplicate,
    normalised,
    overlap,
)

TEN = "a b c d e f g h i j"


def test_achievements_are_found_in_french_and_english() -> None:
    text = (
        "Développement d'API pour la paie.\n"
        "- Réduit le temps de réponse de 1.5 s à 200 ms.\n"
        "• Migré 40 services vers Kubernetes ; chiffre d'affaires en hausse de 12 %\n"
        "2) Support aux équipes. Launched the French site! Réunions."
    )
    assert extract(text) == [
        "Réduit le temps de réponse de 1.5 s à 200 ms",
        "Migré 40 services vers Kubernetes",
        "chiffre d'affaires en hausse de 12 %",
        "Launched the French site!",
    ]


@pytest.mark.parametrize("text", ["", "   \n;;\n- ", "Réduit", "Développeuse Python à Lyon."])
def test_text_without_results_has_none(text: str) -> None:
    assert extract(text) == []


def test_the_same_achievement_is_extracted_once() -> None:
    assert extract("Réduit les coûts de 10 %.\nREDUIT LES COUTS DE 10 % !") == [
        "Réduit les coûts de 10 %"
    ]


def test_extraction_is_bounded() -> None:
    text = "\n".join(
        f"Gagné le marché numéro{at} chez client{at} an{at} lot{at}" for at in range(99)
    )
    assert len(extract(text)) == MOST
    assert len(extract("Réduit " + "x" * 100_000)[0]) == 300


@pytest.mark.parametrize(
    "variant", ["REDUIT LES COUTS", "réduit, les coûts !", "Re\u0301duit  les couts."]
)
def test_case_accents_and_punctuation_make_no_difference(variant: str) -> None:
    assert normalised(variant) == "reduit les couts"
    assert deduplicate(["Réduit les coûts"], [variant]) == []


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("a b c", "a b c d e", Fraction(1)),
        ("a b c d", "a b x y", Fraction(1, 2)),
        (TEN, "a b c d e f g x y z", Fraction(7, 10)),
        ("a a b", "a c c", Fraction(1, 2)),
        ("a", "b", Fraction(0)),
        ("", "a b", Fraction(0)),
        ("", "", Fraction(0)),
        ("!?", "a", Fraction(0)),
    ],
)
def test_overlap_is_of_the_smaller_set(left: str, right: str, expected: Fraction) -> None:
    assert overlap(left, right) == overlap(right, left) == expected


def test_seven_tenths_is_a_duplicate_and_a_hair_less_is_not() -> None:
    assert is_duplicate(TEN, "a b c d e f g x y z")
    hundred = [f"w{at}" for at in range(100)]
    for shared, expected in ((69, False), (70, True)):
        other = [*hundred[:shared], *(f"x{at}" for at in range(100 - shared))]
        assert is_duplicate(" ".join(hundred), " ".join(other)) is expected


def test_one_word_duplicates_that_word_alone() -> None:
    assert not is_duplicate("Python", "Migré la plateforme vers Python")
    assert not is_duplicate("python python", "Migré la plateforme vers Python")
    assert is_duplicate("Python", "python.")


def test_text_without_a_word_is_left_out_and_duplicates_nothing() -> None:
    assert deduplicate(["", "..."], ["", "!!", "Réduit les coûts"]) == ["Réduit les coûts"]
    assert not is_duplicate("", "")


def test_new_ones_are_compared_with_each_other_and_keep_their_order() -> None:
    new = ["b c d", "Gagné un prix", "b c d e", "a", "gagne un prix", "z y x"]
    assert deduplicate(["q r s"], new) == ["b c d", "Gagné un prix", "a", "z y x"]


@given(st.lists(st.text(max_size=30), max_size=8), st.lists(st.text(max_size=30), max_size=8))
def test_what_is_kept_is_new_in_order_and_stays_kept(known: list[str], new: list[str]) -> None:
    kept = deduplicate(known, new)
    rest = iter(new)
    assert all(text in rest for text in kept)
    assert not any(is_duplicate(text, other) for text in kept for other in known)
    assert deduplicate([], kept) == kept
    assert deduplicate(kept, kept) == []
