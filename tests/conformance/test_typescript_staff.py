"""Whose tokens the TypeScript client keeps: of both steps of a sign-in, and of staff."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from google.protobuf.message import Message
from weneeds.auth.v1 import admin_service_pb2, session_service_pb2

from stack.gen import typescript
from tests.unit.sdk.platform import EXPIRED, Platform, refuse, tokens

SCRIPT = Path(__file__).with_name("session_staff.mjs")
TIMEOUT = 60


def _answers(message: Message) -> Any:
    async def answer(request: Any, context: Any) -> Message:
        return message

    return answer


def _scripted() -> Platform:
    platform = Platform()
    challenge = session_service_pb2.SecondFactorChallenge(challenge="c" * 43)
    expired = iter([True])

    async def get_me(request: Any, context: Any) -> Message:
        if next(expired, False):
            await refuse(context, EXPIRED)
        return admin_service_pb2.GetAdminMeResponse()

    platform.answers |= {
        "SignIn": _answers(session_service_pb2.SignInResponse(challenge=challenge)),
        "CompleteSignIn": _answers(
            session_service_pb2.CompleteSignInResponse(tokens=tokens("user1", "refresh"))
        ),
        "StepUp": _answers(session_service_pb2.StepUpResponse(tokens=tokens("user2", "refresh"))),
        "SignInAdmin": _answers(
            admin_service_pb2.SignInAdminResponse(tokens=tokens("staff1", "staff refresh"))
        ),
        "RefreshAdmin": _answers(
            admin_service_pb2.RefreshAdminResponse(tokens=tokens("staff2", "staff refresh 2"))
        ),
        "StepUpAdmin": _answers(
            admin_service_pb2.StepUpAdminResponse(tokens=tokens("staff3", "staff refresh 3"))
        ),
        "GetAdminMe": get_me,
    }
    return platform


async def test_it_keeps_the_tokens_of_every_sign_in() -> None:
    await asyncio.to_thread(typescript.build)
    platform = _scripted()
    server = await platform.start()
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
    report = json.loads(output)
    assert report["awaiting"] == 0
    assert report["stored"] == [
        ["user1", False], ["user2", False],
        ["staff1", True], ["staff2", True], ["staff3", True], None,
    ]  # fmt: skip
    [renewed] = platform.seen("RefreshAdmin")
    assert renewed.request.refresh_token == "staff refresh"
    assert platform.seen("Refresh") == []
    [ended] = platform.seen("SignOutAdmin")
    assert ended.metadata["authorization"] == "Bearer staff3"
