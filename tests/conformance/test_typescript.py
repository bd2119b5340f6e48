"""How the TypeScript client stays signed in, turns pages and mends streams."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from weneeds.auth.v1 import session_service_pb2
from weneeds.jobs.v1 import job_pb2, job_service_pb2
from weneeds.messaging.v1 import stream_service_pb2

from stack.gen import typescript
from tests.unit.sdk.platform import EXPIRED, UNAVAILABLE, Platform, Refuse, limited, tokens
from tests.unit.sdk.test_session import ENDED

SCRIPT = Path(__file__).with_name("session.mjs")
BANNED = Refuse(grpc.StatusCode.PERMISSION_DENIED, "ACCOUNT_BANNED")
PAGES = {"": (["a", "b"], "2"), "2": (["c"], "")}
TIMEOUT = 60


@dataclass(frozen=True)
class Run:
    """What the platform saw and what the client said."""

    platform: Platform
    report: dict[str, Any]

    def bearers(self, method: str) -> list[str]:
        return [call.metadata.get("authorization", "") for call in self.platform.seen(method)]


def _scripted() -> Platform:
    platform = Platform(good_token="access2")
    parts: list[list[Any]] = [
        [_notice("1"), _notice("2"), UNAVAILABLE],
        [UNAVAILABLE],
        [_notice("3")],
    ]

    async def sign_in(request: Any, context: Any) -> Message:
        return session_service_pb2.SignInResponse(tokens=tokens("access1", "refresh1"))

    async def refresh(request: Any, context: Any) -> Message:
        return session_service_pb2.RefreshResponse(tokens=tokens("access2", "refresh2"))

    async def list_jobs(request: Any, context: Any) -> Message:
        ids, following = PAGES[request.page_token]
        jobs = [job_pb2.Job(id=each) for each in ids]
        return job_service_pb2.ListJobsResponse(jobs=jobs, next_page_token=following)

    async def subscribe(request: Any) -> AsyncIterator[Any]:
        for message in parts.pop(0):
            yield message

    platform.answers |= {
        "SignIn": sign_in,
        "Refresh": refresh,
        "ListJobs": list_jobs,
    }
    platform.streams["Subscribe"] = subscribe
    platform.fails("GetMe", limited(2.5))
    platform.fails("GetApplication", EXPIRED)
    platform.fails("CloseJob", BANNED)
    return platform


def _notice(cursor: str) -> Message:
    notice = stream_service_pb2.Notice(cursor=cursor, topic="mails")
    return stream_service_pb2.SubscribeResponse(notice=notice)


@pytest.fixture(scope="module")
async def run() -> Run:
    await asyncio.to_thread(typescript.build)
    platform = _scripted()
    server = await platform.start()
    # The first refresh is answered, the second finds the session over.
    answer = platform.answers["Refresh"]

    async def once(request: Any, context: Any) -> Message:
        platform.fails("Refresh", ENDED)
        return await answer(request, context)

    platform.answers["Refresh"] = once
    process = await asyncio.create_subprocess_exec(
        str(typescript.node()),
        str(SCRIPT),
        f"http://{platform.target}",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), TIMEOUT)
    finally:
        if process.returncode is None:
            process.kill()
        await server.stop(None)
    assert process.returncode == 0, errors.decode()
    return Run(platform, json.loads(output))


def test_many_calls_renew_together(run: Run) -> None:
    assert [call.request.refresh_token for call in run.platform.seen("Refresh")][:1] == ["refresh1"]
    assert sorted(run.bearers("GetJob")) == ["Bearer access1"] * 10 + ["Bearer access2"] * 10


def test_a_session_that_is_over_is_forgotten(run: Run) -> None:
    assert run.report["ended"] == "REFRESH_TOKEN_INVALID"
    assert run.report["stored"] == ["access1", "access2", None]
    assert len(run.platform.seen("Refresh")) == 2


def test_a_client_knows_where_its_person_stands(run: Run) -> None:
    assert run.report["states"] == ["unauthenticated", "authenticated", "unauthenticated"]


def test_a_ban_takes_the_tokens_away_until_somebody_signs_in(run: Run) -> None:
    refused = {"refused": "ACCOUNT_BANNED", "state": "banned", "kept": None}
    assert run.report["ban"] == {**refused, "later": "authenticated"}


def test_public_methods_get_no_token(run: Run) -> None:
    assert run.bearers("SignIn") + run.bearers("Refresh") == [""] * 5


def test_each_call_has_a_request_id_of_its_own(run: Run) -> None:
    ids = {call.request.request_id for call in run.platform.seen("CreateJob")}
    assert len(ids) == 2
    assert "" not in ids


def test_pages_follow_each_other(run: Run) -> None:
    assert run.report["ids"] == ["a", "b", "c"]


def test_a_broken_stream_goes_on_from_its_cursor(run: Run) -> None:
    assert run.report["cursors"] == ["1", "2", "3"]
    assert [call.request.cursor for call in run.platform.seen("Subscribe")] == ["", "2", "2"]
    assert run.report["lives"] == 2


def test_a_rate_limit_says_when_to_come_back(run: Run) -> None:
    limit = run.report["limited"]
    assert (limit["reason"], limit["retryAfter"]) == ("RATE_LIMITED", 2500)


def test_the_language_goes_along(run: Run) -> None:
    assert {call.metadata["accept-language"] for call in run.platform.calls} == {"en"}
