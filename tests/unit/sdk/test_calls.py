"""Requests, retries, deadlines and errors, with both clients."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID

import grpc
import pytest
from google.protobuf.message import Message
from weneeds import (
    DeadlineExceeded,
    InvalidArgument,
    RateLimited,
    RetryPolicy,
    Unavailable,
    WeNeedsError,
)
from weneeds.jobs.v1 import job_pb2, job_service_pb2

from tests.unit.sdk.conftest import Both, Making
from tests.unit.sdk.platform import INVALID, UNAVAILABLE, Platform, Refuse, limited


async def test_fields_become_the_request(client: Both, platform: Platform) -> None:
    job = {"id": "j1", "title": "Baker"}
    await client(lambda c: c.jobs.update_job(job=job, update_mask=["title"]))
    request = platform.seen("UpdateJob")[0].request
    assert (request.job.title, list(request.update_mask.paths)) == ("Baker", ["title"])


async def test_a_message_is_copied_not_changed(client: Both, platform: Platform) -> None:
    mine = job_service_pb2.CreateJobRequest(job=job_pb2.Job(company_id="c1"))
    await client(lambda c: c.jobs.create_job(mine))
    assert mine.request_id == ""
    assert platform.seen("CreateJob")[0].request.job.company_id == "c1"


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda c: c.jobs.get_job(job_id="j", colour="red"), ValueError),
        (lambda c: c.jobs.get_job(job_service_pb2.ListJobsRequest()), TypeError),
        (lambda c: c.jobs.get_job(job_service_pb2.GetJobRequest(), job_id="j"), TypeError),
    ],
)
async def test_a_wrong_request_is_not_sent(
    client: Both, platform: Platform, call: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await client(call)
    assert platform.calls == []


async def test_language_and_agent_go_along(make: Making, platform: Platform) -> None:
    client = await make(locale="en")
    await client(lambda c: c.jobs.get_job(job_id="j"))
    metadata = platform.calls[0].metadata
    assert metadata["accept-language"] == "en"
    assert metadata["user-agent"].startswith("weneeds-python/")
    assert "authorization" not in metadata


async def test_a_create_keeps_its_request_id_over_retries(client: Both, platform: Platform) -> None:
    platform.fails("CreateJob", UNAVAILABLE, UNAVAILABLE)
    await client(lambda c: c.jobs.create_job(job={"company_id": "c1"}))
    ids = {UUID(call.request.request_id) for call in platform.seen("CreateJob")}
    assert (len(platform.seen("CreateJob")), len(ids)) == (3, 1)


async def test_two_creates_have_two_request_ids(client: Both, platform: Platform) -> None:
    for _ in range(2):
        await client(lambda c: c.jobs.create_job(job={"company_id": "c1"}))
    assert len({call.request.request_id for call in platform.calls}) == 2


async def test_a_read_and_an_idempotent_call_are_retried(client: Both, platform: Platform) -> None:
    platform.fails("GetJob", UNAVAILABLE)
    platform.fails("PublishJob", UNAVAILABLE)
    await client(lambda c: c.jobs.get_job(job_id="j"))
    await client(lambda c: c.jobs.publish_job(job_id="j"))
    assert len(platform.calls) == 4


async def test_a_call_that_may_have_happened_is_not_repeated(
    client: Both, platform: Platform
) -> None:
    platform.fails("SignIn", UNAVAILABLE)
    with pytest.raises(Unavailable):
        await client(lambda c: c.sessions.sign_in(email="a@example.org", password="x"))
    assert len(platform.calls) == 1


async def test_retries_end(client: Both, platform: Platform) -> None:
    platform.fails("GetJob", *[UNAVAILABLE] * 9)
    with pytest.raises(Unavailable) as caught:
        await client(lambda c: c.jobs.get_job(job_id="j"))
    assert len(platform.calls) == 4
    assert caught.value.reason == "DEPENDENCY_DOWN"


async def test_a_rate_limit_is_waited_out(client: Both, platform: Platform) -> None:
    platform.fails("GetJob", limited(0.05))
    started = time.monotonic()
    await client(lambda c: c.jobs.get_job(job_id="j"))
    assert time.monotonic() - started >= 0.05


async def test_a_rate_limit_longer_than_the_timeout_is_told_at_once(
    client: Both, platform: Platform
) -> None:
    platform.fails("GetJob", limited(60))
    started = time.monotonic()
    with pytest.raises(RateLimited) as caught:
        await client(lambda c: c.jobs.get_job(job_id="j", timeout=5))
    assert caught.value.retry_after == 60
    assert time.monotonic() - started < 5


async def test_a_message_too_large_is_not_retried(client: Both, platform: Platform) -> None:
    platform.fails("GetJob", Refuse(grpc.StatusCode.RESOURCE_EXHAUSTED))
    with pytest.raises(RateLimited):
        await client(lambda c: c.jobs.get_job(job_id="j"))
    assert len(platform.calls) == 1


async def test_the_timeout_ends_a_call(client: Both, platform: Platform) -> None:
    never = asyncio.Event()

    async def hang(request: Any, context: Any) -> Message:
        await never.wait()
        return job_service_pb2.GetJobResponse()

    platform.answers["GetJob"] = hang
    with pytest.raises(DeadlineExceeded):
        await client(lambda c: c.jobs.get_job(job_id="j", timeout=0.1))


async def test_the_timeout_holds_for_all_tries(make: Making, platform: Platform) -> None:
    patient = RetryPolicy(attempts=1000, first=0.01, longest=0.01)
    client = await make(retry=patient, timeout=0.3)
    platform.fails("GetJob", *[UNAVAILABLE] * 1000)
    started = time.monotonic()
    with pytest.raises((Unavailable, DeadlineExceeded)):
        await client(lambda c: c.jobs.get_job(job_id="j"))
    assert time.monotonic() - started < 3
    assert len(platform.calls) > 1


async def test_a_refusal_is_explained(client: Both, platform: Platform) -> None:
    platform.fails("Register", INVALID)
    with pytest.raises(InvalidArgument) as caught:
        await client(lambda c: c.accounts.register(email="a@example.org"))
    error = caught.value
    assert isinstance(error, WeNeedsError)
    assert (error.reason, error.domain) == ("EMAIL_TAKEN", "auth.weneeds.fr")
    assert error.message == "Email déjà utilisé"
    assert error.metadata == {"hint": "sign in"}
    assert [(each.field, each.reason) for each in error.fields] == [("email", "EMAIL_TAKEN")]
    assert error.correlation_id == "c0ffee"
    assert error.method == "weneeds.auth.v1.AccountService.Register"
    assert error.request_id == platform.calls[0].request.request_id
    assert "EMAIL_TAKEN" in str(error)
    assert "c0ffee" in str(error)


async def test_nobody_at_home_is_unavailable(make: Making, platform: Platform) -> None:
    platform.port = 1  # tcpmux: reserved, and nobody serves it
    client = await make(retry=RetryPolicy(attempts=1))
    with pytest.raises(Unavailable) as caught:
        await client(lambda c: c.jobs.get_job(job_id="j"))
    assert caught.value.reason == ""
