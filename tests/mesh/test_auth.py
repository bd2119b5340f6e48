"""Accounts, sessions and companies through the public gateway."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from typing import Any, Literal
from uuid import uuid4

import grpc
import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey
from weneeds import AsyncWeNeeds, NotFound, PermissionDenied, Unauthenticated, WeNeedsError
from weneeds.auth.v1.directory_service_pb2 import GetAccessRequest
from weneeds.auth.v1.directory_service_pb2_grpc import DirectoryServiceStub

pytestmark = [
    pytest.mark.mesh,
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
]

Role = Literal["USER_ROLE_CANDIDATE", "USER_ROLE_RECRUITER"]

PASSWORD = "correct horse battery"
# Services keep what auth told them for five seconds.
REVOKED_SECONDS = 5.5


@pytest.fixture(scope="module")
async def http(mesh: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=mesh.rest, timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
async def weneeds(mesh: Any) -> AsyncIterator[AsyncWeNeeds]:
    async with AsyncWeNeeds(mesh.grpc, tls=False, locale="en") as client:
        yield client


async def registered(
    weneeds: AsyncWeNeeds, role: Role = "USER_ROLE_RECRUITER"
) -> tuple[AsyncWeNeeds, str]:
    """A signed-in fictitious person, and their e-mail."""
    email = f"auth-{uuid4()}@example.org"
    client = weneeds.with_token(None)
    await client.accounts.register(
        email=email,
        password=PASSWORD,
        first_name="Fictive",
        last_name="Personne",
        role=role,
    )
    await client.sessions.sign_in(email=email, password=PASSWORD)
    return client, email


async def refusal(call: Any) -> WeNeedsError:
    with pytest.raises(WeNeedsError) as caught:
        await call
    return caught.value


async def refused_within(seconds: float, call: Any) -> WeNeedsError:
    """Repeat a call until it is refused; fail when it passes for longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            await call()
        except WeNeedsError as error:
            return error
        await asyncio.sleep(0.1)
    raise AssertionError(f"still allowed after {seconds} s")


def access_token(client: AsyncWeNeeds) -> str:
    assert client.tokens is not None
    return client.tokens.access_token


def refresh_token(client: AsyncWeNeeds) -> str:
    assert client.tokens is not None
    return client.tokens.refresh_token


