"""Relative score fusion, by hand."""

from __future__ import annotations

from services.matching.domain.fusion import CLASSIC, Bounds, RankingProfile, fuse, normalise
from services.matching.domain.wording import explanation

UNIT = 1_000_000_000
# Three profiles: (meaning, words). By meaning a > b > c, by words c > b > a.
VECTORS = {"a": 900_000_000, "b": 700_000_000, "c": 400_000_000}
KEYWORDS = {"a": 0, "b": 30_000_000, "c": 120_000_000}
BOUNDS = Bounds(400_000_000, 900_000_000), Bounds(0, 120_000_000)


def ranks(profile: RankingProfile) -> dict[str, int]:
    return {
        name: fuse(profile, VECTORS[name], KEYWORDS[name], *BOUNDS).rank for name in ("a", "b", "c")
    }


def test_fused_by_hand() -> None:
    # b: meaning (700 - 400) / 500 = 0.6, words 30 / 120 = 0.25: 0.75 x 0.6 + 0.25 x 0.25.
    assert ranks(CLASSIC) == {"a": 750_000, "b": 512_500, "c": 250_000}


def test_another_weight_turns_the_order() -> None:
    # At 0.25: a 0.25, b 0.15 + 0.1875, c 0.75.
    words_first = RankingProfile("words", 1, 250)
    assert ranks(words_first) == {"a": 250_000, "b": 337_500, "c": 750_000}


def test_the_ends_of_a_signal_are_nought_and_one() -> None:
    bounds = Bounds(3, 7)
    assert [normalise(value, bounds) for value in (3, 5, 7)] == [0, 500_000, 1_000_000]


def test_equal_signals_count_in_full_and_missing_ones_not_at_all() -> None:
    assert normalise(5, Bounds(5, 5)) == 1_000_000
    assert normalise(0, Bounds(0, 0)) == 0


def test_negative_likeness_is_stretched_as_well() -> None:
    assert normalise(0, Bounds(-UNIT, UNIT)) == 500_000


def test_classic_is_three_quarters_meaning() -> None:
    assert str(CLASSIC) == "classic/1"
    assert CLASSIC.alpha_permille == 750


def test_explanation_names_both_parts() -> None:
    fused = fuse(CLASSIC, VECTORS["b"], KEYWORDS["b"], *BOUNDS)
    assert explanation(fused, CLASSIC, "en") == (
        "Meaning 0.600 x 75 % + words 0.250 x 25 % = 0.512 (profile classic/1)."
    )
    assert explanation(fused, CLASSIC, "fr").startswith("Sens 0.600 x 75 % + mots 0.250 x 25 %")
