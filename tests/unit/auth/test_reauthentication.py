"""Who is asked again, and what becomes of the session."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.auth.app.own_password import OwnPassword
from services.auth.app.proofs import Proofs
from services.auth.app.reauthentication import Reauthentication
from services.auth.app.sessions import SignedIn
from services.auth.domain.admins import ADMIN_IDLE
from services.auth.domain.factors import FactorInvalid
from services.auth.domain.sessions import GRACE, RefreshTokenInvalid
from services.auth.domain.users import CredentialsInvalid
from services.auth.store.users import PostgresUsers
from services.kit.chain.policy import STEP_UP_FRESH
from services.kit.errors import RateLimited, SessionEnded
from tests.support.sql import Sql
from tests.unit.auth.conftest import PASSWORD, Auth
from tests.unit.auth.factor_person import Person, new_person, session_id
from tests.unit.auth.staff_rooms import Staff


@pytest.fixture
def reauthentication(auth: Auth) -> Reauthentication:
    own = OwnPassword(auth.database.reader, PostgresUsers(), auth.passwords, auth.lockouts)
    proofs: Proofs = auth.factors.proofs
    return Reauthentication(auth.sessions, proofs, own, auth.clock)


async def test_a_recent_sign_in_is_enough(auth: Auth, reauthentication: Reauthentication) -> None:
    person = await new_person(auth)
    auth.clock.move(STEP_UP_FRESH)
    await reauthentication.require(person.user.id, person.session_id, "")


async def test_later_it_takes_the_password(auth: Auth, reauthentication: Reauthentication) -> None:
    person = await new_person(auth)
    auth.clock.move(STEP_UP_FRESH + timedelta(seconds=1))
    for wrong in ("", "not the password"):
        with pytest.raises(CredentialsInvalid) as caught:
            await reauthentication.require(person.user.id, person.session_id, wrong)
        assert caught.value.field == "current_password"
    await reauthentication.require(person.user.id, person.session_id, PASSWORD)


async def test_a_session_of_somebody_else_is_none(
    auth: Auth, reauthentication: Reauthentication
) -> None:
    one, other = await new_person(auth), await new_person(auth)
    with pytest.raises(SessionEnded):
        await reauthentication.require(one.user.id, other.session_id, PASSWORD)


async def test_of_who_has_a_factor_the_policy_asks_for_that(
    auth: Auth, reauthentication: Reauthentication
) -> None:
    person = await new_person(auth)
    await person.enrol_totp()
    auth.clock.move(STEP_UP_FRESH * 2)
    await reauthentication.require(person.user.id, person.session_id, "")


async def enrolled(auth: Auth) -> tuple[Person, SignedIn]:
    """A person whose sign-in took both factors."""
    person = await new_person(auth)
    await person.enrol_totp()
    challenged = await person.sign_in()
    signed_in = await auth.sign_ins.complete(challenged.token, person.proof())
    person.session_id = session_id(signed_in)
    auth.clock.move(timedelta(seconds=30))
    return person, signed_in


async def test_a_step_up_replaces_session_and_tokens(auth: Auth) -> None:
    person, before = await enrolled(auth)
    await auth.factors.step_ups.prove(person.user.id, person.session_id, person.proof())
    after = await auth.sign_ins.renew(person.user.id, person.session_id)
    with pytest.raises(RefreshTokenInvalid):
        await auth.sign_ins.refresh(before.tokens.refresh)
    former = await auth.directory.standing(person.user.id, person.session_id)
    assert not former.session_alive
    person.session_id = session_id(SignedIn(after, before.user))
    assert await person.fresh()
    assert await auth.sign_ins.refresh(after.refresh)
    # It ends no later for it.
    found = await auth.sessions.load(person.session_id)
    assert found is not None
    assert found.expires_at < found.created_at + timedelta(days=30)


async def test_an_ended_session_is_not_renewed(auth: Auth) -> None:
    person, _ = await enrolled(auth)
    await auth.sessions.end_all(person.user.id)
    with pytest.raises(SessionEnded):
        await auth.sign_ins.renew(person.user.id, person.session_id)
    assert await auth.sessions.of_user(person.user.id) == []


async def test_a_used_token_that_comes_back_is_an_event(auth: Auth) -> None:
    person = await new_person(auth)
    signed_in = await auth.sign_ins.sign_in(person.user.email, PASSWORD)
    assert isinstance(signed_in, SignedIn)
    await auth.sign_ins.refresh(signed_in.tokens.refresh)
    auth.clock.move(GRACE + timedelta(seconds=1))
    for _ in range(2):
        with pytest.raises(RefreshTokenInvalid):
            await auth.sign_ins.refresh(signed_in.tokens.refresh)
    rows = await Sql(auth.database).fetch(
        "select * from audit where actor_id = $1 and action = 'END_STOLEN_SESSION'", person.user.id
    )
    assert [(row["resource_id"], row["success"]) for row in rows] == [
        (session_id(signed_in), False)
    ]


async def test_staff_step_up_by_the_app(staff: Staff) -> None:
    created = await staff.admin()
    admin = created.admin
    before = await staff.sign_ins.sign_in(admin.email, PASSWORD, staff.code(created))
    [old] = await staff.sessions.of_user(admin.id)
    staff.auth.clock.move(timedelta(minutes=20))
    with pytest.raises(FactorInvalid):
        await staff.sign_ins.step_up(admin.id, old.id, "000000")
    stepped = await staff.sign_ins.step_up(admin.id, old.id, staff.code(created))
    assert stepped.fresh_until == staff.auth.clock.now() + STEP_UP_FRESH
    [new] = await staff.sessions.of_user(admin.id)
    assert await staff.sign_ins.standing(admin.id, old.id) is None
    standing = await staff.sign_ins.standing(admin.id, new.id)
    assert standing is not None
    assert standing.factor_at == staff.auth.clock.now()
    assert new.expires_at == old.expires_at
    with pytest.raises(RefreshTokenInvalid):
        await staff.sign_ins.refresh(before.tokens.refresh)
    # The code is used up.
    with pytest.raises(FactorInvalid):
        await staff.sign_ins.step_up(admin.id, new.id, staff.code(created))


async def test_codes_of_staff_cannot_be_guessed_in_a_session(staff: Staff) -> None:
    created = await staff.admin()
    await staff.sign_ins.sign_in(created.admin.email, PASSWORD, staff.code(created))
    [session] = await staff.sessions.of_user(created.admin.id)
    staff.auth.clock.move(timedelta(minutes=1))
    with pytest.raises(RateLimited):
        for _ in range(30):
            with pytest.raises(FactorInvalid):
                await staff.sign_ins.step_up(created.admin.id, session.id, "000000")


async def test_a_desk_that_was_left_is_signed_out(staff: Staff) -> None:
    created = await staff.admin()
    opened = await staff.sign_ins.sign_in(created.admin.email, PASSWORD, staff.code(created))
    staff.auth.clock.move(ADMIN_IDLE)
    with pytest.raises(RefreshTokenInvalid):
        await staff.sign_ins.refresh(opened.tokens.refresh)


async def test_a_lost_authenticator_is_replaced(staff: Staff) -> None:
    created = await staff.admin()
    admin = created.admin
    await staff.sign_ins.sign_in(admin.email, PASSWORD, staff.code(created))
    uri = await staff.admins.reset_authenticator(admin.id, "Seen in person, badge shown")
    assert await staff.sessions.of_user(admin.id) == []
    staff.auth.clock.move(timedelta(seconds=30))
    with pytest.raises(CredentialsInvalid):
        await staff.sign_ins.sign_in(admin.email, PASSWORD, staff.code(created))
    created = type(created)(admin, uri)
    assert await staff.sign_ins.sign_in(admin.email, PASSWORD, staff.code(created))
