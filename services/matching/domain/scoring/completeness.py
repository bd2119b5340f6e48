"""What the facts do not tell: the penalty, and how far the rest carries a score."""

from enum import StrEnum

from services.matching.domain.scoring.arithmetic import clamp
from services.matching.domain.scoring.facts import JobFacts, ProfileFacts

_NO_EXPERIENCE = 12
_NO_SKILLS = 4
_NO_TITLE = 2
_NO_LANGUAGES = 2
_UNDATED = 4
_WITHOUT_TEXT = 4
_HIGH = 70
_MEDIUM = 40
_PLENTY_OF_TEXT = 300


class Reliability(StrEnum):
    """How far the facts carry the score."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


def missing_facts(profile: ProfileFacts) -> dict[str, int]:
    """Returns the points taken off for each kind of fact that is missing. They add up to 20."""
    missing = {
        "experiences": 0 if profile.experiences else _NO_EXPERIENCE,
        "dates": _part(_UNDATED, [held.start is None for held in profile.experiences]),
        "texts": _part(
            _WITHOUT_TEXT, [not held.description.strip() for held in profile.experiences]
        ),
        "skills": 0 if profile.skills else _NO_SKILLS,
        "title": 0 if profile.title.strip() else _NO_TITLE,
        "languages": 0 if profile.languages else _NO_LANGUAGES,
    }
    return {name: points for name, points in missing.items() if points}


def penalty_points(profile: ProfileFacts) -> int:
    """0 to 20: the more is missing, the more."""
    return clamp(sum(missing_facts(profile).values()), 0, 20)


def reliability_index(job: JobFacts, profile: ProfileFacts) -> int:
    """0 to 100: facts told about the candidate and about the job."""
    text = sum(len(held.description.strip()) for held in profile.experiences)
    index = 100 - 4 * penalty_points(profile)
    index -= 0 if text >= _PLENTY_OF_TEXT else 15
    index -= 0 if len(profile.experiences) > 1 else 10
    index -= 0 if job.skills else 15
    return clamp(index, 0, 100)


def reliability_of(index: int) -> Reliability:
    """HIGH from 70, MEDIUM from 40, LOW below."""
    if index >= _HIGH:
        return Reliability.HIGH
    return Reliability.MEDIUM if index >= _MEDIUM else Reliability.LOW


def _part(points: int, missing: list[bool]) -> int:
    """The share of `points` that is missing, rounded up."""
    return -(-points * sum(missing) // len(missing)) if missing else 0
