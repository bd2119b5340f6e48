"""What a CV's facts propose as a profile, and as the score sees one."""

from __future__ import annotations

from dataclasses import dataclass

from services.matching.domain.parsing.facts import MAX_DESCRIPTION, CvFacts, Held
from services.matching.domain.scoring.facts import (
    LEVELS,
    Experience,
    Language,
    Month,
    ProfileFacts,
)

_SHORTEST_TITLE = 2
_LONGEST_TITLE = 160
_LONGEST_SKILL = 80
_LONGEST_CITY = 80


@dataclass(frozen=True, slots=True)
class ProposedExperience:
    """One position as a profile holds it. Months are 0 where only the year is told."""

    title: str
    company: str
    start_year: int
    start_month: int
    end_year: int
    """0 while it lasts, or where no end is told."""
    end_month: int
    contract: str
    description: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A profile to be looked over by the candidate."""

    title: str
    summary: str
    experiences: tuple[ProposedExperience, ...]
    skills: tuple[str, ...]
    languages: tuple[tuple[str, str], ...]
    city: str
    postal_code: str
    locale: str


def propose(facts: CvFacts) -> Proposal:
    """Return the profile that the facts make, within the bounds of the contract.

    Positions without a title or a beginning are left out: a profile cannot hold them.
    """
    contact = facts.contact
    skills: dict[str, str] = {}
    for skill in facts.skills:
        skills.setdefault(skill.value.lower(), skill.value[:_LONGEST_SKILL])
    title = facts.title.value[:_LONGEST_TITLE] if facts.title else ""
    experiences = (_experience(held) for held in facts.experiences)
    return Proposal(
        title=title if len(title) >= _SHORTEST_TITLE else "",
        summary=facts.summary.value if facts.summary else "",
        experiences=tuple(held for held in experiences if held is not None),
        skills=tuple(skills.values()),
        languages=tuple(
            (each.code, each.level)
            for each in facts.languages
            if len(each.code) == 2  # noqa: PLR2004
        ),
        city=contact.city.value[:_LONGEST_CITY] if contact.city else "",
        postal_code=contact.postal_code.value if contact.postal_code else "",
        locale=facts.locale or "fr",
    )


def profile_facts(facts: CvFacts) -> ProfileFacts:
    """Return the facts as the score sees them."""
    proposed = propose(facts)
    return ProfileFacts(
        title=proposed.title,
        experiences=tuple(
            Experience(
                title=held.title,
                start=Month(held.start_year, held.start_month or 1),
                end=Month(held.end_year, held.end_month or 12) if held.end_year else None,
                contract=held.contract,
                description=held.description,
            )
            for held in proposed.experiences
        ),
        skills=proposed.skills,
        languages=tuple(
            Language(code, level if level in LEVELS else "") for code, level in proposed.languages
        ),
    )


def _experience(held: Held) -> ProposedExperience | None:
    title = held.title.value[:_LONGEST_TITLE] if held.title else ""
    if len(title) < _SHORTEST_TITLE or not held.start:
        return None
    start_year, start_month = _month(held.start)
    end_year, end_month = _month(held.end)
    description = "\n".join(line.value for line in held.description)
    return ProposedExperience(
        title=title,
        company=held.company.value[:_LONGEST_TITLE] if held.company else "",
        start_year=start_year,
        start_month=start_month or 1,
        end_year=end_year,
        end_month=end_month or 12 * bool(end_year),
        contract=held.contract,
        description=description[:MAX_DESCRIPTION],
    )


def _month(text: str) -> tuple[int, int]:
    year, _, month = text.partition("-")
    return int(year or 0), int(month or 0)
