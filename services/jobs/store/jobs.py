"""Jobs in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, update

from services.jobs.domain.jobs import Job, JobStatus, LanguageSkill
from services.jobs.store.pages import PagedQuery
from services.jobs.store.tables import jobs
from services.kit.chain.policy import Ownership
from services.kit.db import Query, Reader, Row
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork

_COLUMNS = [column.name for column in jobs.columns]
_CHANGING = [name for name in _COLUMNS if name not in ("id", "company_id", "created_at")]
_INSERT = Query(insert(jobs).values({name: bindparam(name) for name in _COLUMNS}))
_UPDATE = Query(
    update(jobs)
    .where(jobs.c.id == bindparam("id"))
    .values({name: bindparam(name) for name in _CHANGING})
)
_DELETE = Query(delete(jobs).where(jobs.c.id == bindparam("id")))
_SELECT = (
    "select x.*, c.name as company_name from jobs x left join companies c on c.id = x.company_id"
)
_GET = Query.text(f"{_SELECT} where x.id = cast(:id as uuid)")
_MANY = Query.text(f"{_SELECT} where x.id = any(cast(:ids as uuid[]))")
_LOCK = Query.text(f"{_SELECT} where x.id = cast(:id as uuid) for update of x")
_OWNER = Query.text("select company_id from jobs where id = cast(:id as uuid)")
_JOIN = "left join companies c on c.id = x.company_id"
_LIST = "x.*, c.name as company_name"
_OPEN = PagedQuery("jobs", _LIST, _JOIN, f"x.status = {JobStatus.OPEN.value}", {})
_COMPANY = PagedQuery(
    "jobs",
    _LIST,
    _JOIN,
    "x.company_id = cast(:company_id as uuid)",
    {"status": "x.status = cast(:status as smallint)"},
)


class PgJobStore:
    """The JobStore on Postgres."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def get(self, job_id: str) -> Job | None:
        """Return a job."""
        row = await self._reader.fetch_one(_GET, id=job_id)
        return _job(row) if row else None

    async def many(self, job_ids: Sequence[str]) -> list[Job]:
        """Return those of the jobs that exist."""
        return [_job(row) for row in await self._reader.fetch(_MANY, ids=list(job_ids))]

    async def lock(self, work: UnitOfWork, job_id: str) -> Job | None:
        """Return a job and keep others from changing it until the commit."""
        row = await work.fetch_one(_LOCK, id=job_id)
        return _job(row) if row else None

    async def insert(self, work: UnitOfWork, job: Job) -> None:
        """Write a new job."""
        await work.execute(_INSERT, **_values(job))

    async def save(self, work: UnitOfWork, job: Job) -> None:
        """Write a changed job."""
        await work.execute(_UPDATE, **_values(job))

    async def delete(self, work: UnitOfWork, job_id: str) -> None:
        """Delete a job."""
        await work.execute(_DELETE, id=job_id)

    async def open_jobs(self, page: Page) -> Listing[Job]:
        """Return open jobs, newest first."""
        return _jobs(await _OPEN.fetch(self._reader, page))

    async def company_jobs(
        self, page: Page, company_id: str, status: JobStatus | None
    ) -> Listing[Job]:
        """Return a company's jobs, newest first."""
        number = status.value if status else None
        listing = await _COMPANY.fetch(self._reader, page, company_id=company_id, status=number)
        return _jobs(listing)

    async def owner(self, job_id: str) -> Ownership | None:
        """Tell whose a job is."""
        row = await self._reader.fetch_one(_OWNER, id=job_id)
        return Ownership(company_id=row["company_id"]) if row else None


def _job(row: Row) -> Job:
    return Job(
        **{name: row[name] for name in _COLUMNS if name not in ("languages", "status", "skills")},
        skills=tuple(row["skills"]),
        languages=languages(row["languages"]),
        status=JobStatus(row["status"]),
        company_name=row["company_name"] or "",
    )


def _jobs(listing: Listing[Row]) -> Listing[Job]:
    return Listing([_job(row) for row in listing.rows], listing.total)


def languages(stored: list[dict[str, Any]]) -> tuple[LanguageSkill, ...]:
    """Build language skills from their JSON."""
    return tuple(LanguageSkill(item["code"], item["level"]) for item in stored)


def languages_json(spoken: Sequence[LanguageSkill]) -> list[dict[str, Any]]:
    """Return language skills as JSON."""
    return [{"code": item.code, "level": item.level} for item in spoken]


def _values(job: Job) -> Mapping[str, Any]:
    plain = {name: getattr(job, name) for name in _COLUMNS}
    return {
        **plain,
        "skills": list(job.skills),
        "languages": languages_json(job.languages),
        "status": job.status.value,
    }
