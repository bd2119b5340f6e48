"""Envoy with the rendered configuration, in front of a tiny backend."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import grpc
import httpx
import pytest
from google.rpc import error_details_pb2, status_pb2
from weneeds.auth.v1 import directory_service_pb2, directory_service_pb2_grpc
from weneeds.jobs.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc

from tests.contract.gateway.world import ORIGIN, Tokens, World

JOBS = "/api/v1/jobs"
LIST_JOBS = "/weneeds.jobs.v1.JobService/ListJobs"
GRPC_WEB = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
EMPTY_FRAME = b"\0\0\0\0\0"


def assert_refused(answer: httpx.Response, http: int, code: int, reason: str) -> dict[str, Any]:
    """The one error shape."""
    assert answer.status_code == http, answer.text
    assert answer.headers["content-type"] == "application/json"
    error: dict[str, Any] = answer.json()
    assert set(error) == {"code", "message", "details"}
    assert error["code"] == code
    assert error["message"]
    assert error["details"][0] == {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "gateway.weneeds.fr",
    }
    return error


async def test_rest_reaches_the_service_with_trusted_facts_only(world: World) -> None:
    lies = {
        "x-weneeds-address": "6.6.6.6",
        "x-weneeds-json-fields": "lie",
        "x-weneeds-else": "lie",
        "x-forwarded-for": "6.6.6.6",
        "x-envoy-upstream-rq-timeout-ms": "1",
        "x-request-id": "lie",
    }
    answer = await world.http.get("/api/v1/me", headers=world.bearer() | lies)
    assert answer.status_code == 200
    assert answer.json()["user"]["id"] == "me"
    told = world.backend.metadata
    assert told["x-weneeds-address"] == "127.0.0.1"
    assert told["authorization"].startswith("Bearer ")
    assert told["x-request-id"] == answer.headers["x-request-id"] != "lie"
    assert "x-weneeds-json-fields" not in told
    assert "x-weneeds-else" not in told
    assert "6.6.6.6" not in told["x-forwarded-for"]


async def test_a_trace_is_begun_or_passed_on(world: World) -> None:
    await world.http.get("/api/v1/me", headers=world.bearer())
    version, trace, span, flags = world.backend.metadata["traceparent"].split("-")
    assert (version, len(trace), len(span), flags) == ("00", 32, 16, "00")
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await world.http.get("/api/v1/me", headers=world.bearer() | {"traceparent": parent})
    assert world.backend.metadata["traceparent"].split("-")[1] == parent.split("-")[1]


async def test_zero_values_and_enum_names_are_written(world: World) -> None:
    answer = await world.http.get(JOBS, headers=world.bearer(), params={"pageSize": 3})
    assert answer.json() == {"jobs": [], "nextPageToken": "", "totalSize": 0}
    assert world.backend.requests[-1].page_size == 3
    me = (await world.http.get("/api/v1/me", headers=world.bearer())).json()
    assert me["user"]["role"] == "USER_ROLE_UNSPECIFIED"


async def test_native_grpc(world: World) -> None:
    token = world.bearer()["authorization"]
    async with grpc.aio.insecure_channel(world.target) as channel:
        stub = job_service_pb2_grpc.JobServiceStub(channel)
        request = job_service_pb2.ListJobsRequest(page_size=7)
        await stub.ListJobs(request, metadata=[("authorization", token)])
        assert world.backend.requests[-1].page_size == 7
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.ListJobs(request)
        assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
        assert _reason_of(refused.value) == "TOKEN_MISSING"
        large = job_service_pb2.CreateJobRequest(job=job_pb2.Job(description="x" * 1_100_000))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.CreateJob(large, metadata=[("authorization", token)])
        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert _reason_of(refused.value) == "BODY_TOO_LARGE"


def _reason_of(error: grpc.aio.AioRpcError) -> str:
    packed = (error.trailing_metadata() or {})["grpc-status-details-bin"]
    info = error_details_pb2.ErrorInfo()
    status_pb2.Status.FromString(packed).details[0].Unpack(info)  # type: ignore[arg-type]
    return info.reason


async def test_internal_methods_do_not_exist_outside(world: World) -> None:
    path = "/weneeds.auth.v1.DirectoryService/GetAccess"
    answer = await world.http.post(path, headers=world.bearer(), json={})
    assert_refused(answer, 404, 5, "ROUTE_NOT_FOUND")
    async with grpc.aio.insecure_channel(world.target) as channel:
        stub = directory_service_pb2_grpc.DirectoryServiceStub(channel)
        token = world.bearer()["authorization"]
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.GetAccess(
                directory_service_pb2.GetAccessRequest(), metadata=[("authorization", token)]
            )
        assert refused.value.code() == grpc.StatusCode.NOT_FOUND
        assert _reason_of(refused.value) == "ROUTE_NOT_FOUND"


async def test_grpc_web(world: World) -> None:
    headers = GRPC_WEB | world.bearer() | {"origin": ORIGIN}
    answer = await world.http.post(LIST_JOBS, headers=headers, content=EMPTY_FRAME)
    assert answer.headers["content-type"] == "application/grpc-web+proto"
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    kind, length = struct.unpack(">BI", answer.content[5:10])
    assert (kind, answer.content[:5]) == (0x80, EMPTY_FRAME)
    assert b"grpc-status:0" in answer.content[10 : 10 + length]


@pytest.mark.parametrize(
    ("body", "headers", "code", "reason"),
    [(EMPTY_FRAME, {}, "16", "TOKEN_MISSING"), (b"x" * 1_100_000, {}, "8", "BODY_TOO_LARGE")],
)
async def test_grpc_web_gets_errors_that_its_clients_read(
    world: World, body: bytes, headers: dict[str, str], code: str, reason: str
) -> None:
    answer = await world.http.post(LIST_JOBS, headers=GRPC_WEB | headers, content=body)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/grpc-web+proto"
    assert answer.headers["grpc-status"] == code
    packed = answer.headers["grpc-status-details-bin"]
    status = status_pb2.Status.FromString(base64.b64decode(packed + "=" * (-len(packed) % 4)))
    info = error_details_pb2.ErrorInfo()
    status.details[0].Unpack(info)
    assert info.reason == reason


async def test_a_token_is_needed(world: World) -> None:
    assert_refused(await world.http.get("/api/v1/me"), 401, 16, "TOKEN_MISSING")
    assert_refused(await world.http.get("/api/v1/me/stream"), 401, 16, "TOKEN_MISSING")
    answer = await world.http.get("/api/v1/me", params={"access_token": world.tokens.sign()})
    assert_refused(answer, 400, 3, "REQUEST_MALFORMED")


async def test_bad_tokens_are_refused(world: World) -> None:
    none = _unsigned({"alg": "none"}) + "."
    confused = _unsigned({"alg": "HS256", "kid": "one"}) + ".c2ln"
    cases = {
        "expired": (world.tokens.sign(lives=-60), "TOKEN_EXPIRED"),
        "forged": (Tokens().sign(), "TOKEN_INVALID"),
        "alg none": (none, "TOKEN_INVALID"),
        "alg confusion": (confused, "TOKEN_INVALID"),
        "audience": (world.tokens.sign(aud="other"), "TOKEN_INVALID"),
        "issuer": (world.tokens.sign(iss="other"), "TOKEN_INVALID"),
        "no expiry": (world.tokens.sign(exp=None), "TOKEN_INVALID"),
        "garbage": ("garbage", "TOKEN_INVALID"),
    }
    for name, (token, reason) in cases.items():
        before = len(world.backend.requests)
        answer = await world.http.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})
        assert_refused(answer, 401, 16, reason)
        assert len(world.backend.requests) == before, name


def _unsigned(header: dict[str, str]) -> str:
    claims = {"iss": "https://weneeds.example", "aud": "weneeds-site", "exp": 4_000_000_000}
    parts = (json.dumps(part).encode() for part in (header, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


async def test_public_methods_need_no_token(world: World) -> None:
    answer = await world.http.post("/api/v1/auth/register", json={"email": "a@b.example"})
    assert answer.status_code == 200
    assert world.backend.metadata["x-weneeds-json-fields"] == "email"


async def test_what_is_not_there_and_what_cannot_be_done(world: World) -> None:
    for path in ("/api/v1/nothing", "/api/v2/me", "/", "/api/v1/me/", "/weneeds.x.v1.A/B"):
        assert_refused(await world.http.get(path), 404, 5, "ROUTE_NOT_FOUND")
    assert_refused(await world.http.put(JOBS), 405, 12, "METHOD_NOT_ALLOWED")


async def test_errors_of_services_have_the_same_shape(world: World) -> None:
    answer = await world.http.get(f"{JOBS}/0", headers=world.bearer())
    assert answer.status_code == 404
    assert answer.json() == {"code": 5, "message": "There is no such job.", "details": []}


async def test_a_service_with_another_name_is_not_trusted(world: World) -> None:
    answer = await world.http.get("/api/v1/me/ranked-jobs", headers=world.bearer())
    assert_refused(answer, 503, 14, "DEPENDENCY_DOWN")


@pytest.mark.parametrize("query", ["foo=1", "page_size=many", "pageSize=1&foo.bar=2"])
async def test_wrong_query_parameters_are_refused(world: World, query: str) -> None:
    answer = await world.http.get(f"{JOBS}?{query}", headers=world.bearer())
    assert_refused(answer, 400, 3, "REQUEST_MALFORMED")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{JOBS}/1?job_id=2", None),
        ("GET", f"{JOBS}/1?jobId=2", None),
        ("GET", f"{JOBS}/1?job%5Fid=2", None),
        ("POST", f"{JOBS}/1:publish?job_id=2", {}),
        ("POST", f"{JOBS}/1:publish", {"jobId": "2"}),
        ("POST", f"{JOBS}/1:publish", {"job_id": "2"}),
        ("PATCH", f"{JOBS}/1", {"job": {"id": "2"}}),
        ("GET", JOBS, {"pageSize": 2}),
        ("DELETE", f"{JOBS}/1", {"jobId": "2"}),
    ],
)
async def test_the_path_has_the_only_word_on_its_fields(
    world: World, method: str, path: str, body: dict[str, Any] | None
) -> None:
    before = len(world.backend.requests)
    answer = await world.http.request(method, path, headers=world.bearer(), json=body)
    assert_refused(answer, 400, 3, "REQUEST_MALFORMED")
    assert len(world.backend.requests) == before


async def test_an_update_with_a_mask(world: World) -> None:
    body = {"job": {"title": "Menuisière"}, "updateMask": "title,salaryMin"}
    answer = await world.http.patch(f"{JOBS}/1", headers=world.bearer(), json=body)
    assert answer.status_code == 200
    request = world.backend.requests[-1]
    assert (request.job.id, request.job.title) == ("1", "Menuisière")
    assert list(request.update_mask.paths) == ["title", "salary_min"]


async def test_the_keys_of_a_body_are_sent_along(world: World) -> None:
    body = {
        "requestId": 'é"\\\n',
        "job": {
            "title": "x",
            "skills": ["a", "b"],
            "languages": [{"code": "fr"}, {"level": 1, "code": "en"}],
            "not.a,key": {"é": 1},
            "salaryMin": {},
        },
        "empty": [],
    }
    answer = await world.http.post(JOBS, headers=world.bearer(), json=body)
    assert answer.status_code == 200
    assert world.backend.metadata["x-weneeds-json-fields"].split(",") == [
        "requestId", "job.title", "job.skills", "job.languages.code", "job.languages.level",
        "job.not%2Ea%2Ckey.%C3%A9", "job.salaryMin", "empty",
    ]  # fmt: skip


async def test_a_body_is_optional_where_all_fields_are(world: World) -> None:
    for more in ({}, {"json": {}}):
        answer = await world.http.post(f"{JOBS}/7:publish", headers=world.bearer(), **more)
        assert answer.status_code == 200
        assert world.backend.requests[-1].job_id == "7"


@pytest.mark.parametrize(
    "body",
    [
        b'{"job":', b"{'job':{}}", b"{job:{}}", b'{"job":{},}', b'{"requestId":01}', b"{}x", b" ",
        b'{"requestId":"\x01"}', b'{"requestId":"\\q"}', b'{"requestId":"\\u12"}', b"[1,]", b"nul",
        b'{"a":1 "b":2}', b'{"requestId":"\xff"}', b"[]", b'"text"', b"\xef\xbb\xbf{}",
        b'{"job":3}', b'{"job":{"minExperienceYears":"many"}}', b'{"job":{"contractType":"X"}}',
        b"[" * 100 + b"]" * 100, b'{"a":[' + b"1," * 60_000 + b"1]}",
        json.dumps({f"k{n}": 1 for n in range(500)}).encode(),
    ],
)  # fmt: skip
async def test_bad_bodies_are_refused(world: World, body: bytes) -> None:
    headers = world.bearer() | {"content-type": "application/json"}
    before = len(world.backend.requests)
    answer = await world.http.post(JOBS, headers=headers, content=body)
    assert_refused(answer, 400, 3, "REQUEST_MALFORMED")
    assert len(world.backend.requests) == before


async def test_large_bodies_are_refused(world: World) -> None:
    headers = world.bearer() | {"content-type": "application/json"}
    body = b'{"requestId":"' + b"x" * (1024 * 1024) + b'"}'
    answer = await world.http.post(JOBS, headers=headers, content=body)
    assert_refused(answer, 413, 8, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("application/json; charset=latin1", 415),
        ("application/jsonp", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ],
)
async def test_only_json_is_read(world: World, kind: str, status: int) -> None:
    headers = world.bearer() | ({"content-type": kind} if kind else {})
    answer = await world.http.post(JOBS, headers=headers, content=b"{}")
    assert answer.status_code == status
    if status == 415:
        assert_refused(answer, 415, 3, "MEDIA_TYPE_UNSUPPORTED")


async def test_json_on_a_grpc_path_is_refused(world: World) -> None:
    answer = await world.http.post(LIST_JOBS, headers=world.bearer(), json={})
    assert_refused(answer, 415, 3, "MEDIA_TYPE_UNSUPPORTED")


@pytest.mark.parametrize("path", [JOBS, LIST_JOBS])
@pytest.mark.parametrize("origin", [ORIGIN, "http://evil.example"])
async def test_preflights(world: World, path: str, origin: str) -> None:
    asks = {"origin": origin, "access-control-request-method": "POST"}
    answer = await world.http.options(path, headers=asks)
    allowed = answer.headers.get("access-control-allow-origin")
    assert allowed == (ORIGIN if origin == ORIGIN else None)
    if allowed:
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "authorization" in answer.headers["access-control-allow-headers"]


async def test_errors_can_be_read_across_origins(world: World) -> None:
    answer = await world.http.get("/api/v1/me", headers={"origin": ORIGIN})
    assert_refused(answer, 401, 16, "TOKEN_MISSING")
    assert answer.headers["access-control-allow-origin"] == ORIGIN


async def test_a_stream_delivers_before_it_ends(world: World) -> None:
    world.backend.go_on.clear()
    cursors = []
    async with world.http.stream("GET", "/api/v1/me/stream", headers=world.bearer()) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        async for line in answer.aiter_lines():
            if line:
                cursors.append(json.loads(line.removeprefix("data: "))["notice"]["cursor"])
            world.backend.go_on.set()
    assert cursors == ["first", "second"]


async def test_the_gateway_itself_is_healthy(world: World) -> None:
    answer = await world.http.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")
