"""Applications in Postgres."""

from __future__ import annotations

import asyncpg
from sqlalchemy import bindparam, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.jobs.domain.applications import (
    Application,
    ApplicationStatus,
    InterviewOutcome,
    Meeting,
)
from services.jobs.domain.errors import AlreadyApplied
from services.jobs.store.pages import PagedQuery
from services.jobs.store.tables import applications, meetings
from services.kit.chain.policy import Ownership
from services.kit.db import Query, Reader, Row
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork

_COLUMNS = [column.name for column in applications.columns]
_INSERT = Query(insert(applications).values({name: bindparam(name) for name in _COLUMNS}))
_UPDATE = Query(
    update(applications)
    .where(applications.c.id == bindparam("id"))
    .values(
        status=bindparam("status", type_=applications.c.status.type),
        interview_outcome=bindparam(
            "interview_outcome", type_=applications.c.interview_outcome.type
        ),
    )
)
_meeting = upsert(meetings).values({c.name: bindparam(c.name) for c in meetings.columns})
_PUT_MEETING = Query(
    _meeting.on_conflict_do_update(
        index_elements=["application_id"],
        set_={c.name: _meeting.excluded[c.name] for c in meetings.columns},
    )
)
_LOCK = Query.text("select * from applications where id = cast(:id as uuid) for update")
_OWNER = Query.text(
    "select company_id, candidate_id from applications where id = cast(:id as uuid)"
)
# Just what a row of a list shows, and nothing else of the joined tables.
_SELECT = """
    x.id, x.status, x.matching_score, x.receipt_id, x.created_at,
    x.candidate_id, p.first_name, p.email, k.city as candidate_city,
    x.job_id, j.title as job_title, c.name as company_name,
    m.id as meeting_id, m.starts_at, m.duration_minutes, m.place
"""
_JOINS = """
    join jobs j on j.id = x.job_id
    join candidates k on k.id = x.candidate_id
    left join people p on p.user_id = x.candidate_id
    left join companies c on c.id = x.company_id
    left join meetings m on m.application_id = x.id
"""
_ROW = Query.text(f"select {_SELECT} from applications x {_JOINS} where x.id = cast(:id as uuid)")  # noqa: S608 - constants
_COMPANY = PagedQuery(
    "applications",
    _SELECT,
    _JOINS,
    "x.company_id = cast(:company_id as uuid)",
    {
        "job_id": "x.job_id = cast(:job_id as uuid)",
        "status": "x.status = cast(:status as smallint)",
    },
)
_CANDIDATE = PagedQuery(
    "applications", _SELECT, _JOINS, "x.candidate_id = cast(:candidate_id as uuid)", {}
)


class PgApplicationStore:
    """The ApplicationStore on Postgres."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def insert(self, work: UnitOfWork, application: Application) -> None:
        """Write a new application; raise AlreadyApplied on a second one to the same job."""
        try:
            await work.execute(_INSERT, **{n: getattr(application, n) for n in _COLUMNS})
        except asyncpg.UniqueViolationError as error:
            raise AlreadyApplied from error

    async def lock(self, work: UnitOfWork, application_id: str) -> Application | None:
        """Return an application and keep others from changing it until the commit."""
        row = await work.fetch_one(_LOCK, id=application_id)
        return application_of(row) if row else None

    async def save(self, work: UnitOfWork, application: Application) -> None:
        """Write a changed application."""
        await work.execute(
            _UPDATE,
            id=application.id,
            status=application.status,
            interview_outcome=application.interview_outcome,
        )

    async def put_meeting(self, work: UnitOfWork, application_id: str, meeting: Meeting) -> None:
        """Set or replace the meeting of an application."""
        await work.execute(
            _PUT_MEETING,
            id=meeting.id,
            application_id=application_id,
            starts_at=meeting.starts_at,
            duration_minutes=meeting.duration_minutes,
            place=meeting.place,
        )

    async def row(self, application_id: str, work: UnitOfWork | None = None) -> Row | None:
        """Return one application as lists show it."""
        return await (work or self._reader).fetch_one(_ROW, id=application_id)

    async def of_company(
        self, page: Page, company_id: str, job_id: str, status: ApplicationStatus | None
    ) -> Listing[Row]:
        """Return a company's applications, newest first, in one statement."""
        return await _COMPANY.fetch(
            self._reader,
            page,
            company_id=company_id,
            job_id=job_id or None,
            status=status.value if status else None,
        )

    async def of_candidate(self, page: Page, candidate_id: str) -> Listing[Row]:
        """Return a candidate's applications, newest first, in one statement."""
        return await _CANDIDATE.fetch(self._reader, page, candidate_id=candidate_id)

    async def owner(self, application_id: str) -> Ownership | None:
        """Tell whose an application is: the company's and the candidate's."""
        row = await self._reader.fetch_one(_OWNER, id=application_id)
        return Ownership(row["company_id"], row["candidate_id"]) if row else None


def application_of(row: Row) -> Application:
    """Build an application from its row."""
    outcome = row["interview_outcome"]
    return Application(
        id=row["id"],
        job_id=row["job_id"],
        company_id=row["company_id"],
        candidate_id=row["candidate_id"],
        created_at=row["created_at"],
        status=ApplicationStatus(row["status"]),
        matching_score=row["matching_score"],
        receipt_id=row["receipt_id"],
        interview_outcome=InterviewOutcome(outcome) if outcome else None,
    )
