"""Ranking profiles, and relative score fusion: each signal stretched to 0..1 over all hits, then
added by weight.

The store computes the same for the profile "classic" in SQL, with the same whole numbers, to order
and page the hits. Raw signals are whole billionths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.matching.domain.search.arrays import Floats, Slots, Wholes

MILLION = 1_000_000
UNIT = 1_000_000_000
"""A raw signal of 1."""

MEANING, WORDS, TITLE, COVERAGE = "meaning", "words", "title", "coverage"
_STEADY = 20
"""A language with fewer entries than this is placed mostly by what holds for all."""


@dataclass(frozen=True, slots=True)
class RankingProfile:
    """How the signals are weighed. The name and version are part of every answer."""

    name: str
    version: int
    weights: tuple[tuple[str, int], ...]
    """Signals and their weights in thousandths; a signal that is absent leaves its to the rest."""
    by_language: bool = False
    """Whether entries are compared with others of their language first."""

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"

    @property
    def alpha_permille(self) -> int:
        """The weight of meaning."""
        return dict(self.weights).get(MEANING, 0)


CLASSIC = RankingProfile("classic", 2, ((MEANING, 750), (WORDS, 250)))
BALANCED = RankingProfile(
    "balanced", 1, ((MEANING, 300), (WORDS, 200), (TITLE, 200), (COVERAGE, 300)), by_language=True
)
TEXT = RankingProfile("text", 1, ((WORDS, 1000),))
"""Search by words alone; no profile to choose."""
PROFILES = {profile.name: profile for profile in (CLASSIC, BALANCED)}


@dataclass(frozen=True, slots=True)
class Bounds:
    """The lowest and the highest value of a signal over all hits."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Part:
    """What a signal contributed to a hit's place."""

    signal: str
    value: int
    """Stretched, in millionths."""
    weight: int
    """Of this search, in thousandths."""


@dataclass(frozen=True, slots=True)
class Fused:
    """A hit's place, in millionths, and how it came about."""

    parts: tuple[Part, ...]
    rank: int

    def value(self, signal: str) -> int:
        """The stretched value of a signal; 0 when it took no part."""
        return next((part.value for part in self.parts if part.signal == signal), 0)


def normalise(value: int, bounds: Bounds) -> int:
    """Stretches a signal to 0..1,000,000. Where all hits are equal: full if there is a signal."""
    if bounds.high == bounds.low:
        return MILLION if value > 0 else 0
    return (value - bounds.low) * MILLION // (bounds.high - bounds.low)


def billionths(values: Floats | NDArray[np.float64]) -> Wholes:
    """Whole raw signals."""
    return np.asarray(np.rint(np.asarray(values, np.float64) * UNIT), np.int64)


@dataclass(frozen=True, slots=True)
class Placing:
    """How a signal's raw values become 0..1,000,000 over all hits.

    Where languages are told, each value is first placed among those of its language: how many
    deviations from their mean. An encoder and a word index are kinder to texts in the language of
    the query. The mean and deviation of a language with few entries are drawn towards those of all.
    """

    bounds: Bounds
    centres: dict[int, tuple[float, float]]
    """Mean and deviation by language; empty where languages are not told apart."""

    @classmethod
    def of(cls, values: Floats, languages: Slots | None) -> Placing:
        """Measure all hits."""
        centres = {} if languages is None else _centres(values.astype(np.float64), languages)
        placed = billionths(_aligned(values, languages, centres))
        return cls(Bounds(int(placed.min()), int(placed.max())), centres)

    def stretched(self, values: Floats, languages: Slots | None) -> Wholes:
        """Return values in millionths of the way from the lowest to the highest."""
        placed = billionths(_aligned(values, languages, self.centres))
        low, high = self.bounds.low, self.bounds.high
        if high == low:
            return np.asarray(np.where(placed > 0, MILLION, 0), np.int64)
        # Millionths of billionths fit 63 bits up to a raw signal of 9,000.
        return np.asarray((placed - low) * MILLION // (high - low), np.int64)


def _centres(values: NDArray[np.float64], languages: Slots) -> dict[int, tuple[float, float]]:
    found = {int(one): values[languages == one] for one in np.unique(languages)}
    mean = float(values.mean())
    within = sum(float(own.var()) * len(own) for own in found.values()) / len(values)
    centres: dict[int, tuple[float, float]] = {}
    for language, own in found.items():
        share = len(own) / (len(own) + _STEADY)
        centre = share * float(own.mean()) + (1 - share) * mean
        width = (share * float(own.var()) + (1 - share) * within) ** 0.5
        centres[language] = (centre, max(width, 1e-9))
    return centres


def _aligned(
    values: Floats, languages: Slots | None, centres: dict[int, tuple[float, float]]
) -> NDArray[np.float64]:
    result = values.astype(np.float64)
    if languages is None:
        return result
    for language, (centre, width) in centres.items():
        here = languages == language
        result[here] = (result[here] - centre) / width
    return result


def shares(profile: RankingProfile, present: Mapping[str, object]) -> dict[str, int]:
    """The weights of the signals that are present, in thousandths, made up to 1000."""
    weights = {name: weight for name, weight in profile.weights if name in present}
    total = sum(weights.values())
    if not total:
        return {}
    parts = {name: weight * 1000 // total for name, weight in weights.items()}
    first = next(iter(parts))
    parts[first] += 1000 - sum(parts.values())
    return parts


def fuse(values: Mapping[str, Wholes], weights: Mapping[str, int]) -> Wholes:
    """Add stretched signals by weight."""
    total = sum(weights[name] * values[name] for name in weights)
    return np.asarray(total // 1000, np.int64)
