"""Tokens that are not what they should be, over REST and gRPC, at the gateway and behind it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc
import httpx
import pytest
from weneeds import AsyncWeNeeds

from stack.topology import Topology
from tests.support import errors
from tests.support.contract import PUBLIC, over_grpc
from tests.support.people import Team
from tests.support.tokens import forged, signed, unsigned

pytestmark = [
    pytest.mark.mesh,
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
]

GET_ME = next(method for method in PUBLIC if method.name == "GetMe")
LIST_JOBS = next(method for method in PUBLIC if method.name == "ListJobs")
# The gateway looks at signature, issuer, audience and time; the services at the rest, too.

TOKENS: dict[str, tuple[Callable[[Topology], str], str]] = {
    "signed by another": (forged, "TOKEN_INVALID"),
    "not signed": (lambda _: unsigned(), "TOKEN_INVALID"),
    "garbage": (lambda _: "a.b.c", "TOKEN_INVALID"),
    "expired": (lambda t: signed(t, exp=int(time.time()) - 3600), "TOKEN_EXPIRED"),
    "of another issuer": (lambda t: signed(t, iss="https://admin.example"), "TOKEN_INVALID"),
    "for another audience": (lambda t: signed(t, aud="weneeds-admin"), "TOKEN_INVALID"),
    "for admins": (lambda t: signed(t, access="admin"), "TOKEN_TYPE"),
    "of an unknown role": (lambda t: signed(t, role="ADMIN"), "TOKEN_INVALID"),
    "of nobody": (lambda t: signed(t, sub="nobody"), "TOKEN_INVALID"),
    "of a session that never was": (signed, "SESSION_ENDED"),
}


@pytest.mark.parametrize("name", TOKENS)
async def test_a_wrong_token(
    name: str, mesh: Any, rest: httpx.AsyncClient, channel: grpc.aio.Channel
) -> None:
    make, reason = TOKENS[name]
    headers = {"authorization": f"Bearer {make(mesh.topology)}"}
    for method, path in ((GET_ME, "/api/v1/me"), (LIST_JOBS, "/api/v1/jobs")):
        answer = await rest.get(path, headers=headers)
        assert answer.status_code == 401
        assert errors.of_rest(answer).reason == reason
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await over_grpc(channel, method, method.request(), headers)
        assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
        assert errors.of_grpc(refused.value).reason == reason


@pytest.mark.parametrize("scheme", ["Basic dXNlcjpwYXNz", "Bearer", "bearer", "Token a.b.c"])
async def test_no_bearer_token(scheme: str, rest: httpx.AsyncClient) -> None:
    answer = await rest.get("/api/v1/me", headers={"authorization": scheme})
    assert errors.of_rest(answer).reason in {"TOKEN_MISSING", "TOKEN_INVALID"}


async def test_headers_cannot_speak_for_a_token(staff: Team, rest: httpx.AsyncClient) -> None:
    """What the gateway and the services say to one another, nobody else may say."""
    lies = {
        "x-jwt-payload": "e30",
        "x-user-id": staff.recruiter.id,
        "x-weneeds-user": staff.recruiter.id,
        "x-forwarded-client-cert": "By=spiffe://weneeds/jobs;URI=spiffe://weneeds/jobs",
    }
    answer = await rest.get("/api/v1/me", headers=lies)
    assert errors.of_rest(answer).reason == "TOKEN_MISSING"


async def test_a_good_token_is_good(staff: Team, guest: AsyncWeNeeds) -> None:
    """The others would prove little if none were taken."""
    me = await guest.with_token(staff.recruiter.token).accounts.get_me()
    assert me.user.id == staff.recruiter.id
