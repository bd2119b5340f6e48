"""Relative score fusion: each signal stretched to 0..1 over all hits, then added by weight.

The store computes the same in SQL, with the same whole numbers, to order and page the hits; here
the parts of one hit are taken apart again for its explanation. Raw signals are whole billionths.
"""

from dataclasses import dataclass

MILLION = 1_000_000
UNIT = 1_000_000_000
"""A raw signal of 1."""


@dataclass(frozen=True, slots=True)
class RankingProfile:
    """How the signals are weighed. The name and version are part of every answer."""

    name: str
    version: int
    alpha_permille: int
    """The weight of meaning; words get the rest."""

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"


CLASSIC = RankingProfile(name="classic", version=1, alpha_permille=750)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The lowest and the highest value of a signal over all hits."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Fused:
    """A hit's place, in millionths, and how it came about."""

    vector: int
    keyword: int
    rank: int


def normalise(value: int, bounds: Bounds) -> int:
    """Stretches a signal to 0..1,000,000. Where all hits are equal: full if there is a signal."""
    if bounds.high == bounds.low:
        return MILLION if value > 0 else 0
    return (value - bounds.low) * MILLION // (bounds.high - bounds.low)


def fuse(
    profile: RankingProfile, vector: int, keyword: int, vectors: Bounds, keywords: Bounds
) -> Fused:
    """Fuses the two signals of one hit by the profile's weights."""
    meaning, said = normalise(vector, vectors), normalise(keyword, keywords)
    rank = (profile.alpha_permille * meaning + (1000 - profile.alpha_permille) * said) // 1000
    return Fused(meaning, said, rank)
