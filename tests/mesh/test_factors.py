"""Second factors through the public gateway: an app, recovery codes, a passkey."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import httpx
import pytest
from weneeds import (
    AsyncWeNeeds,
    FailedPrecondition,
    PermissionDenied,
    Unauthenticated,
    WeNeedsError,
    euros,
)
from weneeds.auth.v1.session_service_pb2 import (
    FACTOR_KIND_PASSKEY,
    FACTOR_KIND_RECOVERY_CODE,
    FACTOR_KIND_TOTP,
    FactorProof,
    SecondFactorChallenge,
)
from weneeds.jobs.v1.job_pb2 import CONTRACT_TYPE_CDI, Job

from tests.unit.auth.factor_rooms import Browser

pytestmark = pytest.mark.mesh

PASSWORD = "correct horse battery"


@dataclass
class Person:
    """A fictitious recruiter, signed in."""

    mesh: Any
    email: str
    client: AsyncWeNeeds

    async def elsewhere(self) -> AsyncWeNeeds:
        """A session of their own on another device; before there is a second factor."""
        client: AsyncWeNeeds = self.mesh.client()
        await client.sessions.sign_in(email=self.email, password=PASSWORD)
        assert client.tokens is not None
        return client

    async def challenge(self, client: AsyncWeNeeds) -> SecondFactorChallenge:
        answer = await client.sessions.sign_in(email=self.email, password=PASSWORD)
        assert not answer.HasField("tokens")
        assert not answer.HasField("user")
        return answer.challenge


class App:
    """An authenticator app, written from RFC 6238 alone."""

    def __init__(self, uri: str) -> None:
        parts = urlsplit(uri)
        assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
        (secret,) = parse_qs(parts.query)["secret"]
        self._secret = base64.b32decode(secret + "=" * (-len(secret) % 8))
        self._step = int(time.time() // 30)

    def code(self, later: int = 0) -> str:
        """The code of the time at which the app was linked, or of `later` steps after it."""
        message = struct.pack(">Q", self._step + later)
        digest = hmac.new(self._secret, message, hashlib.sha1).digest()
        at = digest[-1] & 15
        return f"{(int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


@pytest.fixture
async def person(mesh: Any) -> Person:
    client: AsyncWeNeeds = mesh.client()
    email = f"factors-{uuid4()}@example.org"
    await client.accounts.register(
        email=email,
        password=PASSWORD,
        first_name="Fictive",
        last_name="Personne",
        role="USER_ROLE_RECRUITER",
    )
    await client.sessions.sign_in(email=email, password=PASSWORD)
    return Person(mesh, email, client)


@pytest.fixture
def browser(mesh: Any) -> Browser:
    return Browser(f"http://localhost:{mesh.topology.public_port}")


async def refusal(call: Any) -> WeNeedsError:
    with pytest.raises(WeNeedsError) as caught:
        await call
    return caught.value


async def enrol(person: Person) -> tuple[App, list[str]]:
    begun = await person.client.factors.begin_totp()
    app = App(begun.uri)
    confirmed = await person.client.factors.confirm_totp(code=app.code())
    return app, list(confirmed.recovery_codes)


async def job_of(client: AsyncWeNeeds) -> str:
    company = (await client.companies.create_company(name="Fictive SAS")).company
    draft = Job(
        company_id=company.id,
        title="Développeur Python",
        description="Une équipe fictive cherche une personne qui écrit du Python.",
        skills=["Python"],
        contract_type=CONTRACT_TYPE_CDI,
        city="Lyon",
        locale="fr",
    )
    job = (await client.jobs.create_job(job=draft)).job
    await client.jobs.publish_job(job_id=job.id)
    return job.id


async def audited(mesh: Any, user_id: str) -> list[tuple[bool, str, Any]]:
    """What the audit log says of a user's factors, oldest first."""
    connection = await asyncpg.connect(mesh.topology.admin_url)
    rows = await connection.fetch(
        "select success, reason, metadata from auth.audit"
        " where actor_id = $1 and action = 'CHANGE_FACTOR' order by seq",
        user_id,
    )
    await connection.close()
    return [(row["success"], row["reason"], json.loads(row["metadata"])) for row in rows]


async def test_an_app_is_asked_for_at_sign_in_and_each_proof_is_good_once(
    person: Person, mesh: Any
) -> None:
    app, codes = await enrol(person)
    assert len(codes) == 10
    client: AsyncWeNeeds = mesh.client()
    asked = await person.challenge(client)
    assert list(asked.kinds) == [FACTOR_KIND_TOTP, FACTOR_KIND_RECOVERY_CODE]
    # The password alone opened nothing.
    assert client.tokens is None

    def complete(challenge: str, proof: FactorProof) -> Any:
        return client.sessions.complete_sign_in(challenge=challenge, proof=proof)

    # The code that confirmed the app is spent; its successor is not.
    spent, fresh = (FactorProof(totp_code=app.code(later)) for later in (0, 1))
    error = await refusal(complete(asked.challenge, spent))
    assert (type(error), error.reason) == (Unauthenticated, "FACTOR_INVALID")
    opened = await complete(asked.challenge, fresh)
    assert client.tokens is not None
    assert (await client.accounts.get_me()).user == opened.user
    error = await refusal(complete(asked.challenge, FactorProof(recovery_code=codes[0])))
    assert (type(error), error.reason) == (Unauthenticated, "CHALLENGE_INVALID")

    asked = await person.challenge(client)
    assert (await refusal(complete(asked.challenge, fresh))).reason == "FACTOR_INVALID"
    recovery = FactorProof(recovery_code=codes[1])
    await complete(asked.challenge, recovery)
    asked = await person.challenge(client)
    assert (await refusal(complete(asked.challenge, recovery))).reason == "FACTOR_INVALID"
    held = await person.client.factors.get_factors()
    assert (held.totp, held.recovery_codes_left) == (True, 9)


