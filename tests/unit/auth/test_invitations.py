"""Invitations, the list of devices, and what mails ask for, on real stores."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from weneeds.auth.v1.company_service_pb2 import ListInvitationsRequest
from weneeds.auth.v1.session_service_pb2 import ListSessionsRequest

from services.auth.domain.companies import CollaboratorExists, Company, CompanyNotFound, CompanyRole
from services.auth.domain.links import InvitationInvalid, LinkInvalid
from services.auth.domain.users import User
from services.kit.errors import DependencyDown, PageTokenInvalid
from services.kit.paging import Page
from tests.unit.auth.conftest import PASSWORD, Auth, new_email
from tests.unit.auth.life import Life, build_life

WEEK = timedelta(days=7)
VIEWER = CompanyRole.VIEWER


@pytest.fixture
def life(auth: Auth) -> Life:
    return build_life(auth)


async def hosting(life: Life) -> tuple[User, Company]:
    host = await life.auth.register()
    return host, await life.auth.companies.create(host.id, "Maison Test", "", "")


def page(company_id: str, size: int = 0, token: str = "") -> Page:
    request = ListInvitationsRequest(company_id=company_id, page_size=size, page_token=token)
    return Page.of(request, keys=(int, str))


async def test_somebody_without_an_account_is_invited_and_joins(life: Life) -> None:
    host, company = await hosting(life)
    email = new_email()
    invitation = await life.invitations.invite(host.id, company.id, f" {email.upper()} ", VIEWER)
    assert invitation.email == email
    wish = (await life.mails())[-1]
    assert (wish.variant, wish.reference_id) == ("invitation", invitation.id)
    # Neither the address nor the code is in the event.
    assert email.encode() not in wish.SerializeToString()
    assert dict(wish.variables) == {"company_name": "Maison Test", "role": "VIEWER"}
    target = await life.targets.target(invitation.id)
    assert (target.email, target.first_name, target.locale) == (email, "", host.locale)
    guest = await life.auth.register(email=email)
    joined = await life.invitations.accept(guest.id, await life.code_to(email))
    assert (joined.company, joined.role) == (company, VIEWER)
    member = await life.auth.accounts.me(guest.id)
    assert [held.company_id for held in member.memberships] == [company.id]
    assert member.user.email_verified_at is not None
    assert (await life.auth.published(company.id))[-1] == "collaborator.added"


async def test_an_invitation_is_good_once(life: Life) -> None:
    host, company = await hosting(life)
    guest = await life.auth.register()
    await life.invitations.invite(host.id, company.id, guest.email, VIEWER)
    code = await life.code_to(guest.email)
    answers = await asyncio.gather(
        *(life.invitations.accept(guest.id, code) for _ in range(4)), return_exceptions=True
    )
    refused = [each for each in answers if isinstance(each, Exception)]
    assert [type(each) for each in refused] == [InvitationInvalid] * 3
    await life.auth.companies.remove_collaborator(company.id, guest.id)
    with pytest.raises(InvitationInvalid):
        await life.invitations.accept(guest.id, code)


async def test_an_invitation_is_for_its_email_only_and_survives_a_stranger(life: Life) -> None:
    host, company = await hosting(life)
    guest, stranger = await life.auth.register(), await life.auth.register()
    await life.invitations.invite(host.id, company.id, guest.email, VIEWER)
    code = await life.code_to(guest.email)
    with pytest.raises(InvitationInvalid):
        await life.invitations.accept(stranger.id, code)
    assert (await life.auth.accounts.me(stranger.id)).memberships == []
    await life.invitations.accept(guest.id, code)


async def test_an_invitation_is_good_for_a_week(life: Life) -> None:
    host, company = await hosting(life)
    guest = await life.auth.register()
    invitation = await life.invitations.invite(host.id, company.id, guest.email, VIEWER)
    code = await life.code_to(guest.email)
    life.auth.clock.move(WEEK)
    with pytest.raises(InvitationInvalid):
        await life.invitations.accept(guest.id, code)
    with pytest.raises(LinkInvalid):
        await life.targets.target(invitation.id)
    found = await life.invitations.list_open(company.id, page(company.id))
    assert (found.invitations, found.total) == ([], 0)


async def test_inviting_again_replaces_and_revoking_ends(life: Life) -> None:
    host, company = await hosting(life)
    guest = await life.auth.register()
    await life.invitations.invite(host.id, company.id, guest.email, VIEWER)
    first = await life.code_to(guest.email)
    again = await life.invitations.invite(host.id, company.id, guest.email, CompanyRole.MANAGER)
    second = await life.code_to(guest.email)
    found = await life.invitations.list_open(company.id, page(company.id))
    assert found.invitations == [again]
    with pytest.raises(InvitationInvalid):
        await life.invitations.accept(guest.id, first)
    # Another company cannot take it back.
    _, elsewhere = await hosting(life)
    await life.invitations.revoke(elsewhere.id, again.id)
    assert (await life.invitations.list_open(company.id, page(company.id))).total == 1
    for _ in range(2):
        await life.invitations.revoke(company.id, again.id)
    with pytest.raises(InvitationInvalid):
        await life.invitations.accept(guest.id, second)


async def test_whoever_is_there_is_not_invited(life: Life) -> None:
    host, company = await hosting(life)
    with pytest.raises(CollaboratorExists):
        await life.invitations.invite(host.id, company.id, host.email.upper(), VIEWER)
    with pytest.raises(CompanyNotFound):
        await life.invitations.invite(host.id, str(uuid4()), new_email(), VIEWER)
    guest = await life.auth.register()
    await life.invitations.invite(host.id, company.id, guest.email, VIEWER)
    code = await life.code_to(guest.email)
    await life.auth.companies.add_collaborator(company.id, guest.email, VIEWER)
    with pytest.raises(CollaboratorExists):
        await life.invitations.accept(guest.id, code)


async def test_pages_of_invitations_hold_each_once_newest_first(life: Life) -> None:
    host, company = await hosting(life)
    made = []
    for index in range(5):
        life.auth.clock.move(timedelta(seconds=index % 2))
        made.append(await life.invitations.invite(host.id, company.id, new_email(), VIEWER))
    seen: list[str] = []
    token = ""
    while True:
        found = await life.invitations.list_open(company.id, page(company.id, 2, token))
        assert found.total == 5
        seen += [one.id for one in found.invitations]
        token = found.next_token
        if not token:
            break
    assert seen == [one.id for one in sorted(made, key=lambda i: (i.created_at, i.id))][::-1]
    with pytest.raises(PageTokenInvalid):
        page(
            str(uuid4()),
            2,
            (await life.invitations.list_open(company.id, page(company.id, 2))).next_token,
        )


async def test_what_ran_out_is_swept(life: Life) -> None:
    host, company = await hosting(life)
    await life.invitations.invite(host.id, company.id, new_email(), VIEWER)
    await life.passwords.request_reset(host.email)
    life.auth.clock.move(WEEK)
    await life.targets.drop_expired()
    assert await life.count("invitations", "company_id = $1", company.id) == 0
    assert await life.count("mail_links", "email = $1", host.email) == 0


async def test_devices_are_listed_newest_first_and_ended(life: Life) -> None:
    user, other = await life.auth.register(), await life.auth.register()
    opened = []
    for name in ("phone", "tablet", "desk"):
        signed_in = await life.auth.sign_ins.sign_in(user.email, PASSWORD, name)
        assert signed_in.user.id == user.id
        life.auth.clock.move(timedelta(seconds=1))
    theirs = await life.sign_in(other.email)

    async def listed(size: int, token: str = "") -> tuple[list[str], str]:
        request = ListSessionsRequest(page_size=size, page_token=token)
        found = await life.devices.list_open(user.id, Page.of(request, keys=(int, str)))
        opened.extend(found.sessions)
        return [one.device for one in found.sessions], found.next_token

    first, token = await listed(2)
    rest, end = await listed(2, token)
    assert (first, rest, end) == (["desk", "tablet"], ["phone"], "")
    # Somebody else's session is not theirs to end, in whatever case its id comes.
    await life.devices.end(user.id, theirs)
    assert await life.auth.sessions.load(theirs) is not None
    await life.devices.end(user.id, opened[0].id.upper())
    assert (await listed(10))[0] == ["tablet", "phone"]
    await life.devices.end_all(user.id)
    assert (await listed(10))[0] == []
    assert await life.auth.sessions.load(theirs) is not None


async def test_a_device_keeps_its_name_through_a_refresh(life: Life) -> None:
    user = await life.auth.register()
    signed_in = await life.auth.sign_ins.sign_in(user.email, PASSWORD, "phone")
    began = life.auth.clock.now()
    life.auth.clock.move(timedelta(minutes=5))
    await life.auth.sign_ins.refresh(signed_in.tokens.refresh)
    [session] = await life.auth.sessions.of_user(user.id)
    assert (session.device, session.created_at) == ("phone", began)
    assert session.last_used_at == life.auth.clock.now()


async def test_without_the_session_store_no_list(auth_without_sessions: Auth) -> None:
    life = build_life(auth_without_sessions)
    with pytest.raises(DependencyDown):
        await life.devices.list_open(str(uuid4()), Page.of(ListSessionsRequest(), keys=(int, str)))
    with pytest.raises(DependencyDown):
        await life.devices.end_all(str(uuid4()))
