"""Why a score is what it is, as facts without words: the sentences are made per language later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.matching.domain.scoring.brief import Brief, Need
from services.matching.domain.scoring.completeness import missing_facts
from services.matching.domain.scoring.facts import ProfileFacts
from services.matching.domain.scoring.positions import credit

if TYPE_CHECKING:
    from services.matching.domain.scoring.score import Dimensions

_HELD = 75
MAXIMA = {
    "pertinence": 25,
    "contract": 10,
    "duration": 15,
    "skills": 20,
    "responsibilities": 10,
    "complexity": 10,
    "recency": 10,
    "career_progression": 10,
    "path_coherence": 5,
    "total_experiences_bonus": 5,
    "missing_info_penalty": 20,
}
"""The most points that each dimension can hold."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One dimension that moved the score, its points and what they rest on."""

    dimension: str
    points: int
    held: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    months: int = 0


def reasons_for(
    brief: Brief,
    profile: ProfileFacts,
    parts: Dimensions,
    skills: frozenset[str],
    languages: dict[str, int],
    months: int,
) -> tuple[Reason, ...]:
    """Returns a reason for each dimension that is not zero, and always for title and skills."""
    held, missing = matched_needs(brief.needs, skills, languages)
    found = []
    for dimension in MAXIMA:
        points = getattr(parts, dimension)
        if dimension == "skills" and brief.needs:
            found.append(Reason(dimension, points, held, missing))
        elif dimension == "missing_info_penalty" and points:
            found.append(Reason(dimension, points, missing=tuple(missing_facts(profile))))
        elif points or dimension == "pertinence":
            found.append(Reason(dimension, points, months=months * (dimension == "duration")))
    return tuple(found)


def matched_needs(
    needs: tuple[Need, ...], skills: frozenset[str], languages: dict[str, int]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns what is asked for and held, then what is asked for and not, in the job's order."""
    held = [credit(need, skills, languages) >= _HELD for need in needs]
    return (
        tuple(need.name for need, has in zip(needs, held, strict=True) if has),
        tuple(need.name for need, has in zip(needs, held, strict=True) if not has),
    )
