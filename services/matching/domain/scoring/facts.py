"""What the score may know of a job and of a candidate.

There is no field for a name, a sex, an age, an address, a photo, a nationality or an employer:
what is not here cannot move a score.
"""

from dataclasses import dataclass

CONTRACTS = ("CDI", "CDD", "INTERIM", "ALTERNANCE", "STAGE", "FREELANCE")
_MONTHS = 12
LEVELS = ("A1", "A2", "B1", "B2", "C1", "C2")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    @property
    def index(self) -> int:
        """Months since the year 0: the difference of two indexes is a number of months."""
        return self.year * 12 + self.month - 1

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Reads "2024-05"; raises ValueError for anything else."""
        year, _, month = text.partition("-")
        parsed = cls(int(year), int(month))
        if not 1 <= parsed.month <= _MONTHS or str(parsed) != text:
            raise ValueError(text)
        return parsed


@dataclass(frozen=True, slots=True)
class Language:
    """A language (ISO 639-1) and its level from A1 to C2; an empty level is not known."""

    code: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class Experience:
    """One position held. `end` is None while it lasts, `start` where the date is not told."""

    title: str
    start: Month | None = None
    end: Month | None = None
    contract: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    """A candidate as the score sees one."""

    title: str = ""
    experiences: tuple[Experience, ...] = ()
    skills: tuple[str, ...] = ()
    languages: tuple[Language, ...] = ()
    contracts: tuple[str, ...] = ()
    """Kinds of contract that are accepted; empty means any."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job as the score sees one. `skills` come most important first."""

    title: str
    description: str = ""
    skills: tuple[str, ...] = ()
    languages: tuple[Language, ...] = ()
    contract: str = ""
    min_experience_years: int = 0