def decoded(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified."""
    parts = [part + "=" * (-len(part) % 4) for part in token.split(".")[:2]]
    header, claims = (json.loads(base64.urlsafe_b64decode(part)) for part in parts)
    return header, claims


async def test_the_same_identity_over_rest_and_grpc(
    weneeds: AsyncWeNeeds, http: httpx.AsyncClient
) -> None:
    client, email = await registered(weneeds)
    me = await client.accounts.get_me()
    assert me.user.email == email
    answer = await http.get(
        "/api/v1/me", headers={"authorization": f"Bearer {access_token(client)}"}
    )
    assert answer.status_code == 200
    assert answer.json()["user"]["id"] == me.user.id
    _, claims = decoded(access_token(client))
    assert (claims["access"], claims["sub"], claims["role"]) == ("site", me.user.id, "RECRUITER")
    assert claims["exp"] - claims["iat"] <= 900


async def test_unknown_email_and_wrong_password_answer_alike(
    weneeds: AsyncWeNeeds, http: httpx.AsyncClient
) -> None:
    _, email = await registered(weneeds)
    bodies = []
    for address in (email, f"nobody-{uuid4()}@example.org"):
        credentials = {"email": address, "password": "not the password"}
        answer = await http.post("/api/v1/auth/sign-in", json=credentials)
        assert answer.status_code == 401
        body = answer.json()
        # The correlation id is the one thing that is each answer's own.
        named = "google.rpc.RequestInfo"
        body["details"] = [each for each in body["details"] if named not in each["@type"]]
        bodies.append(body)
    assert bodies[0] == bodies[1]
    assert bodies[0]["details"][0]["reason"] == "CREDENTIALS_INVALID"


async def test_sign_out_is_felt_within_five_seconds(weneeds: AsyncWeNeeds) -> None:
    client, _ = await registered(weneeds)
    kept = weneeds.with_token(access_token(client))
    refresh = refresh_token(client)
    await kept.accounts.get_me()
    await client.sessions.sign_out()
    error = await refused_within(REVOKED_SECONDS, kept.accounts.get_me)
    assert (type(error), error.reason) == (Unauthenticated, "SESSION_ENDED")
    error = await refusal(weneeds.sessions.refresh(refresh_token=refresh))
    assert error.reason == "REFRESH_TOKEN_INVALID"


async def test_concurrent_refreshes_get_the_same_answer(weneeds: AsyncWeNeeds) -> None:
    client, _ = await registered(weneeds)
    token = refresh_token(client)
    strangers = [weneeds.with_token(None) for _ in range(8)]
    answers = await asyncio.gather(
        *(stranger.sessions.refresh(refresh_token=token) for stranger in strangers)
    )
    assert len({answer.SerializeToString() for answer in answers}) == 1
    fresh = answers[0].tokens
    assert fresh.refresh_token != token
    assert (await weneeds.with_token(fresh.access_token).accounts.get_me()).user.id


async def test_forged_tokens_are_refused(weneeds: AsyncWeNeeds, http: httpx.AsyncClient) -> None:
    client, _ = await registered(weneeds)
    header, claims = decoded(access_token(client))
    stranger = OKPKey.generate_key("Ed25519", {"kid": header["kid"]})
    head, body, signature = access_token(client).split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    forged = [
        jwt.encode(header, claims, stranger, algorithms=["EdDSA"]),
        f"{none}.{body}.",
        f"{head}.{body}.{signature[::-1]}",
        f"{head}.{body}",
    ]
    for token in forged:
        assert type(await refusal(weneeds.with_token(token).accounts.get_me())) is Unauthenticated
        answer = await http.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401


async def test_a_company_and_its_people(weneeds: AsyncWeNeeds) -> None:
    admin, _ = await registered(weneeds)
    other, email = await registered(weneeds)
    made = (await admin.companies.create_company(name="Atelier Fictif", city="Lille")).company
    people = other.companies.list_collaborators
    denied = await refusal(people(company_id=made.id))
    assert (type(denied), denied.reason) == (PermissionDenied, "SCOPE_DENIED")

    added = await admin.companies.add_collaborator(
        company_id=made.id, email=email.upper(), role="COMPANY_ROLE_VIEWER"
    )
    # A "no" is asked again, so the role counts at once.
    page = await people(company_id=made.id)
    assert page.total_size == 2
    memberships = (await other.accounts.get_me()).memberships
    assert [held.company_name for held in memberships] == ["Atelier Fictif"]
    viewer = await refusal(
        other.companies.add_collaborator(company_id=made.id, email=email, role="COMPANY_ROLE_ADMIN")
    )
    assert viewer.reason == "SCOPE_DENIED"

    await admin.companies.remove_collaborator(
        company_id=made.id, user_id=added.collaborator.user_id
    )

    async def read() -> None:
        await people(company_id=made.id)

    assert (await refused_within(REVOKED_SECONDS, read)).reason == "SCOPE_DENIED"


async def test_the_last_admin_stays(weneeds: AsyncWeNeeds, http: httpx.AsyncClient) -> None:
    admin, _ = await registered(weneeds)
    made = (await admin.companies.create_company(name="Maison Fictive")).company
    me = await admin.accounts.get_me()
    bearer = {"authorization": f"Bearer {access_token(admin)}"}
    for spelling in (me.user.id, me.user.id.upper()):
        answer = await http.delete(
            f"/api/v1/companies/{made.id}/collaborators/{spelling}", headers=bearer
        )
        assert answer.status_code == 400, answer.text
        assert answer.json()["details"][0]["reason"] == "LAST_ADMIN"


async def test_companies_are_for_recruiters_to_found_and_for_all_to_see(
    weneeds: AsyncWeNeeds,
) -> None:
    admin, _ = await registered(weneeds)
    candidate, email = await registered(weneeds, "USER_ROLE_CANDIDATE")
    made = (await admin.companies.create_company(name="Vitrine Fictive")).company
    assert (await candidate.companies.get_company(company_id=made.id)).company == made
    error = await refusal(candidate.companies.create_company(name="Interdite"))
    assert (type(error), error.reason) == (PermissionDenied, "ROLE_REQUIRED")
    error = await refusal(
        admin.companies.add_collaborator(
            company_id=made.id, email=email, role="COMPANY_ROLE_VIEWER"
        )
    )
    assert (type(error), error.reason) == (NotFound, "COLLABORATOR_NOT_FOUND")
    error = await refusal(candidate.companies.get_company(company_id=str(uuid4())))
    assert (type(error), error.reason) == (NotFound, "COMPANY_NOT_FOUND")


async def test_the_directory_is_not_for_the_public(mesh: Any, weneeds: AsyncWeNeeds) -> None:
    client, _ = await registered(weneeds)
    metadata = (("authorization", f"Bearer {access_token(client)}"),)
    request = GetAccessRequest(user_id=str(uuid4()), session_id=str(uuid4()))
    async with grpc.aio.insecure_channel(mesh.grpc) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await DirectoryServiceStub(channel).GetAccess(request, metadata=metadata)
    assert caught.value.code() in {
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.NOT_FOUND,
    }
