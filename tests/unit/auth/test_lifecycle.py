"""An account's life on real stores: proving e-mails, passwords, changes, leaving."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from weneeds.auth.events.v1.events_pb2 import UserDeleted
from weneeds.options.v1.role_pb2 import USER_ROLE_RECRUITER

from services.auth.domain.companies import CompanyRole, LastAdmin
from services.auth.domain.links import LinkInvalid
from services.auth.domain.users import CredentialsInvalid, EmailTaken
from services.kit.errors import DependencyDown, InvalidFields, SessionEnded
from tests.support.sql import Sql
from tests.unit.auth.conftest import PASSWORD, Auth, new_email
from tests.unit.auth.life import Life, build_life, code_of

NEW = "another long password"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def life(auth: Auth) -> Life:
    return build_life(auth)


async def verified(life: Life, user_id: str) -> bool:
    return (await life.auth.accounts.me(user_id)).user.email_verified_at is not None


async def test_the_welcome_mail_proves_the_email_once(life: Life) -> None:
    user = await life.auth.register()
    assert not await verified(life, user.id)
    code = await life.code_for(user)
    await life.profiles.verify(code)
    assert await verified(life, user.id)
    with pytest.raises(LinkInvalid):
        await life.profiles.verify(code)
    # Nothing more is to be proved, so nothing more is sent.
    before = len(await life.mails(user.id))
    await life.profiles.request_verification(user.id)
    assert len(await life.mails(user.id)) == before


@pytest.mark.parametrize(("after", "good"), [(DAY - timedelta(seconds=1), True), (DAY, False)])
async def test_a_verification_is_good_for_a_day(life: Life, after: timedelta, good: bool) -> None:
    user = await life.auth.register()
    code = await life.code_for(user)
    life.auth.clock.move(after)
    if good:
        await life.profiles.verify(code)
    else:
        with pytest.raises(LinkInvalid):
            await life.profiles.verify(code)
    assert await verified(life, user.id) is good


async def test_of_many_who_use_a_code_one_succeeds(life: Life) -> None:
    user = await life.auth.register()
    code = await life.code_for(user)
    answers = await asyncio.gather(
        *(life.profiles.verify(code) for _ in range(5)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in answers) == ["LinkInvalid"] * 4 + ["NoneType"]


async def test_no_code_is_stored_or_published(life: Life) -> None:
    user = await life.auth.register()
    await life.passwords.request_reset(user.email)
    codes = [await life.code_for(user), await life.code_to(user.email)]
    for table in ("mail_links", "outbox", "users"):
        rows = await Sql(life.auth.database).fetch(f"select * from {table}")
        text = " ".join(str(dict(row)) for row in rows)
        assert not any(code in text for code in codes), table


async def test_a_reset_sets_the_password_and_ends_all_sessions(life: Life) -> None:
    user = await life.auth.register()
    session = await life.sign_in(user.email)
    await life.passwords.request_reset(user.email.upper())
    await life.passwords.request_reset(user.email)
    code = await life.code_to(user.email)
    assert await life.passwords.reset(code, NEW) == user.id
    assert await life.auth.sessions.load(session) is None
    with pytest.raises(CredentialsInvalid):
        await life.sign_in(user.email)
    await life.endings.settle()
    await life.sign_in(user.email, NEW)
    # The mailbox is proved by it, its owner is told, and no code is left.
    assert await verified(life, user.id)
    assert (await life.mails(user.id))[-1].variant == "password_changed"
    with pytest.raises(LinkInvalid):
        await life.passwords.reset(code, PASSWORD)
    assert (
        await life.count("mail_links", "purpose = 'PASSWORD_RESET' and email = $1", user.email) == 0
    )


async def test_a_reset_is_good_for_an_hour(life: Life) -> None:
    user = await life.auth.register()
    await life.passwords.request_reset(user.email)
    code = await life.code_to(user.email)
    life.auth.clock.move(HOUR)
    with pytest.raises(LinkInvalid):
        await life.passwords.reset(code, NEW)
    await life.sign_in(user.email)


async def test_a_reset_of_nobody_takes_the_same_steps_and_reaches_nobody(life: Life) -> None:
    email = new_email()
    await life.passwords.request_reset(email)
    wish = (await life.mails())[-1]
    with pytest.raises(LinkInvalid):
        await life.targets.target(wish.reference_id)
    await life.passwords.request_reset("nul\0byte@example.test")


async def test_a_password_too_short_spends_no_code(life: Life) -> None:
    user = await life.auth.register()
    await life.passwords.request_reset(user.email)
    code = await life.code_to(user.email)
    with pytest.raises(InvalidFields) as refused:
        await life.passwords.reset(code, "short")
    assert refused.value.violations[0][0] == "new_password"
    await life.passwords.reset(code, NEW)


async def test_codes_of_one_purpose_open_no_other(life: Life) -> None:
    user = await life.auth.register()
    verification = await life.code_for(user)
    await life.passwords.request_reset(user.email)
    reset = await life.code_to(user.email)
    with pytest.raises(LinkInvalid):
        await life.passwords.reset(verification, NEW)
    with pytest.raises(LinkInvalid):
        await life.profiles.verify(reset)


async def test_changing_the_password_keeps_this_session_only(life: Life) -> None:
    user = await life.auth.register()
    other = await life.sign_in(user.email)
    life.auth.clock.move(timedelta(seconds=1))
    mine = await life.sign_in(user.email)
    await life.passwords.request_reset(user.email)
    code = await life.code_to(user.email)
    with pytest.raises(CredentialsInvalid) as refused:
        await life.passwords.change(user.id, mine, "not the password", NEW)
    assert refused.value.field == "current_password"
    await life.passwords.change(user.id, mine, PASSWORD, NEW)
    await life.endings.settle()
    assert await life.auth.sessions.load(other) is None
    assert await life.auth.sessions.load(mine) is not None
    # A code that was asked for earlier must not undo the change.
    with pytest.raises(LinkInvalid):
        await life.passwords.reset(code, PASSWORD)


async def test_a_session_opened_during_a_change_of_password_ends(life: Life) -> None:
    user = await life.auth.register()
    sign_ins = [life.auth.sign_ins.sign_in(user.email, PASSWORD) for _ in range(8)]
    await asyncio.gather(
        *sign_ins, life.passwords.change(user.id, "", PASSWORD, NEW), return_exceptions=True
    )
    await life.endings.settle()
    assert await life.auth.sessions.of_user(user.id) == []


async def test_without_the_session_store_no_password_changes(auth_without_sessions: Auth) -> None:
    life = build_life(auth_without_sessions)
    user = await life.auth.register()
    await life.passwords.request_reset(user.email)
    code = await life.code_to(user.email)
    with pytest.raises(DependencyDown):
        await life.passwords.reset(code, NEW)
    known = await Sql(life.auth.database).fetchval(
        "select password_hash from users where id = $1", user.id
    )
    assert await life.auth.passwords.verify(known, PASSWORD)


async def test_changing_names_and_keeping_the_email(life: Life) -> None:
    user = await life.auth.register()
    changes = {"first_name": " Zoé  Anne ", "email": f" {user.email.upper()} ", "locale": "fr"}
    changed = await life.profiles.update(user.id, changes, "")
    assert (changed.first_name, changed.email, changed.locale) == ("Zoé Anne", user.email, "fr")
    assert changed.last_name == user.last_name
    assert (await life.auth.published(user.id))[-1] == "user.updated"
    seen = len(await life.auth.published(user.id))
    await life.profiles.update(user.id, changes, "")
    assert len(await life.auth.published(user.id)) == seen


async def test_another_email_is_proved_anew_and_told_to_the_old_address(life: Life) -> None:
    user = await life.auth.register()
    old_code = await life.code_for(user)
    await life.profiles.verify(old_code)
    email = new_email()
    with pytest.raises(CredentialsInvalid) as refused:
        await life.profiles.update(user.id, {"email": email}, "not the password")
    assert refused.value.field == "current_password"
    changed = await life.profiles.update(user.id, {"email": email}, PASSWORD)
    assert (changed.email, changed.email_verified_at) == (email, None)
    told, asked = (await life.mails(user.id))[-2:]
    assert told.variant == "email_changed"
    target = await life.targets.target(told.reference_id)
    assert (target.email, target.link) == (user.email, "")
    target = await life.targets.target(asked.reference_id)
    assert target.email == email
    await life.profiles.verify(code_of(target.link))
    assert await verified(life, user.id)


async def test_links_to_a_former_address_open_nothing(life: Life) -> None:
    user = await life.auth.register()
    verification = await life.code_for(user)
    await life.passwords.request_reset(user.email)
    reset = await life.code_to(user.email)
    await life.profiles.update(user.id, {"email": new_email()}, PASSWORD)
    with pytest.raises(LinkInvalid):
        await life.profiles.verify(verification)
    with pytest.raises(LinkInvalid):
        await life.passwords.reset(reset, NEW)


async def test_an_email_of_somebody_else_is_taken(life: Life) -> None:
    user, other = await life.auth.register(), await life.auth.register()
    with pytest.raises(EmailTaken) as refused:
        await life.profiles.update(user.id, {"email": other.email.upper()}, PASSWORD)
    assert refused.value.field == "user.email"
    assert (await life.auth.accounts.me(user.id)).user == user


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, "update_mask"),
        ({"email": "no address"}, "user.email"),
        ({"email": "a@" + "b" * 260 + ".test"}, "user.email"),
        ({"email": "a\0b@example.test"}, "user.email"),
        ({"first_name": " \t "}, "user.first_name"),
        ({"last_name": "x" * 81}, "user.last_name"),
        ({"last_name": "a\x07b"}, "user.last_name"),
        ({"locale": "de"}, "user.locale"),
        ({"role": "RECRUITER"}, "update_mask"),
    ],
)
async def test_bad_changes_name_their_field(
    life: Life, changes: dict[str, str], field: str
) -> None:
    user = await life.auth.register()
    with pytest.raises(InvalidFields) as refused:
        await life.profiles.update(user.id, changes, PASSWORD)
    assert [path for path, _ in refused.value.violations] == [field]


async def test_an_export_holds_the_person_and_no_secret(life: Life) -> None:
    user = await life.auth.register()
    company = await life.auth.companies.create(user.id, "Maison Test", "", "")
    await life.sign_in(user.email)
    host = await life.auth.register()
    inviting = await life.auth.companies.create(host.id, "Hôte Test", "", "")
    await life.invitations.invite(host.id, inviting.id, user.email, CompanyRole.VIEWER)
    text = await life.departures.export(user.id)
    document = json.loads(text)
    assert document["account"]["email"] == user.email
    assert document["memberships"][0]["company_id"] == company.id
    assert document["invitations"][0]["company_id"] == inviting.id
    [session] = document["sessions"]
    stored = await life.auth.sessions.load(session["id"])
    assert stored is not None
    assert stored.current not in text
    assert "argon2" not in text
    assert {"identities", "second_factors", "actions"} <= document.keys()


async def test_deleting_erases_and_frees_the_email(life: Life) -> None:
    user, host = await life.auth.register(), await life.auth.register()
    company = await life.auth.companies.create(host.id, "Maison Test", "", "")
    await life.auth.companies.add_collaborator(company.id, user.email, CompanyRole.VIEWER)
    guests = await life.auth.companies.create(host.id, "Hôte Test", "", "")
    await life.invitations.invite(host.id, guests.id, user.email, CompanyRole.VIEWER)
    session = await life.sign_in(user.email)
    await life.passwords.request_reset(user.email)
    code = await life.code_to(user.email)
    with pytest.raises(CredentialsInvalid) as refused:
        await life.departures.delete(user.id, "not the password")
    assert refused.value.field == "password"
    await life.departures.delete(user.id, PASSWORD)
    await life.endings.settle()
    assert await life.auth.sessions.load(session) is None
    assert not (await life.auth.directory.standing(user.id, session)).session_alive
    for table, column, value in (
        ("users", "id", user.id),
        ("memberships", "user_id", user.id),
        ("mail_links", "email", user.email),
        ("mail_links", "user_id", user.id),
        ("invitations", "email", user.email),
    ):
        assert await life.count(table, f"{column} = $1", value) == 0, table
    assert await life.auth.directory.contacts([user.id]) == []
    with pytest.raises(LinkInvalid):
        await life.passwords.reset(code, NEW)
    for call in (life.departures.delete(user.id, PASSWORD), life.departures.export(user.id)):
        with pytest.raises(SessionEnded):
            await call
    again = await life.auth.register(email=user.email)
    assert again.id != user.id


async def test_deleting_is_told_to_the_others(life: Life) -> None:
    user, host = await life.auth.register(), await life.auth.register()
    company = await life.auth.companies.create(host.id, "Maison Test", "", "")
    await life.auth.companies.add_collaborator(company.id, user.email, CompanyRole.ADMIN)
    await life.departures.delete(user.id, PASSWORD)
    assert (await life.auth.published(company.id))[-1] == "collaborator.removed"
    payload = await Sql(life.auth.database).fetchval(
        "select payload from outbox where key = $1 and subject = 'user.deleted'", user.id
    )
    told = UserDeleted.FromString(payload)
    assert (told.user_id, told.role) == (user.id, USER_ROLE_RECRUITER)
    assert told.deleted_at.ToMicroseconds() > 0


async def test_the_last_admin_of_a_company_stays(life: Life) -> None:
    user, other = await life.auth.register(), await life.auth.register()
    company = await life.auth.companies.create(user.id, "Maison Test", "", "")
    session = await life.sign_in(user.email)
    with pytest.raises(LastAdmin):
        await life.departures.delete(user.id, PASSWORD)
    assert await life.auth.sessions.load(session) is not None
    await life.auth.companies.add_collaborator(company.id, other.email, CompanyRole.ADMIN)
    await asyncio.gather(
        life.departures.delete(user.id, PASSWORD),
        life.departures.delete(other.id, PASSWORD),
        return_exceptions=True,
    )
    assert await life.count("memberships", "company_id = $1", company.id) == 1
