"""How close two titles are, and how far a skill that is asked for is held. All in hundredths."""

from functools import lru_cache

from services.matching.domain.scoring.arithmetic import percent
from services.matching.domain.scoring.concepts import (
    Meaning,
    are_neighbours,
    beside_occupation,
    family_of,
)
from services.matching.domain.scoring.text import likeness

_OCCUPATION_WEIGHT = 6
_SKILL_WEIGHT = 2
_TERM_WEIGHT = 1
_SAME_FAMILY = 50
_NEIGHBOUR_FAMILY = 20
_SAME_SKILL_FAMILY = 50
_LOOSE_SKILL_FAMILIES = frozenset({"skill people", "skill practice", "skill project"})
_ALMOST_THE_SAME_WORD = 60


def title_similarity(wanted: Meaning, held: Meaning) -> int:
    """Returns how far the title `held` is the title `wanted`, 0 to 100.

    Two parts of what is wanted and found, one part of how little else is there: the occupation
    weighs most, then the skills it names, then other words.
    """
    matched, asked = _matched(wanted, held), _weight(wanted)
    if asked == 0:
        return 0
    coverage = percent(matched, asked * 100)
    balance = percent(2 * matched, (asked + _weight(held)) * 100)
    return (2 * coverage + balance) // 3


def skill_similarity(wanted: str, held: frozenset[str]) -> int:
    """Returns 100 for a skill held, less for the nearest relative, 0 for none."""
    if wanted in held:
        return 100
    family = family_of(wanted)
    families, alone = _by_family(held)
    if family:
        related = family in families and family not in _LOOSE_SKILL_FAMILIES
        return _SAME_SKILL_FAMILY if related else 0
    return _closest(wanted, alone)


@lru_cache(maxsize=4096)
def _by_family(held: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The families of the skills, and the skills without one. Asked once for each need."""
    families = {skill: family_of(skill) for skill in held}
    alone = frozenset(skill for skill, family in families.items() if not family)
    return frozenset(families.values()), alone


def _closest(wanted: str, others: frozenset[str]) -> int:
    """The likeness of the nearest word; words that are not nearly the same count for nothing."""
    if wanted in others:
        return 100
    nearest = max((likeness(wanted, other) for other in others), default=0)
    return nearest if nearest >= _ALMOST_THE_SAME_WORD else 0


def _weight(title: Meaning) -> int:
    return (
        _OCCUPATION_WEIGHT * bool(title.occupations)
        + _SKILL_WEIGHT * len(beside_occupation(title))
        + _TERM_WEIGHT * len(title.terms)
    )


def _matched(wanted: Meaning, held: Meaning) -> int:
    """The weight of what is found, in hundredths."""
    matched = _OCCUPATION_WEIGHT * _occupation(wanted.occupations, held.occupations)
    for skill in beside_occupation(wanted):
        matched += _SKILL_WEIGHT * skill_similarity(skill, held.skills)
    for term in wanted.terms:
        matched += _TERM_WEIGHT * _closest(term, held.terms)
    return matched


def _occupation(wanted: frozenset[str], held: frozenset[str]) -> int:
    if wanted & held:
        return 100
    theirs = {family_of(occupation) for occupation in held}
    ours = {family_of(occupation) for occupation in wanted}
    if ours & theirs:
        return _SAME_FAMILY
    if any(are_neighbours(left, right) for left in ours for right in theirs):
        return _NEIGHBOUR_FAMILY
    return 0