async def test_money_waits_for_a_fresh_factor_of_those_who_have_one(person: Person) -> None:
    job_id = await job_of(person.client)

    def fund(client: AsyncWeNeeds) -> Any:
        return client.budgets.fund_budget(
            job_id=job_id, amount=euros("5"), payment_method="pm_card_visa"
        )

    await fund(person.client)
    other = await person.elsewhere()
    app, codes = await enrol(person)
    error = await refusal(fund(other))
    assert (type(error), error.reason) == (PermissionDenied, "STEP_UP_REQUIRED")
    error = await refusal(other.sessions.step_up(proof=FactorProof(totp_code=app.code())))
    assert (type(error), error.reason) == (Unauthenticated, "FACTOR_INVALID")
    assert (await refusal(fund(other))).reason == "STEP_UP_REQUIRED"
    answer = await other.sessions.step_up(proof=FactorProof(totp_code=app.code(1)))
    assert 590 < answer.fresh_until.seconds - time.time() <= 600
    # At once, and still so after a refresh.
    await fund(other)
    assert other.tokens is not None
    await other.sessions.refresh(refresh_token=other.tokens.refresh_token)
    await fund(other)
    # The codes are replaced by whoever is fresh.
    replaced = (await other.factors.replace_recovery_codes()).recovery_codes
    assert not set(replaced) & set(codes)


async def test_only_a_fresh_session_changes_factors(person: Person) -> None:
    error = await refusal(
        person.client.sessions.step_up(proof=FactorProof(recovery_code="aaaa-aaaa"))
    )
    assert (type(error), error.reason) == (FailedPrecondition, "FACTOR_MISSING")
    other = await person.elsewhere()
    await enrol(person)
    factors = other.factors
    for change in (
        factors.begin_totp(),
        factors.remove_totp(),
        factors.replace_recovery_codes(),
        factors.begin_passkey(),
        factors.remove_passkey(passkey_id=str(uuid4())),
    ):
        assert (await refusal(change)).reason == "STEP_UP_REQUIRED"
    await person.client.factors.remove_totp()
    held = await person.client.factors.get_factors()
    assert (held.totp, held.recovery_codes_left) == (False, 0)
    assert await person.elsewhere()
    # Of what was refused and what was done the audit log keeps rows.
    me = (await person.client.accounts.get_me()).user.id
    assert await audited(person.mesh, me) == [
        (True, "", {"new": {"kind": "TOTP"}}),
        *[(False, "STEP_UP_REQUIRED", {})] * 3,
        (True, "", {"old": {"kind": "TOTP"}}),
    ]


async def test_a_passkey_signs_in_and_steps_up(person: Person, browser: Browser, mesh: Any) -> None:
    other = await person.elsewhere()
    begun = await person.client.factors.begin_passkey()
    added = await person.client.factors.finish_passkey(
        credential=browser.create(begun.options), name="Clé fictive"
    )
    assert len(added.recovery_codes) == 10
    assert not added.passkey.HasField("last_used_at")

    client: AsyncWeNeeds = mesh.client()
    asked = await person.challenge(client)
    assert list(asked.kinds) == [FACTOR_KIND_RECOVERY_CODE, FACTOR_KIND_PASSKEY]
    proof = FactorProof(passkey=browser.get(asked.passkey_options))
    await client.sessions.complete_sign_in(challenge=asked.challenge, proof=proof)
    (passkey,) = (await client.factors.get_factors()).passkeys
    assert (passkey.id, passkey.name) == (added.passkey.id, "Clé fictive")
    assert passkey.HasField("last_used_at")

    # The other session is not fresh: it has to prove it first.
    assert (await refusal(other.factors.begin_totp())).reason == "STEP_UP_REQUIRED"
    begun_step_up = await other.sessions.begin_step_up()
    proof = FactorProof(passkey=browser.get(begun_step_up.passkey_options))
    await other.sessions.step_up(proof=proof)
    assert (await other.factors.begin_totp()).secret
    assert (await refusal(other.sessions.step_up(proof=proof))).reason == "FACTOR_INVALID"


async def test_a_browser_s_page_sees_the_same_over_rest(person: Person, mesh: Any) -> None:
    app, _ = await enrol(person)
    async with httpx.AsyncClient(base_url=mesh.rest, timeout=20) as http:
        answer = await http.post(
            "/api/v1/auth/sign-in", json={"email": person.email, "password": PASSWORD}
        )
        assert answer.status_code == 200
        body = answer.json()
        assert "tokens" not in body
        challenge = body["challenge"]
        assert challenge["kinds"] == ["FACTOR_KIND_TOTP", "FACTOR_KIND_RECOVERY_CODE"]
        asked = {"challenge": challenge["challenge"]}
        for proof, status in (
            ({"totpCode": "12345"}, 400),
            ({}, 400),
            ({"totpCode": app.code()}, 401),
            ({"totpCode": app.code(1)}, 200),
        ):
            answer = await http.post("/api/v1/auth/sign-in/complete", json=asked | {"proof": proof})
            assert answer.status_code == status, answer.text
        assert json.loads(answer.text)["tokens"]["accessToken"]
