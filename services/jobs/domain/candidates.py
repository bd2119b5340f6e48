"""Profiles of candidates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.jobs.domain.jobs import LanguageSkill
from services.kit.errors import VersionConflict


@dataclass(frozen=True, slots=True)
class CalendarDate:
    """A date whose day may be unknown (0)."""

    year: int
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Experience:
    """One position held; `end` is None while it lasts."""

    title: str
    company: str
    start: CalendarDate
    end: CalendarDate | None
    contract_type: int
    description: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What a candidate tells employers. The id is the user's."""

    candidate_id: str
    updated_at: datetime
    title: str = ""
    summary: str = ""
    experiences: tuple[Experience, ...] = ()
    skills: tuple[str, ...] = ()
    languages: tuple[LanguageSkill, ...] = ()
    city: str = ""
    postal_code: str = ""
    country: str = "FR"
    contract_types: tuple[int, ...] = ()
    locale: str = "fr"
    version: int = 0

    def changed(self, changes: dict[str, Any], expected_version: int, now: datetime) -> Profile:
        """Return the profile with `changes`; an expected version of 0 is not checked."""
        if expected_version and expected_version != self.version:
            raise VersionConflict
        return replace(self, **changes, version=self.version + 1, updated_at=now)
