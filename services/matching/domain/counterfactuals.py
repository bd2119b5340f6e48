"""What would have moved a score: changes to the profile, each scored again before it is told."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.matching.domain.scoring.brief import Brief, Need, read_job
from services.matching.domain.scoring.facts import (
    LEVELS,
    Experience,
    JobFacts,
    Language,
    Month,
    ProfileFacts,
)
from services.matching.domain.scoring.positions import (
    credit,
    languages_held,
    measure_all,
    skills_held,
)
from services.matching.domain.scoring.score import Score, score_for

MOST = 6
_MOST_TRIED = 16
_FULL_CREDIT = 100
_LONGER_MONTHS = 12


class ChangeKind(StrEnum):
    """What is changed."""

    SKILL = "SKILL"
    LANGUAGE = "LANGUAGE"
    CONTRACT = "CONTRACT"
    LONGER = "LONGER"


@dataclass(frozen=True, slots=True)
class Change:
    """One change: a skill listed, a language at a level, a contract accepted, a longer position."""

    kind: ChangeKind
    value: str
    level: str = ""
    position: int = 0
    months: int = 0


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Changes and what the score becomes with them, all else being equal."""

    changes: tuple[Change, ...]
    before: int
    after: int


def apply(profile: ProfileFacts, change: Change) -> ProfileFacts:
    """Return the profile with the change made."""
    if change.kind is ChangeKind.SKILL:
        return replace(profile, skills=(*profile.skills, change.value))
    if change.kind is ChangeKind.CONTRACT:
        return replace(profile, contracts=(*profile.contracts, change.value))
    if change.kind is ChangeKind.LANGUAGE:
        others = tuple(spoken for spoken in profile.languages if spoken.code != change.value)
        return replace(profile, languages=(*others, Language(change.value, change.level)))
    held = list(profile.experiences)
    held[change.position] = _begun_earlier(held[change.position], change.months)
    return replace(profile, experiences=tuple(held))


def counterfactuals(
    job: JobFacts, profile: ProfileFacts, today: date
) -> tuple[Counterfactual, ...]:
    """Return the changes that raise the score, largest gain first: six at most.

    Only what the job asks for is tried, and everything told was scored again as of `today`.
    """
    brief = read_job(job)
    before = score_for(brief, profile, today)
    wanted = list(_wanted(brief, profile, today))[:_MOST_TRIED]
    tried: list[tuple[Change, ...]] = [(change,) for change in wanted]
    skills = tuple(change for change in wanted if change.kind is ChangeKind.SKILL)
    if len(skills) > 1:
        tried.append(skills)
    found = [_rescored(brief, profile, today, before, changes) for changes in tried]
    gains = [one for one in found if one.after > one.before]
    return tuple(sorted(gains, key=lambda one: (-one.after, len(one.changes)))[:MOST])


def _rescored(
    brief: Brief, profile: ProfileFacts, today: date, before: Score, changes: tuple[Change, ...]
) -> Counterfactual:
    changed = profile
    for change in changes:
        changed = apply(changed, change)
    return Counterfactual(changes, before.final, score_for(brief, changed, today).final)


def _wanted(brief: Brief, profile: ProfileFacts, today: date) -> Iterator[Change]:
    now = today.year * 12 + today.month - 1
    positions = measure_all(brief, profile, now)
    skills, languages = skills_held(profile, positions), languages_held(profile)
    wanted = brief.facts.contract
    if wanted and profile.contracts and wanted not in profile.contracts:
        yield Change(ChangeKind.CONTRACT, wanted)
    yield from _longer(profile)
    for need in brief.needs:
        if credit(need, skills, languages) < _FULL_CREDIT:
            yield _answer(need)


def _answer(need: Need) -> Change:
    if need.language:
        return Change(ChangeKind.LANGUAGE, need.language, level=LEVELS[need.level])
    return Change(ChangeKind.SKILL, need.name)


def _longer(profile: ProfileFacts) -> Iterator[Change]:
    """The latest position, begun a year earlier; the most that can be said of time without
    inventing a position.
    """
    dated = [(held.start, place) for place, held in enumerate(profile.experiences) if held.start]
    if dated:
        place = max(dated)[1]
        title = profile.experiences[place].title
        yield Change(ChangeKind.LONGER, title, position=place, months=_LONGER_MONTHS)


def _begun_earlier(held: Experience, months: int) -> Experience:
    if held.start is None:
        return held
    index = max(held.start.index - months, 0)
    return replace(held, start=Month(index // 12, index % 12 + 1))
