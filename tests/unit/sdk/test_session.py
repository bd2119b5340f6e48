"""Staying signed in, with both clients."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from weneeds import Tokens, Unauthenticated, Unavailable
from weneeds.auth.v1 import admin_service_pb2, session_service_pb2
from weneeds.tokens import Identity

from tests.unit.sdk.conftest import Both, Making
from tests.unit.sdk.platform import EXPIRED, UNAVAILABLE, Platform, Refuse, tokens

ENDED = Refuse(grpc.StatusCode.UNAUTHENTICATED, "REFRESH_TOKEN_INVALID")


@pytest.fixture
def sessions(platform: Platform) -> Platform:
    """Signs in with access1/refresh1; each refresh gives the next pair."""

    async def sign_in(request: Any, context: Any) -> Message:
        return session_service_pb2.SignInResponse(tokens=tokens("access1", "refresh1"))

    async def refresh(request: Any, context: Any) -> Message:
        number = int(request.refresh_token.removeprefix("refresh")) + 1
        platform.good_token = f"access{number}"
        given = tokens(f"access{number}", f"refresh{number}")
        return session_service_pb2.RefreshResponse(tokens=given)

    platform.answers |= {"SignIn": sign_in, "Refresh": refresh}
    return platform


async def _sign_in(client: Both) -> None:
    await client(lambda c: c.sessions.sign_in(email="a@example.org", password="x"))


def _sent(platform: Platform, method: str) -> list[str]:
    return [call.metadata.get("authorization", "") for call in platform.seen(method)]


def _get(c: Any) -> Any:
    return c.jobs.get_job(job_id="j")


async def test_sign_in_is_remembered(client: Both, sessions: Platform) -> None:
    await _sign_in(client)
    await client(_get)
    assert _sent(sessions, "GetJob") == ["Bearer access1"]


async def test_a_public_method_gets_no_token(client: Both, sessions: Platform) -> None:
    await _sign_in(client)
    await client(lambda c: c.accounts.register(email="b@example.org"))
    assert _sent(sessions, "Register") == [""]


async def test_sign_out_forgets(client: Both, sessions: Platform) -> None:
    await _sign_in(client)
    await client(lambda c: c.sessions.sign_out())
    assert client.client.tokens is None
    assert _sent(sessions, "SignOut") == ["Bearer access1"]


async def test_an_expired_token_is_renewed_once(client: Both, sessions: Platform) -> None:
    await _sign_in(client)
    sessions.good_token = "access2"
    await client(_get)
    assert _sent(sessions, "GetJob") == ["Bearer access1", "Bearer access2"]
    kept = client.client.tokens
    assert kept is not None
    assert kept.refresh_token == "refresh2"


async def test_a_renewed_token_that_is_refused_again_ends_the_call(
    client: Both, sessions: Platform
) -> None:
    await _sign_in(client)
    sessions.fails("GetJob", EXPIRED, EXPIRED)
    with pytest.raises(Unauthenticated) as caught:
        await client(_get)
    assert caught.value.reason == "TOKEN_EXPIRED"
    assert len(sessions.seen("Refresh")) == 1


async def test_a_refusal_with_another_reason_renews_nothing(
    client: Both, sessions: Platform
) -> None:
    await _sign_in(client)
    sessions.fails("GetJob", Refuse(grpc.StatusCode.UNAUTHENTICATED, "SESSION_ENDED"))
    with pytest.raises(Unauthenticated):
        await client(_get)
    assert sessions.seen("Refresh") == []


async def test_many_calls_renew_together(client: Both, sessions: Platform) -> None:
    await _sign_in(client)
    sessions.good_token = "access2"
    await asyncio.gather(*(client(_get) for _ in range(12)))
    assert len(sessions.seen("Refresh")) == 1


async def test_a_session_that_is_over_is_forgotten(make: Making, sessions: Platform) -> None:
    stored: list[Tokens | None] = []
    client = await make(on_tokens=stored.append)
    await _sign_in(client)
    sessions.good_token = "nobody's"
    sessions.fails("Refresh", ENDED)
    with pytest.raises(Unauthenticated) as caught:
        await client(_get)
    assert caught.value.reason == "REFRESH_TOKEN_INVALID"
    assert client.client.tokens is None
    assert [each and each.access_token for each in stored] == ["access1", None]


async def test_a_lost_answer_to_a_refresh_is_asked_for_again(
    client: Both, sessions: Platform
) -> None:
    await _sign_in(client)
    sessions.good_token = "access2"
    sessions.fails("Refresh", UNAVAILABLE)
    await client(_get)
    assert [call.request.refresh_token for call in sessions.seen("Refresh")] == ["refresh1"] * 2


def _age(client: Both, seconds: float) -> None:
    client.client._caller.identity._clock = lambda: time.time() + seconds


async def test_a_token_near_its_end_is_renewed_before_the_call(
    client: Both, sessions: Platform
) -> None:
    await _sign_in(client)
    _age(client, 900 - 59)
    await client(_get)
    assert _sent(sessions, "GetJob") == ["Bearer access2"]


async def test_a_token_in_hand_is_used_while_it_cannot_be_renewed(
    client: Both, sessions: Platform
) -> None:
    await _sign_in(client)
    _age(client, 900 - 59)
    sessions.fails("Refresh", *[UNAVAILABLE] * 4)
    await client(_get)
    assert _sent(sessions, "GetJob") == ["Bearer access1"]


async def test_a_renewal_that_fails_fails_the_call(client: Both, sessions: Platform) -> None:
    await _sign_in(client)
    sessions.good_token = "access2"
    sessions.fails("Refresh", *[UNAVAILABLE] * 4)
    with pytest.raises(Unavailable):
        await client(_get)


async def test_a_saved_session_goes_on(make: Making, sessions: Platform) -> None:
    sessions.good_token = "access8"
    client = await make(tokens=Tokens("old", time.time() - 5, "refresh7"))
    await client(_get)
    assert _sent(sessions, "GetJob") == ["Bearer old", "Bearer access8"]


async def test_twins_keep_their_own_identity(client: Both, sessions: Platform) -> None:
    await _sign_in(client)
    other = client.twin("borrowed")
    await other(_get)
    await client.twin(None)(_get)
    await client(_get)
    assert _sent(sessions, "GetJob") == ["Bearer borrowed", "", "Bearer access1"]


async def test_closing_a_twin_leaves_the_connection(client: Both, sessions: Platform) -> None:
    twin = client.twin(None)
    await twin(lambda c: c.close())
    await client(_get)
    assert len(sessions.seen("GetJob")) == 1


def _identity(life: float) -> tuple[Identity, Callable[[float], None]]:
    now = [1000.0]
    identity = Identity(Tokens("a", 1000.0 + life, "r"), clock=lambda: now[0])

    def at(seconds: float) -> None:
        now[0] = 1000.0 + seconds

    return identity, at


@pytest.mark.parametrize(("life", "margin"), [(900, 60), (3600, 60), (100, 20), (5, 1)])
def test_the_margin_scales_with_the_life(life: float, margin: float) -> None:
    identity, at = _identity(life)
    at(life - margin - 0.01)
    assert not identity.due()
    at(life - margin)
    assert identity.due()


def test_a_clock_that_runs_ahead_does_not_renew_for_ever() -> None:
    identity, at = _identity(-3600)
    at(10)
    assert not identity.due()


def test_a_bare_access_token_is_never_renewed() -> None:
    identity = Identity(Tokens("a", 1.0), clock=lambda: 10.0)
    assert not identity.due()
    assert not identity.renewable


def test_tokens_do_not_show_in_logs() -> None:
    assert "secret" not in repr(Tokens("secret-a", 1.0, "secret-r"))


@pytest.fixture
def staff(platform: Platform) -> Platform:
    """Signs staff in with access1/refresh1, and knows access2/refresh2 as what comes next."""

    async def sign_in(request: Any, context: Any) -> Message:
        return admin_service_pb2.SignInAdminResponse(tokens=tokens("access1", "refresh1"))

    async def refresh(request: Any, context: Any) -> Message:
        platform.good_token = "access2"
        return admin_service_pb2.RefreshAdminResponse(tokens=tokens("access2", "refresh2"))

    platform.answers |= {"SignInAdmin": sign_in, "RefreshAdmin": refresh}
    return platform


async def test_a_session_of_staff_is_renewed_and_ended_as_one(
    client: Both, staff: Platform
) -> None:
    await client(
        lambda c: c.admin_sessions.sign_in_admin(
            email="a@example.org", password="x", totp_code="000000"
        )
    )
    staff.good_token = "access2"
    await client(lambda c: c.admin_users.list_users(page_size=1).page())
    assert [call.request.refresh_token for call in staff.seen("RefreshAdmin")] == ["refresh1"]
    assert staff.seen("Refresh") == []
    assert _sent(staff, "ListUsers")[-1] == "Bearer access2"
    await client(lambda c: c.admin_sessions.sign_out_admin())
    assert client.client.tokens is None


async def test_a_sign_in_that_asks_for_a_second_factor_brings_no_tokens(
    client: Both, platform: Platform
) -> None:
    async def sign_in(request: Any, context: Any) -> Message:
        challenge = session_service_pb2.SecondFactorChallenge(challenge="c" * 20)
        return session_service_pb2.SignInResponse(challenge=challenge)

    platform.answers["SignIn"] = sign_in
    await _sign_in(client)
    assert client.client.tokens is None
