"""What is searched in and what is searched for, read from facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.matching.domain.query import job_query_text
from services.matching.domain.scoring.facts import JobFacts, Language, ProfileFacts
from services.matching.domain.scoring.timeline import span_of, weighted_months
from services.matching.domain.search.arrays import Floats
from services.matching.domain.search.facets import Facets
from services.matching.domain.search.texts import plain_title, tokens

MAX_TERMS = 256
"""Distinct terms of a query; the rarest count."""
TITLES_READ = 4
"""An entry's own title and those of its latest positions."""
MAX_SKILLS = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """A profile or a job as the search keeps it."""

    id: str
    version: int
    language: str
    """Of the text, ISO 639-1; empty when not known."""
    titles: tuple[str, ...]
    """Plain titles, the own one first."""
    skills: tuple[str, ...]
    tokens: Mapping[str, int]
    vector: Floats
    """The meaning of the text, length 1."""
    facets: Facets = field(default_factory=Facets)


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for. What is absent takes no part: an empty title, no skills, no vector."""

    title: str
    skills: tuple[str, ...]
    tokens: Mapping[str, int]
    vector: Floats | None
    months: int = 0
    """Experience asked for (by a job) or held (by a profile)."""
    languages: tuple[Language, ...] = ()
    asks: bool = True
    """Whether this side asks (a job) and the entries hold, or the other way round."""
    text: str = ""
    """As it is written, for engines that find the words themselves."""


@dataclass(frozen=True, slots=True)
class Texts:
    """An entry as it is written, for engines that find the words themselves."""

    title: str
    experiences: str
    skills: str


def profile_texts(facts: ProfileFacts) -> Texts:
    """The texts of a profile, apart."""
    told = (f"{held.title}. {held.description}".strip() for held in facts.experiences)
    return Texts(facts.title, " ".join(told), " ".join(facts.skills))


def job_texts(facts: JobFacts) -> Texts:
    """The texts of a job, apart: what it describes stands where profiles tell what they did."""
    return Texts(facts.title, facts.description, " ".join(facts.skills))


def profile_terms(facts: ProfileFacts) -> list[str]:
    """The texts of a profile that words are looked for in: title, skills, experiences; no more."""
    told = [text for held in facts.experiences for text in (held.title, held.description)]
    return [facts.title, *facts.skills, *told]


def job_terms(facts: JobFacts) -> list[str]:
    """The texts of a job that words are looked for in."""
    return [facts.title, *facts.skills, facts.description]


def months_held(facts: ProfileFacts, now: int) -> int:
    """The months worked up to the month `now`; months of two positions at once count once."""
    spans = [span for held in facts.experiences if (span := span_of(held, now)) is not None]
    return weighted_months([(span, 1) for span in spans])


def profile_titles(facts: ProfileFacts) -> tuple[str, ...]:
    """The plain titles of a profile: its own and those of its latest positions."""
    titles = [facts.title, *(held.title for held in facts.experiences)]
    plain = dict.fromkeys(plain_title(title) for title in titles if title.strip())
    return tuple(plain)[:TITLES_READ]


def sought_by_job(facts: JobFacts, vector: Floats | None) -> Sought:
    """What a job looks for: its description and its skills, joined by spaces; its title."""
    return Sought(
        title=plain_title(facts.title),
        skills=tuple(facts.skills[:MAX_SKILLS]),
        tokens=tokens([job_query_text(facts)]),
        vector=vector,
        months=12 * facts.min_experience_years,
        languages=facts.languages,
        text=job_query_text(facts),
    )


def sought_by_profile(facts: ProfileFacts, vector: Floats | None, months: int) -> Sought:
    """What a profile looks for in jobs: its titles, skills and what was done."""
    titles = profile_titles(facts)
    return Sought(
        title=titles[0] if titles else "",
        skills=tuple(facts.skills[:MAX_SKILLS]),
        tokens=tokens(profile_terms(facts)),
        vector=vector,
        months=months,
        languages=facts.languages,
        asks=False,
        text=" ".join(profile_terms(facts)),
    )
