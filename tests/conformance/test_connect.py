"""The gateway, judged by Connect's own client under Node: gRPC and gRPC-web."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from stack.gen import typescript

SCRIPT = Path(__file__).with_name("connect.mjs")
TIMEOUT = 120

pytestmark = pytest.mark.mesh

UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT = 16, 7, 3


@pytest.fixture(scope="session")
async def client() -> Path:
    """The TypeScript client, generated and compiled."""
    return await asyncio.to_thread(typescript.build)


@pytest.fixture(scope="session", params=["grpc", "grpcWeb", "fetch"])
async def report(request: pytest.FixtureRequest, mesh: Any, client: Path) -> dict[str, Any]:
    """What the script saw over one transport."""
    process = await asyncio.create_subprocess_exec(
        str(typescript.node()),
        str(SCRIPT),
        request.param,
        mesh.rest,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), TIMEOUT)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, errors.decode()
    found: dict[str, Any] = json.loads(output)
    return found


def test_a_person_registers_and_is_known(report: dict[str, Any]) -> None:
    assert report["registered"]
    assert report["me"]


def test_a_session_is_renewed_and_ended(report: dict[str, Any]) -> None:
    assert report["renewed"]
    assert report["forgotten"]


def test_answers_are_decoded(report: dict[str, Any]) -> None:
    assert report["listed"] == [True]


def test_a_refusal_has_a_reason_and_a_field(report: dict[str, Any]) -> None:
    taken = report["taken"]
    assert (taken["code"], taken["reason"]) == (INVALID_ARGUMENT, "EMAIL_TAKEN")
    assert taken["domain"] == "auth.weneeds.fr"
    assert taken["message"] == "Email already in use"
    assert [each["field"] for each in taken["fields"]] == ["email"]
    assert taken["correlationId"]


def test_each_wrong_field_is_named(report: dict[str, Any]) -> None:
    invalid = report["invalid"]
    assert (invalid["code"], invalid["reason"]) == (INVALID_ARGUMENT, "INVALID_FIELDS")
    assert {each["field"] for each in invalid["fields"]} == {"email", "password"}


@pytest.mark.parametrize(
    ("case", "reason"), [("unsigned", "TOKEN_MISSING"), ("forged", "TOKEN_INVALID")]
)
def test_the_gateway_explains_itself_in_the_same_shape(
    report: dict[str, Any], case: str, reason: str
) -> None:
    assert (report[case]["code"], report[case]["reason"]) == (UNAUTHENTICATED, reason)


def test_another_companys_job_is_out_of_reach(report: dict[str, Any]) -> None:
    foreign = report["foreign"]
    assert (foreign["code"], foreign["reason"]) == (PERMISSION_DENIED, "SCOPE_DENIED")


def test_a_stream_tells_of_an_application(report: dict[str, Any]) -> None:
    stream = report["stream"]
    assert (stream["kind"], stream["topic"]) == ("application.received", "applications")
    assert stream["resourceId"] == stream["applicationId"]
    assert stream["cursor"]


def test_a_repeated_request_id_answers_the_same(report: dict[str, Any]) -> None:
    assert report["stream"]["repeatedId"] == report["stream"]["applicationId"]
