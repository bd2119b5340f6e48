"""People, companies, jobs and applications, made through the public gateway.

Everybody here is fictitious, and each test makes its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from uuid import uuid4

from google.protobuf.field_mask_pb2 import FieldMask
from weneeds import AsyncWeNeeds
from weneeds.jobs.v1.application_pb2 import Application
from weneeds.jobs.v1.candidate_pb2 import Profile
from weneeds.jobs.v1.job_pb2 import CONTRACT_TYPE_CDI, Job

Role = Literal["USER_ROLE_CANDIDATE", "USER_ROLE_RECRUITER"]
T = TypeVar("T")

PASSWORD = "correct horse battery"
CANDIDATE: Role = "USER_ROLE_CANDIDATE"
RECRUITER: Role = "USER_ROLE_RECRUITER"


@dataclass(frozen=True)
class Person:
    """A signed-in fictitious person."""

    client: AsyncWeNeeds
    id: str
    email: str

    @property
    def token(self) -> str:
        assert self.client.tokens is not None
        return self.client.tokens.access_token

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class Team:
    """A recruiter who founded a company, and one published job of it."""

    recruiter: Person
    company_id: str
    job_id: str


async def person(client: AsyncWeNeeds, role: Role) -> Person:
    """Register somebody and sign them in. `client` lends its connection."""
    own = client.with_token(None)
    email = f"house-{uuid4()}@example.org"
    made = await own.accounts.register(
        email=email, password=PASSWORD, first_name="Fictive", last_name="Personne", role=role
    )
    await own.sessions.sign_in(email=email, password=PASSWORD)
    return Person(own, made.user.id, email)


async def team(client: AsyncWeNeeds) -> Team:
    """Found a company with one published job."""
    recruiter = await person(client, RECRUITER)
    company = (await recruiter.client.companies.create_company(name="Fictive SAS")).company
    job_id = await published(recruiter, company.id)
    return Team(recruiter, company.id, job_id)


def draft(company_id: str, title: str = "Développeur Python") -> Job:
    """A job that can be published."""
    return Job(
        company_id=company_id,
        title=title,
        description="Une équipe fictive cherche une personne qui écrit du Python.",
        skills=["Python", "SQL"],
        contract_type=CONTRACT_TYPE_CDI,
        city="Lyon",
        locale="fr",
    )


async def published(recruiter: Person, company_id: str) -> str:
    """Create and publish a job; return its id."""
    jobs = recruiter.client.jobs
    job = (await jobs.create_job(job=draft(company_id))).job
    await jobs.publish_job(job_id=job.id)
    return job.id


async def candidate(client: AsyncWeNeeds) -> Person:
    """Somebody with a profile."""
    seeker = await person(client, CANDIDATE)
    await seeker.client.candidates.update_profile(
        profile=Profile(title="Développeuse Python", skills=["Python", "SQL"], locale="fr"),
        update_mask=FieldMask(paths=["title", "skills", "locale"]),
    )
    return seeker


async def applied(seeker: Person, job_id: str) -> Application:
    """Apply to a job."""
    return (await seeker.client.applications.apply(job_id=job_id)).application


async def eventually(
    look: Callable[[], Awaitable[T | None]], seconds: float = 30, what: str = ""
) -> T:
    """Ask until there is an answer; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while (found := await look()) is None:
        assert time.monotonic() < deadline, f"nothing after {seconds} s: {what or look}"
        await asyncio.sleep(0.05)
    return found


async def holds(check: Callable[[], Any], seconds: float = 30, what: str = "") -> None:
    """Wait until the plain function `check` is true."""

    async def look() -> bool | None:
        return True if check() else None

    await eventually(look, seconds, what)
