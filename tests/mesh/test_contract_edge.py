"""Bad input through the gateway: refused in the documented shape, and nothing leaks."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import grpc
import httpx
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from weneeds import AsyncWeNeeds
from weneeds.auth.v1.account_service_pb2 import RegisterRequest
from weneeds.jobs.v1 import application_service_pb2 as applications_pb

from tests.support import errors
from tests.support.contract import PUBLIC, path_of, refused_over_grpc
from tests.support.people import Team, applied, candidate, published

pytestmark = pytest.mark.mesh

Json = dict[str, Any]
BY_PATH = {path_of(method): method for method in PUBLIC}
CREATE_JOB = BY_PATH["jobs.v1.JobService/CreateJob"]
REGISTER = BY_PATH["auth.v1.AccountService/Register"]
MEETING = BY_PATH["jobs.v1.ApplicationService/ScheduleMeeting"]


def job_body(company_id: str) -> Json:
    """A job that would be taken."""
    return {
        "requestId": str(uuid4()),
        "job": {
            "companyId": company_id,
            "title": "Menuisière",
            "description": "Une maison fictive cherche quelqu'un.",
            "languages": [{"code": "fr", "level": "LANGUAGE_LEVEL_B2"}],
        },
    }


def changed(body: Json, dotted: str, value: object) -> Json:
    """The body with one key set."""
    made: Json = json.loads(json.dumps(body))
    *parents, leaf = dotted.split(".")
    target: Any = made
    for name in parents:
        target = target[int(name)] if name.isdigit() else target[name]
    target[leaf] = value
    return made


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("jobb", {}, "jobb"),
        ("job.titel", "x", "job.titel"),
        ("job.languages.0.kode", "fr", "job.languages.kode"),
        ("job.title", "x", "job.title"),
        ("job.title", "x" * 161, "job.title"),
        ("job.skills", [""], "job.skills[0]"),
        ("job.skills", ["a", "a"], "job.skills"),
        ("job.languages.0.code", "FRA", "job.languages[0].code"),
        ("job.minExperienceYears", -1, "job.min_experience_years"),
        ("job.locale", "de", "job.locale"),
        ("requestId", "again", "request_id"),
        ("job.title", "Menuisi\0re", "job.title"),
        ("job.skills", ["bois", "co\0lle"], "job.skills[1]"),
        ("job.languages.0.code", "\0\0", "job.languages[0].code"),
    ],
)
async def test_wrong_fields_are_named(
    key: str, value: object, field: str, staff: Team, rest: httpx.AsyncClient
) -> None:
    body = changed(job_body(staff.company_id), key, value)
    answer = await rest.post("/api/v1/jobs", json=body, headers=staff.recruiter.bearer)
    problem = errors.of_rest(answer)
    assert (problem.reason, problem.domain) == ("INVALID_FIELDS", "jobs.weneeds.fr")
    assert field in problem.fields


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("job", 7),
        ("job.title", {"text": "x"}),
        ("job.minExperienceYears", "many"),
        ("job.minExperienceYears", 3_000_000_000),
        ("job.contractType", "CONTRACT_TYPE_FOREVER"),
        ("job.createdAt", "yesterday"),
        ("job.salaryMin", {"units": 1.5}),
    ],
)
async def test_wrong_types_are_refused(
    key: str, value: object, staff: Team, rest: httpx.AsyncClient
) -> None:
    body = changed(job_body(staff.company_id), key, value)
    answer = await rest.post("/api/v1/jobs", json=body, headers=staff.recruiter.bearer)
    problem = errors.of_rest(answer)
    assert answer.status_code == 400
    assert problem.reason in {"REQUEST_MALFORMED", "INVALID_FIELDS"}


async def test_the_body_that_the_others_spoil_is_good(staff: Team, rest: httpx.AsyncClient) -> None:
    body = job_body(staff.company_id)
    answer = await rest.post("/api/v1/jobs", json=body, headers=staff.recruiter.bearer)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"job":', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"job=1", "application/x-www-form-urlencoded", 415),
        (b'{"requestId":"' + b"x" * 1_100_000 + b'"}', "application/json", 413),
    ],
    ids=["cut off", "not UTF-8", "deep", "text", "form", "large"],
)
async def test_bodies_that_are_none(
    content: bytes, kind: str, status: int, staff: Team, rest: httpx.AsyncClient
) -> None:
    headers = {**staff.recruiter.bearer, "content-type": kind}
    answer = await rest.post("/api/v1/jobs", content=content, headers=headers)
    assert answer.status_code == status
    assert errors.of_rest(answer).domain == errors.GATEWAY


@pytest.mark.parametrize(
    "query",
    ["companyId={id}&colour=red", "companyId={id}&pageSize=ten", "companyId={id}&page_size.x=1"],
)
async def test_unknown_and_wrong_parameters(
    query: str, staff: Team, rest: httpx.AsyncClient
) -> None:
    path = "/api/v1/applications?" + query.format(id=staff.company_id)
    problem = errors.of_rest(await rest.get(path, headers=staff.recruiter.bearer))
    assert problem.reason == "REQUEST_MALFORMED"


@pytest.mark.parametrize("verb", ["GET", "POST"])
async def test_a_path_and_a_parameter_do_not_name_two_jobs(
    verb: str, staff: Team, rest: httpx.AsyncClient
) -> None:
    other = await published(staff.recruiter, staff.company_id)
    path = f"/api/v1/jobs/{staff.job_id}" + (":close" if verb == "POST" else "")
    bearer = staff.recruiter.bearer
    json_body = {} if verb == "POST" else None
    for spelling in ("job_id", "jobId"):
        answer = await rest.request(
            verb, path, params={spelling: other}, json=json_body, headers=bearer
        )
        assert errors.of_rest(answer).reason == "REQUEST_MALFORMED"
        if verb == "POST":
            answer = await rest.post(path, json={spelling: other}, headers=bearer)
            assert errors.of_rest(answer).reason == "REQUEST_MALFORMED"


async def test_bytes_that_are_no_message(staff: Team, channel: grpc.aio.Channel) -> None:
    stub: Any = channel.unary_unary(CREATE_JOB.path)
    headers = tuple(staff.recruiter.bearer.items())
    for raw in (b"\xff\xff\xff", b"\x0a\xff", b"\x0a\x02\xc3\x28"):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub(raw, metadata=headers)
        assert errors.of_grpc(caught.value).reason == "INVALID_FIELDS"


async def test_zero_characters_over_grpc(guest: AsyncWeNeeds, channel: grpc.aio.Channel) -> None:
    request = RegisterRequest(
        request_id=str(uuid4()),
        email=f"zero-{uuid4()}@example.org",
        password="correct horse battery",
        first_name="Fic\0tive",
        last_name="Personne",
        role="USER_ROLE_RECRUITER",
    )
    problem = await refused_over_grpc(channel, REGISTER, request, {"accept-language": "en"})
    assert (problem.reason, problem.fields) == ("INVALID_FIELDS", ["first_name"])


@pytest.mark.parametrize("seconds", [10**14, -(10**14), 2**63 - 1, -62_135_596_801])
async def test_moments_outside_of_the_calendar(
    seconds: int, staff: Team, guest: AsyncWeNeeds, channel: grpc.aio.Channel
) -> None:
    application = await applied(await candidate(guest), staff.job_id)
    request = applications_pb.ScheduleMeetingRequest(
        request_id=str(uuid4()),
        application_id=application.id,
        starts_at=Timestamp(seconds=seconds),
        duration_minutes=30,
        place="Lyon",
    )
    problem = await refused_over_grpc(channel, MEETING, request, staff.recruiter.bearer)
    assert (problem.reason, problem.fields) == ("INVALID_FIELDS", ["starts_at"])


@pytest.mark.parametrize(
    ("language", "locale", "words"),
    [
        ("", "fr", "accès"),
        ("fr-FR,en;q=0.5", "fr", "accès"),
        ("en-GB", "en", "access"),
        ("EN", "en", "access"),
        ("xx", "fr", "accès"),
    ],
)
async def test_refusals_speak_the_callers_language(
    language: str, locale: str, words: str, staff: Team, rest: httpx.AsyncClient
) -> None:
    headers = {**staff.recruiter.bearer, "accept-language": language}
    answer = await rest.get(f"/api/v1/applications?companyId={uuid4()}", headers=headers)
    problem = errors.of_rest(answer, locale)
    assert problem.reason == "SCOPE_DENIED"
    assert words in problem.local
    assert problem.details["RequestInfo"]["requestId"] == answer.headers["x-request-id"]
