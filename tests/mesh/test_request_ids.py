"""The same request twice: one answer, one effect; whoever sends it, however often at once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from weneeds import AlreadyExists, AsyncWeNeeds, WeNeedsError
from weneeds.jobs.v1 import application_pb2

from tests.support import errors
from tests.support.people import Team, applied, candidate, draft

pytestmark = pytest.mark.mesh

AT_ONCE = 10


async def titles(staff: Team) -> list[str]:
    pager = staff.recruiter.client.jobs.list_company_jobs(company_id=staff.company_id)
    return [job.title async for job in pager]


async def test_ten_at_once_make_one_job(staff: Team) -> None:
    jobs = staff.recruiter.client.jobs
    request_id, title = str(uuid4()), f"Job {uuid4()}"
    answers = await asyncio.gather(
        *(
            jobs.create_job(request_id=request_id, job=draft(staff.company_id, title))
            for _ in range(AT_ONCE)
        )
    )
    assert len({answer.SerializeToString() for answer in answers}) == 1
    assert (await titles(staff)).count(title) == 1
    with pytest.raises(AlreadyExists) as refused:
        await jobs.create_job(request_id=request_id, job=draft(staff.company_id, "Another"))
    assert refused.value.reason == "REQUEST_ID_REUSED"
    assert "Another" not in await titles(staff)


async def test_ten_at_once_make_one_application(staff: Team, guest: AsyncWeNeeds) -> None:
    seeker = await candidate(guest)
    applications = seeker.client.applications
    request_id = str(uuid4())
    answers = await asyncio.gather(
        *(applications.apply(request_id=request_id, job_id=staff.job_id) for _ in range(AT_ONCE))
    )
    assert len({answer.SerializeToString() for answer in answers}) == 1
    assert (await applications.list_my_applications().page()).total_size == 1
    # Another id is another request, and the second application of the same person.
    with pytest.raises(AlreadyExists) as refused:
        await applications.apply(request_id=str(uuid4()), job_id=staff.job_id)
    assert refused.value.reason == "ALREADY_APPLIED"


async def test_ten_at_once_under_ids_of_their_own(staff: Team, guest: AsyncWeNeeds) -> None:
    seeker = await candidate(guest)
    answers = await asyncio.gather(
        *(seeker.client.applications.apply(job_id=staff.job_id) for _ in range(AT_ONCE)),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, WeNeedsError)]
    assert len(refused) == AT_ONCE - 1
    assert {error.reason for error in refused} == {"ALREADY_APPLIED"}


async def test_an_interview_is_recorded_and_billed_once(staff: Team, guest: AsyncWeNeeds) -> None:
    recruiter = staff.recruiter.client
    application = await applied(await candidate(guest), staff.job_id)
    await recruiter.applications.move_application(
        application_id=application.id, status=application_pb2.APPLICATION_STATUS_SHORTLISTED
    )
    request = {
        "request_id": str(uuid4()),
        "application_id": application.id,
        "outcome": application_pb2.INTERVIEW_OUTCOME_SUCCEEDED,
    }
    record: Any = recruiter.applications.record_interview
    answers = await asyncio.gather(*(record(**request) for _ in range(AT_ONCE)))
    assert len({answer.SerializeToString() for answer in answers}) == 1
    with pytest.raises(AlreadyExists) as refused:
        await record(**{**request, "outcome": application_pb2.INTERVIEW_OUTCOME_FAILED})
    assert refused.value.reason == "REQUEST_ID_REUSED"


async def test_a_meeting_is_put_down_once(staff: Team, guest: AsyncWeNeeds) -> None:
    application = await applied(await candidate(guest), staff.job_id)
    request: dict[str, Any] = {
        "request_id": str(uuid4()),
        "application_id": application.id,
        "starts_at": Timestamp(seconds=1_900_000_000),
        "duration_minutes": 30,
        "place": "Lyon",
    }
    schedule = staff.recruiter.client.applications.schedule_meeting
    ids = [(await schedule(**request)).application.meeting.id for _ in range(3)]
    assert len(set(ids)) == 1


async def test_an_id_belongs_to_its_caller(
    staff: Team, guest: AsyncWeNeeds, rest: httpx.AsyncClient
) -> None:
    """Nobody gets another's answer by sending another's id."""
    request_id = str(uuid4())
    answers = []
    for seeker in [await candidate(guest) for _ in range(2)]:
        answer = await rest.post(
            f"/api/v1/jobs/{staff.job_id}/applications",
            json={"requestId": request_id},
            headers=seeker.bearer,
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["application"]["candidate"]["id"] == seeker.id
        answers.append(answer.json()["application"]["id"])
    assert len(set(answers)) == 2


async def test_what_was_refused_may_be_mended(staff: Team, rest: httpx.AsyncClient) -> None:
    """A refused request has claimed nothing: the id is still free."""
    body = {"requestId": str(uuid4()), "name": "x"}
    answer = await rest.post("/api/v1/companies", json=body, headers=staff.recruiter.bearer)
    assert errors.of_rest(answer).fields == ["name"]
    mended = {**body, "name": "Maison Fictive"}
    answer = await rest.post("/api/v1/companies", json=mended, headers=staff.recruiter.bearer)
    assert answer.status_code == 200, answer.text
