"""A job made ready for scoring many candidates: read once, used for each of them."""

from dataclasses import dataclass
from functools import lru_cache

from services.matching.domain.scoring.concepts import (
    Meaning,
    skill_of,
    understand,
    understand_name,
)
from services.matching.domain.scoring.facts import LEVELS, JobFacts
from services.matching.domain.scoring.text import words

_LANGUAGE_NAMES = {
    "anglais": "en",
    "english": "en",
    "francais": "fr",
    "french": "fr",
    "allemand": "de",
    "german": "de",
    "espagnol": "es",
    "spanish": "es",
    "italien": "it",
    "italian": "it",
    "portugais": "pt",
    "portuguese": "pt",
    "neerlandais": "nl",
    "dutch": "nl",
    "arabe": "ar",
    "arabic": "ar",
    "chinois": "zh",
    "chinese": "zh",
    "mandarin": "zh",
}
_WORKING_LEVEL = LEVELS.index("B2")


@dataclass(frozen=True, slots=True)
class Need:
    """One thing asked for: a skill, or a language with its level (an index into LEVELS)."""

    name: str
    weight: int
    skill: str = ""
    language: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class Brief:
    """What a job asks for."""

    facts: JobFacts
    title: Meaning
    needs: tuple[Need, ...]
    duties: Meaning
    """What its description names."""

    @property
    def wanted_months(self) -> int:
        """Experience asked for, in months."""
        return self.facts.min_experience_years * 12


def read_job(job: JobFacts) -> Brief:
    """Reads a job: its title, what it needs and what its description is about."""
    duties = understand(job.description)
    named = job.skills or tuple(sorted(duties.skills))
    count = len(named) + len(job.languages)
    needs = [_skill_need(name, 2 * count - place) for place, name in enumerate(named)]
    for spoken in job.languages:
        level = LEVELS.index(spoken.level) if spoken.level in LEVELS else _WORKING_LEVEL
        name = f"{spoken.code.upper()} {spoken.level}".strip()
        needs.append(Need(name, count, language=spoken.code, level=level))
    return Brief(job, understand_name(job.title), tuple(needs), duties)


@lru_cache(maxsize=16_384)
def language_of(name: str) -> str:
    """Returns the language that a skill such as "anglais courant" names, or ""."""
    return next((_LANGUAGE_NAMES[word] for word in words(name) if word in _LANGUAGE_NAMES), "")


def _skill_need(name: str, weight: int) -> Need:
    if language := language_of(name):
        return Need(name, weight, language=language, level=_WORKING_LEVEL)
    return Need(name, weight, skill=skill_of(name))
