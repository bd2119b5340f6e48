"""Guessing passwords through the gateway: how often, by whom, and what one is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from weneeds import AsyncWeNeeds, RateLimited, WeNeedsError

from services.auth.domain.lockouts import FREE_FAILURES, RESTS
from tests.conftest import RunningMesh
from tests.support import errors
from tests.support.errors import Problem
from tests.support.people import PASSWORD, RECRUITER, Person, person

pytestmark = pytest.mark.mesh

SIGN_IN = "/api/v1/auth/sign-in"
# Of the policy of SignIn, a minute.
EMAIL_LIMIT = 10
ADDRESS_LIMIT = 300


def seconds_of(problem: Problem) -> float:
    """How long the caller is asked to wait."""
    assert problem.reason == "RATE_LIMITED"
    return float(problem.details["RetryInfo"]["retryDelay"].removesuffix("s"))


async def attempt(http: httpx.AsyncClient, email: str, password: str = "wrong") -> Problem:
    """Sign in, in vain."""
    answer = await http.post(SIGN_IN, json={"email": email, "password": password})
    return errors.of_rest(answer)


@asynccontextmanager
async def from_address(mesh: RunningMesh, address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client at an address of this machine that nobody else here uses."""
    transport = httpx.AsyncHTTPTransport(local_address=address)
    async with httpx.AsyncClient(base_url=mesh.rest, transport=transport, timeout=20) as client:
        yield client


async def test_an_account_rests_after_ten_failures_wherever_they_were(
    guest: AsyncWeNeeds, rest: httpx.AsyncClient
) -> None:
    """One by a session that guesses; so the rate limit of sign-ins is not what answers."""
    someone = await person(guest, RECRUITER)
    # The sign-in of somebody new counted towards the rate limit as well.
    for _ in range(FREE_FAILURES - 1):
        assert (await attempt(rest, someone.email)).reason == "CREDENTIALS_INVALID"
    for _ in range(2):
        await guess_by_session(someone)
    refused = await attempt(rest, someone.email, PASSWORD)
    assert RESTS[0].seconds - 10 < seconds_of(refused) <= RESTS[0].seconds
    with pytest.raises(RateLimited) as told:
        await someone.client.accounts.change_password(
            current_password=PASSWORD, new_password="another fine password"
        )
    assert told.value.reason == "RATE_LIMITED"
    # Who is signed in already stays so: a lock is no way to throw people out.
    assert (await someone.client.accounts.get_me()).user.id == someone.id
    assert someone.client.tokens is not None
    await someone.client.sessions.refresh(refresh_token=someone.client.tokens.refresh_token)


async def guess_by_session(someone: Person) -> None:
    with pytest.raises(WeNeedsError) as refused:
        await someone.client.accounts.change_password(
            current_password="wrong", new_password="another fine password"
        )
    assert refused.value.reason == "CREDENTIALS_INVALID"


async def test_an_email_has_ten_attempts_a_minute_known_or_not(
    guest: AsyncWeNeeds, rest: httpx.AsyncClient
) -> None:
    known = await guest.with_token(None).accounts.register(
        email=f"guessed-{uuid4()}@example.org",
        password=PASSWORD,
        first_name="Fictive",
        last_name="Personne",
        role=RECRUITER,
    )
    told: list[list[Any]] = []
    for email in (known.user.email, f"nobody-{uuid4()}@example.org"):
        answers = await asyncio.gather(*(attempt(rest, email) for _ in range(EMAIL_LIMIT + 2)))
        limited = [answer for answer in answers if answer.reason == "RATE_LIMITED"]
        assert all(0 < seconds_of(answer) <= RESTS[0].seconds for answer in limited)
        told.append(sorted(answer.reason for answer in answers))
    assert told[0] == told[1]
    assert told[0].count("CREDENTIALS_INVALID") == EMAIL_LIMIT


async def test_an_address_has_its_attempts_a_minute_over_all_emails(mesh: RunningMesh) -> None:
    async with from_address(mesh, "127.9.8.7") as one, from_address(mesh, "127.9.8.6") as other:
        # Too long, so that nothing is hashed; the rate is looked at first.
        long = "x" * 5_000
        passed, refused = 0, None
        while refused is None and passed < 3 * ADDRESS_LIMIT:
            emails = [f"nobody-{uuid4()}@example.org" for _ in range(50)]
            told = await asyncio.gather(*(attempt(one, email, long) for email in emails))
            passed += sum(problem.reason == "INVALID_FIELDS" for problem in told)
            refused = next((each for each in told if each.reason == "RATE_LIMITED"), None)
        assert passed >= ADDRESS_LIMIT
        assert refused is not None
        assert refused.domain == "auth.weneeds.fr"
        assert 0 < seconds_of(refused) <= 1
        assert (await attempt(other, "nobody", long)).reason == "INVALID_FIELDS"
