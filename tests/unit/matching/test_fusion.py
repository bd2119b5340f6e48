"""Relative score fusion, by hand."""

from __future__ import annotations

import numpy as np

from services.matching.domain.fusion import (
    BALANCED,
    CLASSIC,
    MEANING,
    WORDS,
    Fused,
    Part,
    Placing,
    RankingProfile,
    fuse,
    shares,
)
from services.matching.domain.wording import explanation

# Three profiles. By meaning a > b > c, by words c > b > a.
RAW = {
    MEANING: np.asarray([0.9, 0.7, 0.4], np.float32),
    WORDS: np.asarray([0.0, 3.0, 12.0], np.float32),
}


def ranks(profile: RankingProfile) -> list[int]:
    values = {name: Placing.of(raw, None).stretched(raw, None) for name, raw in RAW.items()}
    return fuse(values, shares(profile, RAW)).tolist()


def test_fused_by_hand() -> None:
    # b: meaning (0.7 - 0.4) / 0.5 = 0.6, words 3 / 12 = 0.25: 0.75 x 0.6 + 0.25 x 0.25.
    assert ranks(CLASSIC) == [750_000, 512_500, 250_000]


def test_another_weight_turns_the_order() -> None:
    # At 0.25: a 0.25, b 0.15 + 0.1875, c 0.75.
    words_first = RankingProfile("words", 1, ((MEANING, 250), (WORDS, 750)))
    assert ranks(words_first) == [250_000, 337_500, 750_000]


def test_equal_signals_count_in_full_and_missing_ones_not_at_all() -> None:
    for value, expected in ((5.0, 1_000_000), (0.0, 0)):
        raw = np.full(3, value, np.float32)
        assert Placing.of(raw, None).stretched(raw, None).tolist() == [expected] * 3


def test_negative_likeness_is_stretched_as_well() -> None:
    raw = np.asarray([-1, 0, 1], np.float32)
    assert Placing.of(raw, None).stretched(raw, None).tolist() == [0, 500_000, 1_000_000]


def test_an_absent_signal_leaves_its_weight_to_the_others() -> None:
    assert shares(CLASSIC, {MEANING: 1}) == {MEANING: 1000}
    assert sum(shares(BALANCED, {MEANING: 1, WORDS: 1}).values()) == 1000
    assert shares(CLASSIC, {}) == {}


def test_a_language_that_the_encoder_favours_gains_nothing() -> None:
    """The same people twice, in a language whose values are all higher."""
    french = np.linspace(0.5, 0.9, 200, dtype=np.float32)
    raw = np.concatenate([french, french * np.float32(0.5) - np.float32(0.1)])
    languages = np.repeat(np.asarray([0, 1], np.int32), 200)
    placed = Placing.of(raw, languages).stretched(raw, languages)
    assert np.abs(placed[:200] - placed[200:]).max() < 200_000
    plain = Placing.of(raw, None).stretched(raw, None)
    assert np.abs(plain[:200] - plain[200:]).max() > 500_000


def test_a_language_of_one_is_not_placed_by_itself() -> None:
    raw = np.asarray([*np.linspace(0, 1, 99), 0.1], np.float32)
    languages = np.asarray([0] * 99 + [1], np.int32)
    placed = Placing.of(raw, languages).stretched(raw, languages)
    assert placed[-1] < 250_000


def test_classic_is_three_quarters_meaning() -> None:
    assert str(CLASSIC) == "classic/2"
    assert CLASSIC.alpha_permille == 750


def test_explanation_names_every_part() -> None:
    fused = Fused((Part(MEANING, 600_000, 750), Part(WORDS, 250_000, 250)), 512_500)
    assert explanation(fused, CLASSIC, "en") == (
        "Meaning 0.600 x 75 % + words 0.250 x 25 % = 0.512 (profile classic/2)."
    )
    assert explanation(fused, CLASSIC, "fr").startswith("Sens 0.600 x 75 % + mots 0.250 x 25 %")
