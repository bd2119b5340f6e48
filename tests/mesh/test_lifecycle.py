"""An account's life through the public gateway, with the links from people's letter boxes."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from weneeds import AsyncWeNeeds, WeNeedsError
from weneeds.auth.v1.directory_service_pb2 import GetMailTargetRequest
from weneeds.auth.v1.directory_service_pb2_grpc import DirectoryServiceStub
from weneeds.auth.v1.user_pb2 import USER_STATUS_ACTIVE, User
from weneeds.jobs.v1.application_pb2 import APPLICATION_STATUS_WITHDRAWN
from weneeds.jobs.v1.candidate_pb2 import Profile

from services.kit.channels import Channels
from stack.standins import mailbox
from tests.support.people import (
    CANDIDATE,
    PASSWORD,
    RECRUITER,
    Person,
    Team,
    applied,
    candidate,
    eventually,
    person,
)

pytestmark = pytest.mark.mesh

NEW = "another long password"
# Services keep what auth told them for five seconds.
REVOKED_SECONDS = 5.5


class LetterBox:
    """What the mail server delivered to an address."""

    def __init__(self, mesh: Any) -> None:
        self._folder = mesh.topology.mailbox

    async def letter(self, email: str, wanted: Callable[[mailbox.Mail], bool]) -> mailbox.Mail:
        """Wait for a letter."""

        async def look() -> mailbox.Mail | None:
            return next(filter(wanted, mailbox.read_all(self._folder, recipient=email)), None)

        return await eventually(look, what=f"a letter to {email}")

    async def code(self, email: str, page: str, *, not_these: tuple[str, ...] = ()) -> str:
        """The code of the newest letter with a link to `page`."""
        mark = f"/{page}#code="

        def fits(mail: mailbox.Mail) -> bool:
            return mark in mail.text and _code(mail.text, mark) not in not_these

        return _code((await self.letter(email, fits)).text, mark)


def _code(text: str, mark: str) -> str:
    return text.partition(mark)[2].split()[0] if mark in text else ""


@pytest.fixture(scope="module")
def box(mesh: Any) -> LetterBox:
    return LetterBox(mesh)


async def refusal(call: Any) -> WeNeedsError:
    with pytest.raises(WeNeedsError) as caught:
        await call
    return caught.value


async def ended(client: AsyncWeNeeds) -> None:
    """Wait until a session's access token is refused; fail after the time services may take."""

    async def look() -> bool | None:
        try:
            await client.accounts.get_me()
        except WeNeedsError as error:
            assert error.reason == "SESSION_ENDED"
            return True
        return None

    await eventually(look, seconds=REVOKED_SECONDS, what="the end of a session")


async def test_me_tells_who_and_how(guest: AsyncWeNeeds) -> None:
    someone = await person(guest, CANDIDATE)
    me = (await someone.client.accounts.get_me()).user
    assert (me.id, me.email, me.status) == (someone.id, someone.email, USER_STATUS_ACTIVE)
    assert not me.email_verified


async def test_an_email_is_verified_by_the_link_of_the_welcome(
    mesh: Any, guest: AsyncWeNeeds, box: LetterBox
) -> None:
    someone = await person(guest, CANDIDATE)
    code = await box.code(someone.email, "verify-email")
    letter = await box.letter(someone.email, lambda mail: code in mail.text)
    assert f"http://localhost:{mesh.topology.public_port}/verify-email#code=" in letter.text
    await someone.client.accounts.request_email_verification()
    another = await box.code(someone.email, "verify-email", not_these=(code,))
    assert another != code
    await guest.accounts.verify_email(code=code)
    assert (await someone.client.accounts.get_me()).user.email_verified
    for used in (code, another, "x" * 64, code[:-1] + "A"):
        error = await refusal(guest.accounts.verify_email(code=used))
        assert error.reason == "LINK_INVALID", used
    error = await refusal(guest.accounts.verify_email(code="short"))
    assert error.reason == "INVALID_FIELDS"


