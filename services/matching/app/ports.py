"""What the use cases ask of the outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.matching.domain.query import Vector
from services.matching.domain.scoring.facts import JobFacts, ProfileFacts


@dataclass(frozen=True, slots=True)
class KnownJob:
    """A job as the jobs service tells it."""

    id: str
    version: int
    company_id: str
    open: bool
    city: str
    facts: JobFacts
    locale: str = ""
    salary: int = 0
    """The most that is offered, in whole euros a year; 0 when not told. No score sees it."""


@dataclass(frozen=True, slots=True)
class KnownProfile:
    """A profile as the jobs service tells it. The city is for lists; no score sees it."""

    id: str
    version: int
    city: str
    facts: ProfileFacts
    locale: str = ""


class Facts(Protocol):
    """Knows jobs and profiles. Every method raises DependencyDown when it cannot tell."""

    async def jobs(self, ids: Sequence[str]) -> list[KnownJob]:
        """Return those of the jobs that exist."""

    async def profiles(self, ids: Sequence[str]) -> list[KnownProfile]:
        """Return those of the profiles that exist."""

    async def company_of(self, job_id: str) -> str | None:
        """Return whose a job is; None when there is no such job."""


class Encoder(Protocol):
    """Turns text into meaning."""

    async def encode(self, texts: Sequence[str]) -> list[Vector]:
        """Return a vector of 512 numbers and of length 1 for each text, in order."""
