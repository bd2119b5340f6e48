"""The applications of a company: one statement, the right columns, order, pages and total."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from weneeds.jobs.v1.application_service_pb2 import (
    ListApplicationsRequest,
    ListApplicationsResponse,
)

from services.jobs.app.applications import Applications
from services.jobs.rpc.applications import ApplicationRpc
from services.jobs.store.applications import PgApplicationStore
from services.kit.db import Database, Query, acquire
from tests.mesh.house.conftest import Kit

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
RECEIVED, SHORTLISTED = 1, 2
# What a row of the list shows, and what pages need.
COLUMNS = {
    "total", "id", "status", "matching_score", "receipt_id", "created_at",
    "candidate_id", "first_name", "email", "candidate_city",
    "job_id", "job_title", "company_name",
    "meeting_id", "starts_at", "duration_minutes", "place",
}  # fmt: skip

_COMPANY = Query.text("insert into companies (id, name) values (cast(:id as uuid), 'Fictive SAS')")
_JOB = Query.text(
    """
    insert into jobs (id, company_id, recruiter_id, title, description, skills, contract_type,
                      city, min_experience_years, languages, locale, premium, status, version,
                      created_at)
    values (cast(:id as uuid), cast(:company as uuid), cast(:company as uuid), 'Menuisière', '',
            '{}', 1, '', 0, '[]', 'fr', false, 2, 1, :at)
    """
)
_PERSON = Query.text(
    "insert into people (user_id, email, first_name)"
    " values (cast(:id as uuid), 'fictive@example.org', 'Fictive')"
)
_CANDIDATE = Query.text(
    """
    insert into candidates (id, title, summary, experiences, skills, languages, city, postal_code,
                            country, contract_types, locale, version, updated_at)
    values (cast(:id as uuid), '', '', '[]', '{}', '[]', 'Lyon', '', '', '{}', 'fr', 1, :at)
    """
)
_APPLICATION = Query.text(
    """
    insert into applications (id, job_id, company_id, candidate_id, status, matching_score,
                              created_at)
    values (cast(:id as uuid), cast(:job as uuid), cast(:company as uuid),
            cast(:candidate as uuid), :status, 50, :at)
    """
)
_MEETING = Query.text(
    """
    insert into meetings (id, application_id, starts_at, duration_minutes, place)
    values (cast(:id as uuid), cast(:application as uuid), :at, 30, 'Lyon')
    """
)


@dataclass
class Shelf:
    """A company with applications, and the RPC that lists them."""

    kit: Kit
    rpc: ApplicationRpc
    statements: list[str]
    database: Database
    company_id: str = field(default_factory=lambda: str(uuid4()))
    # (created_at, id, status), as inserted.
    rows: list[tuple[datetime, str, int]] = field(default_factory=list)

    async def fill(self, count: int, *, tied: int = 1) -> None:
        """Insert so many applications; `tied` of them share each moment."""
        job = str(uuid4())
        async with self.kit.work() as work:
            await work.execute(_COMPANY, id=self.company_id)
            await work.execute(_JOB, id=job, company=self.company_id, at=START)
            for number in range(count):
                at = START + timedelta(minutes=number // tied)
                key, candidate = str(uuid4()), str(uuid4())
                status = SHORTLISTED if number % 3 == 0 else RECEIVED
                await work.execute(_PERSON, id=candidate)
                await work.execute(_CANDIDATE, id=candidate, at=at)
                await work.execute(
                    _APPLICATION,
                    id=key,
                    job=job,
                    company=self.company_id,
                    candidate=candidate,
                    status=status,
                    at=at,
                )
                if number % 2:
                    await work.execute(_MEETING, id=str(uuid4()), application=key, at=at)
                self.rows.append((at, key, status))

    @property
    def newest_first(self) -> list[str]:
        return [key for _, key, _ in sorted(self.rows, reverse=True)]

    async def list(self, **more: Any) -> ListApplicationsResponse:
        self.statements.clear()
        request = ListApplicationsRequest(company_id=self.company_id, **more)
        answer = await self.rpc.ListApplications(request, None)
        # The driver tells its loggers in the loop's next turn.
        await asyncio.sleep(0)
        return answer


@pytest.fixture
async def shelf(kit: Kit) -> AsyncIterator[Shelf]:
    # One connection, so that a single logger sees every statement.
    database = await Database.connect(kit.stores.database_url, size=1)
    statements: list[str] = []
    async with acquire(database.reader_pool) as connection:
        connection.add_query_logger(lambda record: statements.append(record.query))
    unused = cast("Any", None)
    applications = Applications(
        kit.work,
        PgApplicationStore(database.reader),
        unused,
        unused,
        unused,
        unused,
        kit.clock,
        kit.ids,
    )
    yield Shelf(kit, ApplicationRpc(applications), statements, database)
    await database.close()


def ids(answer: ListApplicationsResponse) -> list[str]:
    return [application.id for application in answer.applications]


@pytest.mark.parametrize("count", [0, 1, 10, 100])
async def test_one_statement_whatever_the_number_of_rows(shelf: Shelf, count: int) -> None:
    await shelf.fill(count)
    answer = await shelf.list(page_size=100)
    assert len(shelf.statements) == 1
    assert len(answer.applications) == answer.total_size == count
    filled = [a for a in answer.applications if a.candidate.email and a.job.company_name]
    assert len(filled) == count
    assert sum(a.HasField("meeting") for a in answer.applications) == count // 2


async def test_the_statement_reads_what_the_row_shows(shelf: Shelf) -> None:
    await shelf.fill(1)
    await shelf.list()
    async with acquire(shelf.database.reader_pool) as connection:
        prepared = await connection.prepare(shelf.statements[0])
        assert {attribute.name for attribute in prepared.get_attributes()} == COLUMNS


async def test_the_answer_shows_no_more(shelf: Shelf) -> None:
    await shelf.fill(2)
    [shown, _] = (await shelf.list()).applications
    assert {f.name for f in shown.DESCRIPTOR.fields} == {
        "id", "status", "matching_score", "created_at", "candidate", "job", "meeting", "receipt_id",
    }  # fmt: skip
    assert {f.name for f in shown.candidate.DESCRIPTOR.fields} == {
        "id",
        "first_name",
        "email",
        "city",
    }
    assert {f.name for f in shown.job.DESCRIPTOR.fields} == {"id", "title", "company_name"}
    assert (shown.candidate.first_name, shown.job.title) == ("Fictive", "Menuisière")
    assert (shown.matching_score, shown.job.company_name) == (50, "Fictive SAS")


async def test_newest_first_and_ties_by_id(shelf: Shelf) -> None:
    await shelf.fill(12, tied=4)
    assert ids(await shelf.list()) == shelf.newest_first


@pytest.mark.parametrize("size", [1, 3, 5, 12])
async def test_tokens_turn_every_page_once(shelf: Shelf, size: int) -> None:
    await shelf.fill(12, tied=4)
    seen, token, pages = [], "", 0
    while pages == 0 or token:
        answer = await shelf.list(page_size=size, page_token=token)
        assert len(shelf.statements) == 1
        assert answer.total_size == 12
        seen += ids(answer)
        token, pages = answer.next_page_token, pages + 1
    assert seen == shelf.newest_first
    assert pages == -(-12 // size)


@pytest.mark.parametrize(("skip", "shown"), [(0, 5), (5, 5), (10, 2), (12, 0), (10_000, 0)])
async def test_numbered_pages_and_the_end(shelf: Shelf, skip: int, shown: int) -> None:
    await shelf.fill(12, tied=3)
    answer = await shelf.list(page_size=5, skip=skip)
    assert ids(answer) == shelf.newest_first[skip : skip + shown]
    assert answer.total_size == 12
    assert len(shelf.statements) == 1


async def test_the_total_counts_what_the_filter_lets_through(shelf: Shelf) -> None:
    await shelf.fill(12)
    wanted = [key for at, key, status in sorted(shelf.rows, reverse=True) if status == SHORTLISTED]
    for skip in (0, 2, 50):
        answer = await shelf.list(status=SHORTLISTED, page_size=2, skip=skip)
        assert answer.total_size == len(wanted) == 4
        assert ids(answer) == wanted[skip : skip + 2]