async def test_a_password_is_reset_by_mail_and_all_sessions_end(
    guest: AsyncWeNeeds, box: LetterBox
) -> None:
    someone = await person(guest, CANDIDATE)
    kept = guest.with_token(someone.token)
    await guest.accounts.request_password_reset(email=someone.email.upper())
    code = await box.code(someone.email, "reset-password")
    error = await refusal(guest.accounts.reset_password(code=code, new_password="short"))
    assert error.reason == "INVALID_FIELDS"
    await guest.accounts.reset_password(code=code, new_password=NEW)
    await ended(kept)
    error = await refusal(guest.accounts.reset_password(code=code, new_password=PASSWORD))
    assert error.reason == "LINK_INVALID"
    fresh = guest.with_token(None)
    error = await refusal(fresh.sessions.sign_in(email=someone.email, password=PASSWORD))
    assert error.reason == "CREDENTIALS_INVALID"
    await fresh.sessions.sign_in(email=someone.email, password=NEW)
    await box.letter(someone.email, lambda mail: "passe a changé" in mail.subject)


async def test_a_reset_answers_alike_for_known_and_unknown(
    guest: AsyncWeNeeds, rest: httpx.AsyncClient
) -> None:
    people = [await person(guest, CANDIDATE) for _ in range(6)]
    emails = [each for one in people for each in (one.email, f"nobody-{uuid4()}@example.org")]
    times: dict[bool, list[float]] = {True: [], False: []}
    bodies = set()
    for index, email in enumerate(emails):
        began = time.perf_counter()
        answer = await rest.post("/api/v1/auth/password-reset", json={"email": email})
        times[index % 2 == 0].append(time.perf_counter() - began)
        bodies.add((answer.status_code, answer.text))
    assert bodies == {(200, "{}")}
    known, unknown = (statistics.median(times[each]) for each in (True, False))
    # Both write one row and one event; what is left is the noise of a shared machine.
    assert abs(known - unknown) < max(0.02, min(known, unknown))


async def test_changing_the_password_ends_the_other_sessions(guest: AsyncWeNeeds) -> None:
    someone = await person(guest, CANDIDATE)
    other = guest.with_token(None)
    await other.sessions.sign_in(email=someone.email, password=PASSWORD)
    accounts = someone.client.accounts
    error = await refusal(accounts.change_password(current_password="wrong", new_password=NEW))
    assert error.reason == "CREDENTIALS_INVALID"
    await accounts.change_password(current_password=PASSWORD, new_password=NEW)
    assert other.tokens is not None
    await ended(guest.with_token(other.tokens.access_token))
    assert (await accounts.get_me()).user.id == someone.id


async def test_an_account_is_changed(guest: AsyncWeNeeds, rest: httpx.AsyncClient) -> None:
    someone, other = await person(guest, CANDIDATE), await person(guest, CANDIDATE)
    same = {"user": {"email": someone.email, "firstName": "Zoé"}, "updateMask": "email,firstName"}
    answer = await rest.patch("/api/v1/me", json=same, headers=someone.bearer)
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["firstName"] == "Zoé"
    taken = {"user": {"email": other.email}, "updateMask": "email", "currentPassword": PASSWORD}
    french = {**someone.bearer, "accept-language": "fr"}
    answer = await rest.patch("/api/v1/me", json=taken, headers=french)
    assert answer.status_code == 400
    details = {each["@type"].rpartition(".")[2]: each for each in answer.json()["details"]}
    assert details["ErrorInfo"]["reason"] == "EMAIL_TAKEN"
    assert details["BadRequest"]["fieldViolations"][0]["field"] == "user.email"
    assert details["LocalizedMessage"]["message"] == "Email déjà utilisé"
    for mask in (["role"], ["status"], []):
        call = someone.client.accounts.update_me(
            user=User(first_name="X"), update_mask=FieldMask(paths=mask)
        )
        assert (await refusal(call)).reason == "INVALID_FIELDS"


async def test_another_email_is_told_to_the_old_and_reaches_the_lists(
    guest: AsyncWeNeeds, box: LetterBox, staff: Team
) -> None:
    seeker = await candidate(guest)
    made = await applied(seeker, staff.job_id)
    email = f"moved-{uuid4()}@example.org"
    update = seeker.client.accounts.update_me
    mask = FieldMask(paths=["email", "first_name"])
    change = User(email=email, first_name="Nouvelle")
    error = await refusal(update(user=change, update_mask=mask))
    assert error.reason == "CREDENTIALS_INVALID"
    changed = await update(user=change, update_mask=mask, current_password=PASSWORD)
    assert (changed.user.email, changed.user.email_verified) == (email, False)
    told = await box.letter(seeker.email, lambda mail: "adresse e-mail" in mail.subject)
    assert email not in told.text
    assert "#code=" not in told.text
    await guest.accounts.verify_email(code=await box.code(email, "verify-email"))

    async def follows() -> bool | None:
        read = staff.recruiter.client.applications.get_application
        shown = (await read(application_id=made.id)).application.candidate
        return (shown.email, shown.first_name) == (email, "Nouvelle") or None

    await eventually(follows, what="the read model of people")


