"""Jobs: DRAFT, then OPEN, then CLOSED."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import Any

from services.jobs.domain.errors import JobState
from services.kit.errors import VersionConflict


class JobStatus(IntEnum):
    """Where a job is in its life."""

    DRAFT = 1
    OPEN = 2
    CLOSED = 3


@dataclass(frozen=True, slots=True)
class LanguageSkill:
    """A language (ISO 639-1) and its level (1 is A1, 6 is C2, 0 unknown)."""

    code: str
    level: int


@dataclass(frozen=True, slots=True)
class Job:
    """An advertised position of a company. Salaries are in micro-euros a year."""

    id: str
    company_id: str
    recruiter_id: str
    title: str
    description: str
    created_at: datetime
    skills: tuple[str, ...] = ()
    contract_type: int = 0
    city: str = ""
    min_experience_years: int = 0
    languages: tuple[LanguageSkill, ...] = ()
    locale: str = "fr"
    premium: bool = False
    status: JobStatus = JobStatus.DRAFT
    salary_min: int | None = None
    salary_max: int | None = None
    version: int = 1
    published_at: datetime | None = None
    company_name: str = ""

    def changed(self, changes: dict[str, Any], expected_version: int) -> Job:
        """Return the job with `changes`. An expected version of 0 is not checked.

        Raises JobState when closed, VersionConflict when it moved on.
        """
        if expected_version and expected_version != self.version:
            raise VersionConflict
        if self.status is JobStatus.CLOSED:
            raise JobState(status=self.status.name)
        return replace(self, **changes, version=self.version + 1)

    def published(self, now: datetime) -> Job:
        """Return the job as open; the same when it is open already."""
        if self.status is JobStatus.OPEN:
            return self
        if self.status is JobStatus.CLOSED:
            raise JobState(status=self.status.name)
        return replace(self, status=JobStatus.OPEN, published_at=now, version=self.version + 1)

    def closed(self) -> Job:
        """Return the job as closed; the same when it is closed already."""
        if self.status is JobStatus.CLOSED:
            return self
        return replace(self, status=JobStatus.CLOSED, version=self.version + 1)

    def check_deletable(self) -> None:
        """Raise JobState unless the job is a draft that was never published."""
        if self.status is not JobStatus.DRAFT:
            raise JobState(status=self.status.name)
