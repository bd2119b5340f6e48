"""Facts out of the sets' plain texts: titles, skills, experiences and dates, by headings."""

from __future__ import annotations

import re
from collections import defaultdict

from services.matching.domain.scoring.facts import Experience, JobFacts, Month, ProfileFacts

_HEADINGS = frozenset(
    {
        "job title", "job summary", "required skills", "required experience", "responsibilities",
        "skills", "experience", "education", "personal information",
    }
)  # fmt: skip
_DECORATION = " \t#*:"
_BULLET = re.compile(r"^(?:[-•*]+|\d+[.)])\s*")
_ADDRESSED = re.compile(r"\s*\([HhFf]/[HhFf]\)|[.:\n]")
_YEARS_ASKED = re.compile(r"\b(\d{1,2})\+?\s*(?:-\s*\d+\s*)?years?\b", re.IGNORECASE)
_DATES = re.compile(
    r"\b((?:19|20)\d\d)\s*(?:-|\u2013|to|until)\s*((?:19|20)\d\d|present)", re.IGNORECASE
)
_LONGEST_TITLE, _LONGEST_SKILL = 160, 80


def sections(text: str) -> dict[str, list[str]]:
    """Return the lines below each known heading."""
    found: dict[str, list[str]] = defaultdict(list)
    heading = ""
    for line in text.splitlines():
        plain = line.strip(_DECORATION)
        if plain.lower() in _HEADINGS:
            heading = plain.lower()
        elif plain:
            found[heading].append(_BULLET.sub("", plain))
    return found


def job_facts(text: str) -> JobFacts:
    """Read a job: with headings, or a title before the first stop and then the rest."""
    told = sections(text)
    if "required skills" not in told:
        return JobFacts(_ADDRESSED.split(text, maxsplit=1)[0][:_LONGEST_TITLE], text)
    asked = " ".join(told["required experience"])
    years = [int(number) for number in _YEARS_ASKED.findall(asked)]
    title = (told["job title"] or [""])[0]
    kept = ("job summary", "responsibilities", "required experience")
    return JobFacts(
        title=title[:_LONGEST_TITLE],
        description=" ".join(line for name in kept for line in told[name]),
        skills=tuple(dict.fromkeys(line[:_LONGEST_SKILL] for line in told["required skills"])),
        min_experience_years=min(sum(years), 50),
    )


def profile_facts(text: str) -> ProfileFacts:
    """Read a CV: with headings, or as the text of one position."""
    told = sections(text)
    if "skills" not in told:
        return ProfileFacts(experiences=(Experience("", description=text),))
    return ProfileFacts(
        experiences=tuple(map(_experience, told["experience"])),
        skills=tuple(dict.fromkeys(line[:_LONGEST_SKILL] for line in told["skills"])),
    )


def _experience(line: str) -> Experience:
    dates = _DATES.search(line)
    title = re.split(r"\s[-\u2013(]|,", line, maxsplit=1)[0][:_LONGEST_TITLE]
    if dates is None:
        return Experience(title, description=line)
    start, end = dates.groups()
    last = Month(int(end), 1) if end.isdigit() else None
    return Experience(title, Month(int(start), 1), last, description=line)