async def test_devices_are_listed_and_ended(guest: AsyncWeNeeds, rest: httpx.AsyncClient) -> None:
    someone = await person(guest, CANDIDATE)
    agent = "Fictive Browser/1.0 " + "x" * 200
    credentials = {"email": someone.email, "password": PASSWORD}
    answer = await rest.post(
        "/api/v1/auth/sign-in", json=credentials, headers={"user-agent": agent}
    )
    tokens = answer.json()["tokens"]
    listed = [each async for each in someone.client.sessions.list_sessions()]
    assert [each.current for each in listed] == [False, True]
    assert listed[0].device == agent[:120]
    stranger = await person(guest, CANDIDATE)
    await stranger.client.sessions.end_session(session_id=listed[0].id)
    assert len([each async for each in someone.client.sessions.list_sessions()]) == 2
    await someone.client.sessions.end_session(session_id=listed[0].id)
    await ended(guest.with_token(tokens["accessToken"]))
    kept = guest.with_token(someone.token)
    await someone.client.sessions.end_all_sessions()
    await ended(kept)


async def test_an_invitation_reaches_somebody_without_an_account(
    guest: AsyncWeNeeds, box: LetterBox, staff: Team
) -> None:
    companies = staff.recruiter.client.companies
    email = f"invited-{uuid4()}@example.org"
    made = await companies.invite_collaborator(
        company_id=staff.company_id, email=email, role="COMPANY_ROLE_MANAGER"
    )
    open_ones = [each async for each in companies.list_invitations(company_id=staff.company_id)]
    assert made.invitation.id in {each.id for each in open_ones}
    code = await box.code(email, "invitation")
    stranger = await person(guest, RECRUITER)
    error = await refusal(stranger.client.companies.accept_invitation(code=code))
    assert error.reason == "INVITATION_INVALID"
    invited = guest.with_token(None)
    await invited.accounts.register(
        email=email, password=PASSWORD, first_name="Fictive", last_name="Invitée", role=RECRUITER
    )
    await invited.sessions.sign_in(email=email, password=PASSWORD)
    joined = await invited.companies.accept_invitation(code=code)
    assert joined.company.id == staff.company_id
    members = [each async for each in companies.list_collaborators(company_id=staff.company_id)]
    assert email in {each.email for each in members}
    error = await refusal(invited.companies.accept_invitation(code=code))
    assert error.reason == "INVITATION_INVALID"
    await companies.remove_collaborator(
        company_id=staff.company_id, user_id=(await invited.accounts.get_me()).user.id
    )


async def test_an_invitation_is_taken_back(
    guest: AsyncWeNeeds, box: LetterBox, staff: Team
) -> None:
    companies = staff.recruiter.client.companies
    someone = await person(guest, RECRUITER)
    made = await companies.invite_collaborator(
        company_id=staff.company_id, email=someone.email, role="COMPANY_ROLE_VIEWER"
    )
    code = await box.code(someone.email, "invitation")
    denied = await refusal(
        someone.client.companies.revoke_invitation(
            company_id=staff.company_id, invitation_id=made.invitation.id
        )
    )
    assert denied.reason == "SCOPE_DENIED"
    await companies.revoke_invitation(company_id=staff.company_id, invitation_id=made.invitation.id)
    error = await refusal(someone.client.companies.accept_invitation(code=code))
    assert error.reason == "INVITATION_INVALID"


async def test_an_export_is_the_callers_own(guest: AsyncWeNeeds) -> None:
    someone = await person(guest, CANDIDATE)
    document = json.loads((await someone.client.accounts.export_my_data()).document)
    assert document["account"]["email"] == someone.email
    assert [each["id"] for each in document["sessions"]]
    assert PASSWORD not in json.dumps(document)


