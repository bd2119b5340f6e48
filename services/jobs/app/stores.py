"""What the use cases ask of the stores and of the outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.jobs.domain.applications import Application, ApplicationStatus, Meeting
from services.jobs.domain.candidates import Profile
from services.jobs.domain.jobs import Job, JobStatus
from services.kit.call import User
from services.kit.db import Row
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class FixedScore:
    """A score that matching fixed, and its proof."""

    points: int
    receipt_id: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A person's name and address, for lists."""

    user_id: str
    email: str
    first_name: str


class JobStore(Protocol):
    """Jobs in Postgres."""

    async def get(self, job_id: str) -> Job | None: ...
    async def many(self, job_ids: Sequence[str]) -> list[Job]: ...
    async def lock(self, work: UnitOfWork, job_id: str) -> Job | None: ...
    async def insert(self, work: UnitOfWork, job: Job) -> None: ...
    async def save(self, work: UnitOfWork, job: Job) -> None: ...
    async def delete(self, work: UnitOfWork, job_id: str) -> None: ...
    async def open_jobs(self, page: Page) -> Listing[Job]: ...
    async def company_jobs(
        self, page: Page, company_id: str, status: JobStatus | None
    ) -> Listing[Job]: ...


class CandidateStore(Protocol):
    """Profiles in Postgres."""

    async def get(self, candidate_id: str) -> Profile | None: ...
    async def many(self, candidate_ids: Sequence[str]) -> list[Profile]: ...
    async def lock(self, work: UnitOfWork, candidate_id: str) -> Profile | None: ...
    async def save(self, work: UnitOfWork, profile: Profile) -> bool: ...


class ApplicationStore(Protocol):
    """Applications in Postgres."""

    async def insert(self, work: UnitOfWork, application: Application) -> None: ...
    async def lock(self, work: UnitOfWork, application_id: str) -> Application | None: ...
    async def save(self, work: UnitOfWork, application: Application) -> None: ...
    async def put_meeting(
        self, work: UnitOfWork, application_id: str, meeting: Meeting
    ) -> None: ...
    async def row(self, application_id: str, work: UnitOfWork | None = None) -> Row | None: ...
    async def of_company(
        self, page: Page, company_id: str, job_id: str, status: ApplicationStatus | None
    ) -> Listing[Row]: ...
    async def of_candidate(self, page: Page, candidate_id: str) -> Listing[Row]: ...


class ErasureStore(Protocol):
    """What is to be erased with an account, in Postgres."""

    async def forget(self, work: UnitOfWork, user_id: str) -> None: ...
    async def open_applications(self, work: UnitOfWork, user_id: str) -> list[Application]: ...
    async def blank_profile(self, work: UnitOfWork, user_id: str, at: datetime) -> None: ...


class ProjectionStore(Protocol):
    """Other services' facts, kept here for lists."""

    async def put_company(self, work: UnitOfWork, company_id: str, name: str) -> None: ...
    async def put_people(self, work: UnitOfWork, people: Sequence[Contact]) -> None: ...


class Scoring(Protocol):
    """Fixes matching scores."""

    async def score(self, application_id: str, job_id: str, candidate_id: str) -> FixedScore | None:
        """Return the fixed score, or None when matching does not answer in time."""


class Contacts(Protocol):
    """Knows how to reach people."""

    async def contacts(self, user_ids: Sequence[str]) -> list[Contact]:
        """Return who is known; raise DependencyDown when auth does not answer."""


class Collaborators(Protocol):
    """Knows who acts for a company."""

    async def is_collaborator(self, user: User, company_id: str) -> bool: ...


class Prices(Protocol):
    """Knows what an interview costs."""

    def of(self, action: int) -> int:
        """Return the price of an action in micro-euros."""
