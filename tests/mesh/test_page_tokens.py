"""Page tokens: opaque, bound to one list, one filter and one caller, and never trusted."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.message import Message
from weneeds import AsyncWeNeeds
from weneeds.jobs.v1 import job_service_pb2 as jobs_pb

from services.kit.contract import Method
from tests.support.contract import PUBLIC, over_grpc, refused_over_grpc
from tests.support.people import RECRUITER, Team, draft, person

pytestmark = pytest.mark.mesh

LIST = next(method for method in PUBLIC if method.name == "ListApplications")
COMPANY_JOBS = next(method for method in PUBLIC if method.name == "ListCompanyJobs")


def _with_keys(*keys: object) -> Callable[[str], str]:
    """Keep a token's binding, put other sort keys behind it."""

    def forge(token: str) -> str:
        binding = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))[0]
        text = json.dumps([binding, *keys])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    return forge


NOW = int(datetime.now(UTC).timestamp() * 1_000_000)


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: token[:-3],
        lambda token: "x" + token,
        lambda token: "é" * 10,
        lambda token: base64.urlsafe_b64encode(b"[" * 200).decode(),
        _with_keys(),
        _with_keys(NOW),
        _with_keys(NOW, 7),
        _with_keys("now", str(uuid4())),
        _with_keys(NOW, "not an id"),
        _with_keys(10**30, str(uuid4())),
        _with_keys(-(10**17), str(uuid4())),
        _with_keys(True, str(uuid4())),
    ],
)
async def test_forged_page_tokens(
    forge: Callable[[str], str], staff: Team, channel: grpc.aio.Channel
) -> None:
    listed: Any = await over_grpc(
        channel,
        COMPANY_JOBS,
        jobs_pb.ListCompanyJobsRequest(company_id=(await two_jobs(staff)), page_size=1),
        staff.recruiter.bearer,
    )
    request = jobs_pb.ListCompanyJobsRequest(
        company_id=staff.company_id, page_size=1, page_token=forge(listed.next_page_token)
    )
    problem = await refused_over_grpc(channel, COMPANY_JOBS, request, staff.recruiter.bearer)
    assert (problem.reason, problem.fields) == ("PAGE_TOKEN_INVALID", ["page_token"])


_with_two_jobs: set[str] = set()


async def two_jobs(staff: Team) -> str:
    """Make sure that the company's list has a second page; return the company."""
    if staff.company_id not in _with_two_jobs:
        await staff.recruiter.client.jobs.create_job(job=draft(staff.company_id, "Second job"))
        _with_two_jobs.add(staff.company_id)
    return staff.company_id


async def test_page_tokens_belong_to_one_list_one_filter_and_one_caller(
    staff: Team, guest: AsyncWeNeeds, channel: grpc.aio.Channel
) -> None:
    company_id = await two_jobs(staff)
    ask = jobs_pb.ListCompanyJobsRequest
    first: Any = await over_grpc(
        channel, COMPANY_JOBS, ask(company_id=company_id, page_size=1), staff.recruiter.bearer
    )
    token = first.next_page_token
    # The size of the next page may be another.
    size = ask(company_id=company_id, page_size=2, page_token=token)
    assert await over_grpc(channel, COMPANY_JOBS, size, staff.recruiter.bearer)
    colleague = await colleague_of(staff, guest)
    others: list[tuple[Method, Message, dict[str, str]]] = [
        (
            COMPANY_JOBS,
            ask(company_id=company_id, status=2, page_token=token),
            staff.recruiter.bearer,
        ),
        (LIST, LIST.request(company_id=company_id, page_token=token), staff.recruiter.bearer),
        (COMPANY_JOBS, ask(company_id=company_id, page_size=1, page_token=token), colleague),
    ]
    for method, request, headers in others:
        problem = await refused_over_grpc(channel, method, request, headers)
        assert problem.reason == "PAGE_TOKEN_INVALID"


async def colleague_of(staff: Team, guest: AsyncWeNeeds) -> dict[str, str]:
    colleague = await person(guest, RECRUITER)
    await staff.recruiter.client.companies.add_collaborator(
        company_id=staff.company_id, email=colleague.email, role="COMPANY_ROLE_VIEWER"
    )
    return colleague.bearer