async def test_the_last_admin_cannot_leave(guest: AsyncWeNeeds) -> None:
    founder = await person(guest, RECRUITER)
    await founder.client.companies.create_company(name="Maison Fictive")
    error = await refusal(founder.client.accounts.delete_me(password=PASSWORD))
    assert error.reason == "LAST_ADMIN"
    assert (await founder.client.accounts.get_me()).user.id == founder.id


async def test_a_deleted_person_is_forgotten_everywhere(
    mesh: Any, guest: AsyncWeNeeds, staff: Team
) -> None:
    seeker = await candidate(guest)
    made = await applied(seeker, staff.job_id)
    assert made.receipt_id
    await seeker.client.cvs.parse_cv(content=b"Fictive Personne\nPython\n")
    error = await refusal(seeker.client.accounts.delete_me(password="not the password"))
    assert error.reason == "CREDENTIALS_INVALID"
    kept = guest.with_token(seeker.token)
    await seeker.client.accounts.delete_me(password=PASSWORD)
    late = kept.candidates.update_profile(
        profile=Profile(title="Trop tard"), update_mask=FieldMask(paths=["title"])
    )
    # Whether or not the service still trusts the session, nothing comes back.
    await asyncio.gather(late, return_exceptions=True)
    await ended(kept)
    await _books_stay_without_the_person(staff, made)
    await _nothing_is_left(mesh, seeker)
    again = guest.with_token(None)
    await again.accounts.register(
        email=seeker.email,
        password=PASSWORD,
        first_name="Fictive",
        last_name="Autre",
        role=CANDIDATE,
    )


async def _books_stay_without_the_person(staff: Team, made: Any) -> None:
    recruiter = staff.recruiter.client

    async def forgotten() -> Any:
        shown = (await recruiter.applications.get_application(application_id=made.id)).application
        return shown if shown.status == APPLICATION_STATUS_WITHDRAWN else None

    shown = await eventually(forgotten, what="the erasure in jobs")
    assert (shown.candidate.email, shown.candidate.first_name) == ("", "")
    assert shown.matching_score == made.matching_score

    async def blank() -> Any:
        receipt = (await recruiter.scoring.get_receipt(receipt_id=made.receipt_id)).receipt
        return receipt if not receipt.inputs else None

    receipt = await eventually(blank, what="the erasure in matching")
    assert receipt.inputs_hash
    assert receipt.score.final_score == made.matching_score


async def _nothing_is_left(mesh: Any, gone: Person) -> None:
    """Look into every table of every service for what tells of the person."""
    connection = await asyncpg.connect(mesh.topology.admin_url)
    told = (gone.email, "Développeuse Python")

    async def clean() -> bool | None:
        for table, column in (
            ("auth.users", "id"),
            ("auth.mail_links", "user_id"),
            ("jobs.people", "user_id"),
            ("matching.indexed_profiles", "candidate_id"),
            ("matching.cvs", "candidate_id"),
            ("matching.matches", "candidate_id"),
            ("messaging.notices", "user_id"),
        ):
            query = f"select count(*) from {table} where {column} = $1"
            if await connection.fetchval(query, gone.id):
                return None
        row = await connection.fetchrow("select * from jobs.candidates where id = $1", gone.id)
        mails = await connection.fetch("select * from messaging.mails where user_id = $1", gone.id)
        text = " ".join(str(dict(each)) for each in (row, *mails) if each)
        assert mails
        return None if any(word in text for word in told) or "Python" in text else True

    try:
        await eventually(clean, what="the erasure everywhere")
    finally:
        await connection.close()


async def test_only_messaging_asks_for_links(mesh: Any) -> None:
    for service, wanted in (("jobs", "CALLER_DENIED"), ("messaging", "LINK_INVALID")):
        addresses = mesh.topology.service_addresses
        channels = Channels(addresses, mesh.topology.tls(service))
        stub = DirectoryServiceStub(channels.to("auth"))
        try:
            with pytest.raises(Exception) as caught:
                await stub.GetMailTarget(GetMailTargetRequest(reference_id=str(uuid4())))
            assert wanted in str(caught.value.details())  # type: ignore[attr-defined]
        finally:
            await channels.close()
