"""The Python client through the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from weneeds import AsyncWeNeeds, InvalidArgument, Tokens, Unauthenticated

pytestmark = pytest.mark.mesh

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
async def weneeds(mesh: Any) -> AsyncIterator[AsyncWeNeeds]:
    async with AsyncWeNeeds(mesh.grpc, tls=False, locale="en") as client:
        yield client


def _account() -> dict[str, Any]:
    return {
        "email": f"sdk-{uuid4()}@example.org",
        "password": PASSWORD,
        "first_name": "Fictive",
        "last_name": "Personne",
        "role": "USER_ROLE_RECRUITER",
    }


@pytest.fixture(scope="module")
async def recruiter(weneeds: AsyncWeNeeds) -> AsyncWeNeeds:
    account = _account()
    client = weneeds.with_token(None)
    await client.accounts.register(**account)
    await client.sessions.sign_in(email=account["email"], password=PASSWORD)
    return client


async def test_a_session_renews_itself(recruiter: AsyncWeNeeds) -> None:
    tokens = recruiter.tokens
    assert tokens is not None
    forged = Tokens("a.b.c", 0, tokens.refresh_token)
    renewing = recruiter.with_token(forged)
    with pytest.raises(Unauthenticated) as caught:
        await renewing.accounts.get_me()
    # A token that is not valid is not one that ran out: nothing is renewed behind one's back.
    assert caught.value.reason == "TOKEN_INVALID"
    assert renewing.tokens == forged


async def test_lists_turn_their_pages(recruiter: AsyncWeNeeds) -> None:
    made = await recruiter.companies.create_company(name="Menuiserie Fictive", city="Nantes")
    for number in range(3):
        await recruiter.jobs.create_job(
            job={
                "company_id": made.company.id,
                "title": f"Joiner {number}",
                "description": "Builds windows in a fictitious workshop in Nantes.",
            }
        )
    listing = recruiter.jobs.list_company_jobs(company_id=made.company.id, page_size=2)
    assert sorted([job.title async for job in listing]) == ["Joiner 0", "Joiner 1", "Joiner 2"]
    assert (await listing).total_size == 3


async def test_the_servers_limits_are_told_by_field(recruiter: AsyncWeNeeds) -> None:
    with pytest.raises(InvalidArgument) as caught:
        await recruiter.companies.create_company(name="x", siret="12")
    assert {each.field for each in caught.value.fields} == {"name", "siret"}
    assert caught.value.correlation_id


async def test_no_token_no_entry(weneeds: AsyncWeNeeds) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await weneeds.with_token(None).accounts.get_me()
    assert caught.value.reason == "TOKEN_MISSING"
