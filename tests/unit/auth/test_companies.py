"""Accounts, companies and collaborators on a real Postgres."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from google.protobuf.message import Message
from weneeds.auth.events.v1.events_pb2 import CollaboratorAdded, UserRegistered
from weneeds.auth.v1.company_service_pb2 import ListCollaboratorsRequest
from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1.mail_pb2 import MAIL_TYPE_COLLABORATOR_ADDED, MAIL_TYPE_WELCOME
from weneeds.options.v1.role_pb2 import COMPANY_ROLE_MANAGER, USER_ROLE_RECRUITER

from services.auth.app.companies import CollaboratorPage
from services.auth.domain.companies import (
    CollaboratorExists,
    CollaboratorNotFound,
    CompanyNotFound,
    CompanyRole,
    LastAdmin,
)
from services.auth.domain.users import EmailTaken, UserRole
from services.kit.errors import InvalidFields, PageTokenInvalid, SessionEnded
from services.kit.paging import Page
from tests.support.sql import Sql
from tests.unit.auth.conftest import PASSWORD, Auth, new_email

NOBODY = "01890000-0000-7000-8000-00000000dead"


async def event(auth: Auth, kind: type[Message], key: str) -> Message:
    """The only event of `kind` about `key`."""
    rows = await Sql(auth.database).fetch(
        "select payload from outbox where key = $1 and type = $2", key, kind.DESCRIPTOR.full_name
    )
    assert len(rows) == 1
    return kind.FromString(rows[0]["payload"])


async def people(auth: Auth, company_id: str, size: int, token: str = "") -> CollaboratorPage:
    request = ListCollaboratorsRequest(company_id=company_id, page_size=size, page_token=token)
    return await auth.companies.list_collaborators(company_id, Page.of(request, keys=(int, str)))


async def test_registering_tells_the_others(auth: Auth) -> None:
    user = await auth.register()
    assert await auth.published(user.id) == ["user.registered", "mail.send"]
    registered = await event(auth, UserRegistered, user.id)
    assert isinstance(registered, UserRegistered)
    assert registered.role == USER_ROLE_RECRUITER
    assert registered.registered_at.ToMicroseconds() == user.created_at.timestamp() * 1_000_000
    mail = await event(auth, MailSend, user.id)
    assert isinstance(mail, MailSend)
    assert (mail.recipient_user_id, mail.type) == (user.id, MAIL_TYPE_WELCOME)
    # The mail names where its link is, not the link.
    assert mail.reference_id
    assert not mail.variables


async def test_an_email_is_taken_whatever_its_case(auth: Auth) -> None:
    user = await auth.register()
    with pytest.raises(EmailTaken) as refused:
        await auth.register(email=user.email.upper())
    assert refused.value.field == "email"


async def test_of_many_that_register_an_email_one_gets_it(auth: Auth) -> None:
    email = new_email()
    answers = await asyncio.gather(
        *(auth.register(email=email) for _ in range(4)), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["EmailTaken"] * 3 + ["User"]


async def test_the_password_is_stored_as_a_hash(auth: Auth) -> None:
    user = await auth.register()
    row = await Sql(auth.database).fetchrow("select * from users where id = $1", user.id)
    assert row is not None
    assert row["password_hash"].startswith("$argon2id$")
    assert PASSWORD not in str(dict(row))


async def test_me_names_the_companies_in_order(auth: Auth) -> None:
    user = await auth.register()
    for name in ("Zeta", "Alpha", "Mitte"):
        await auth.companies.create(user.id, name, "", "")
    member = await auth.accounts.me(user.id)
    assert member.user == user
    assert [held.company_name for held in member.memberships] == ["Alpha", "Mitte", "Zeta"]
    assert {held.role for held in member.memberships} == {CompanyRole.ADMIN}


async def test_me_of_an_account_that_is_gone(auth: Auth) -> None:
    with pytest.raises(SessionEnded):
        await auth.accounts.me(NOBODY)


async def test_a_founder_is_the_first_admin(auth: Auth) -> None:
    founder = await auth.register()
    company = await auth.companies.create(
        founder.id, "  Atelier   Test ", "12345678901234", " Lyon "
    )
    assert (company.name, company.city) == ("Atelier Test", "Lyon")
    assert await auth.companies.get(company.id) == company
    page = await people(auth, company.id, 10)
    assert [(one.user_id, one.role) for one in page.collaborators] == [
        (founder.id, CompanyRole.ADMIN)
    ]
    assert await auth.published(company.id) == ["company.created", "collaborator.added"]


async def test_a_refused_company_leaves_nothing(auth: Auth) -> None:
    founder = await auth.register()
    with pytest.raises(InvalidFields):
        await auth.companies.create(founder.id, "   ", "", "")
    assert (await auth.accounts.me(founder.id)).memberships == []


async def test_no_such_company(auth: Auth) -> None:
    with pytest.raises(CompanyNotFound):
        await auth.companies.get(NOBODY)
    with pytest.raises(CompanyNotFound):
        await auth.companies.remove_collaborator(NOBODY, NOBODY)


async def test_adding_a_collaborator_tells_them(auth: Auth) -> None:
    founder, other = await auth.register(), await auth.register()
    company = await auth.companies.create(founder.id, "Maison Test", "", "")
    role = CompanyRole.MANAGER
    person = await auth.companies.add_collaborator(company.id, other.email.upper(), role)
    assert (person.user_id, person.role) == (other.id, role)
    rows = await Sql(auth.database).fetch(
        "select payload from outbox where key = $1 and subject = 'collaborator.added' order by seq",
        company.id,
    )
    added = CollaboratorAdded.FromString(rows[-1]["payload"])
    assert added == CollaboratorAdded(
        company_id=company.id, user_id=other.id, role=COMPANY_ROLE_MANAGER
    )
    payload = await Sql(auth.database).fetchval(
        "select payload from outbox where key = $1 order by seq desc limit 1", other.id
    )
    mail = MailSend.FromString(payload)
    assert mail.type == MAIL_TYPE_COLLABORATOR_ADDED
    assert dict(mail.variables) == {"company_name": "Maison Test", "role": "MANAGER"}


async def test_only_recruiters_and_each_once(auth: Auth) -> None:
    founder, candidate = await auth.register(), await auth.register(UserRole.CANDIDATE)
    company = await auth.companies.create(founder.id, "Maison Test", "", "")
    for email in (candidate.email, "nobody@example.test"):
        with pytest.raises(CollaboratorNotFound):
            await auth.companies.add_collaborator(company.id, email, CompanyRole.VIEWER)
    with pytest.raises(CollaboratorExists):
        await auth.companies.add_collaborator(company.id, founder.email, CompanyRole.VIEWER)
    member = await auth.accounts.me(founder.id)
    assert [held.role for held in member.memberships] == [CompanyRole.ADMIN]


async def test_removing_is_told_once_and_repeats(auth: Auth) -> None:
    founder, other = await auth.register(), await auth.register()
    company = await auth.companies.create(founder.id, "Maison Test", "", "")
    await auth.companies.add_collaborator(company.id, other.email, CompanyRole.VIEWER)
    for _ in range(2):
        await auth.companies.remove_collaborator(company.id, other.id)
    assert (await auth.published(company.id)).count("collaborator.removed") == 1
    assert (await auth.accounts.me(other.id)).memberships == []


@pytest.mark.parametrize("spelling", [str, str.upper])
async def test_the_last_admin_stays(auth: Auth, spelling: type[str]) -> None:
    founder = await auth.register()
    company = await auth.companies.create(founder.id, "Maison Test", "", "")
    with pytest.raises(LastAdmin):
        await auth.companies.remove_collaborator(company.id, spelling(founder.id))


async def test_two_admins_who_remove_each_other_leave_one(auth: Auth) -> None:
    one, two = await auth.register(), await auth.register()
    company = await auth.companies.create(one.id, "Maison Test", "", "")
    await auth.companies.add_collaborator(company.id, two.email, CompanyRole.ADMIN)
    answers = await asyncio.gather(
        *(auth.companies.remove_collaborator(company.id, user.id) for user in (one, two)),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["LastAdmin", "NoneType"]
    assert (await people(auth, company.id, 10)).total == 1


async def test_pages_hold_everyone_once_oldest_first(auth: Auth) -> None:
    founder = await auth.register()
    company = await auth.companies.create(founder.id, "Maison Test", "", "")
    added = [founder.id]
    for number in range(6):
        # Two at a time share an instant: the id decides between them.
        auth.clock.move(timedelta(microseconds=number % 2))
        other = await auth.register()
        await auth.companies.add_collaborator(company.id, other.email, CompanyRole.VIEWER)
        added.append(other.id)
    found, token, sizes = [], "", []
    while True:
        page = await people(auth, company.id, 3, token)
        found += [person.user_id for person in page.collaborators]
        sizes.append((len(page.collaborators), page.total))
        token = page.next_token
        if not token:
            break
    assert found == added
    assert sizes == [(3, 7), (3, 7), (1, 7)]


async def test_a_page_after_everyone_is_empty_and_still_counts(auth: Auth) -> None:
    founder, other = await auth.register(), await auth.register()
    company = await auth.companies.create(founder.id, "Maison Test", "", "")
    await auth.companies.add_collaborator(company.id, other.email, CompanyRole.VIEWER)
    token = (await people(auth, company.id, 1)).next_token
    await auth.companies.remove_collaborator(company.id, other.id)
    page = await people(auth, company.id, 1, token)
    assert (page.collaborators, page.next_token, page.total) == ([], "", 1)


@pytest.mark.parametrize("after", [(10**30, NOBODY), (-(10**18), NOBODY), (0, "not an id")])
async def test_an_invented_place_in_the_list_is_refused(auth: Auth, after: tuple[int, str]) -> None:
    page = Page(size=1, after=after, skip=0, binding="")
    with pytest.raises(PageTokenInvalid):
        await auth.companies.list_collaborators(NOBODY, page)


async def test_contacts_leave_unknown_people_out(auth: Auth) -> None:
    user = await auth.register()
    contacts = await auth.directory.contacts([user.id, NOBODY])
    assert [(one.user_id, one.email, one.first_name, one.locale) for one in contacts] == [
        (user.id, user.email, "Ada", "en")
    ]
