"""The ends of sessions stand in Postgres: what Valkey forgets undoes none of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from datetime import timedelta
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from services.auth.app.sessions import Tokens
from services.auth.domain.sessions import LIFETIME, Ends, RefreshTokenInvalid, open_session
from services.auth.domain.users import CredentialsInvalid, User
from services.auth.store.users import PostgresUsers
from services.kit.errors import SessionEnded
from services.kit.ids import Uuid7Ids
from services.kit.paging import Page
from services.kit.work import UnitsOfWork
from tests.support.forgetting import SESSIONS, Moment
from tests.support.people import eventually
from tests.support.sql import Sql
from tests.unit.auth.conftest import PASSWORD, Auth
from tests.unit.auth.life import Life, build_life
from tests.unit.auth.staff_rooms import Staff
from tests.unit.auth.test_sign_in import LATE, session_of, sign_in

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

NEW = "another fine battery staple"
A_SECOND = timedelta(seconds=1)
EVERYTHING = Page(10, None, 0, "")


@pytest.fixture
def life(auth: Auth) -> Life:
    return build_life(auth)


async def reset(life: Life, user: User, session_id: str) -> None:
    await life.passwords.request_reset(user.email)
    await life.passwords.reset(await life.code_to(user.email), NEW)


async def banned_for_a_while(staff: Staff, user: User) -> None:
    await staff.desk.ban(user.id, "Fictif")
    await staff.desk.unban(user.id, "Fictif")


ENDINGS: dict[str, Callable[[Life, User, str], Awaitable[object]]] = {
    "sign-out": lambda life, user, session: life.auth.sign_ins.sign_out(user.id, session),
    "a device": lambda life, user, session: life.devices.end(user.id, session.upper()),
    "all": lambda life, user, session: life.devices.end_all(user.id),
    "all but another": lambda life, user, session: life.devices.end_all(user.id, str(uuid4())),
    "a reset": reset,
    "a change": lambda life, user, session: life.passwords.change(user.id, "", PASSWORD, NEW),
    "a step-up": lambda life, user, session: life.auth.sign_ins.renew(user.id, session),
}


async def over(auth: Auth, user: User, tokens: Tokens) -> None:
    """Nothing can be done with a session whose keys are all there."""
    session = session_of(tokens)
    assert await auth.sessions.load(session)
    assert not (await auth.directory.standing(user.id, session)).session_alive
    with pytest.raises(RefreshTokenInvalid):
        await auth.sign_ins.refresh(tokens.refresh)
    with pytest.raises(SessionEnded):
        await auth.sign_ins.renew(user.id, session)


@pytest.mark.parametrize("name", ENDINGS)
async def test_what_ended_stays_ended(name: str, life: Life, redis: Redis) -> None:
    auth = life.auth
    user, tokens = await sign_in(auth)
    before = await Moment.of(redis, *SESSIONS)
    auth.clock.move(A_SECOND)
    await ENDINGS[name](life, user, session_of(tokens))
    await life.endings.settle()
    await before.put_back(redis)
    await over(auth, user, tokens)
    assert (await life.devices.list_open(user.id, EVERYTHING)).total == 0


async def test_a_ban_that_was_lifted_brings_no_session_back(staff: Staff, redis: Redis) -> None:
    user, tokens = await sign_in(staff.auth)
    before = await Moment.of(redis, *SESSIONS)
    staff.auth.clock.move(A_SECOND)
    await banned_for_a_while(staff, user)
    await staff.auth.endings.settle()
    await before.put_back(redis)
    await over(staff.auth, user, tokens)


async def test_the_end_of_a_stolen_session_is_written_with_its_audit_row(
    auth: Auth, redis: Redis
) -> None:
    user, tokens = await sign_in(auth)
    await auth.sign_ins.refresh(tokens.refresh)
    auth.clock.move(LATE)
    before = await Moment.of(redis, *SESSIONS)
    with pytest.raises(RefreshTokenInvalid):
        await auth.sign_ins.refresh(tokens.refresh)
    await before.put_back(redis)
    await over(auth, user, tokens)
    written = "select count(distinct xmin) from (select {} union all select {}) t"
    both = written.format(
        "xmin::text from ended_sessions where id = cast($1 as uuid)",
        "xmin::text from audit where resource_id = cast($1 as text)",
    )
    assert await Sql(auth.database).fetchval(both, session_of(tokens)) == 1


async def test_the_one_that_is_kept_and_the_ones_after_live(life: Life) -> None:
    auth = life.auth
    user, tokens = await sign_in(auth)
    mine = session_of(tokens)
    auth.clock.move(A_SECOND)
    await life.passwords.change(user.id, mine, PASSWORD, NEW)
    await life.endings.settle()
    auth.clock.move(A_SECOND)
    fresh = await life.sign_in(user.email, NEW)
    for session in (mine, fresh):
        assert (await auth.directory.standing(user.id, session)).session_alive
    assert (await life.devices.list_open(user.id, EVERYTHING)).total == 2
    assert await auth.sign_ins.refresh(tokens.refresh)


async def test_a_sign_in_waits_for_a_change_that_is_under_way(life: Life) -> None:
    """Else it would see the former password, after the change ended the sessions."""
    auth = life.auth
    user = await auth.register()
    units = UnitsOfWork(auth.database, auth.clock, Uuid7Ids(auth.clock))
    changed = await auth.passwords.hash(NEW)
    async with units() as work:
        await PostgresUsers().lock(work, user.id)
        await PostgresUsers().set_password(work, user.id, changed)
        # A context of its own: it is not part of this unit of work.
        signing_in = auth.sign_ins.sign_in(user.email, PASSWORD)
        opening = asyncio.create_task(signing_in, context=Context())

        async def waits() -> bool | None:
            query = "select true from pg_locks where not granted and pid <> pg_backend_pid()"
            return await Sql(auth.database).fetchval(query)

        await eventually(waits, what="a sign-in that waits")
        assert not opening.done()
    with pytest.raises(CredentialsInvalid):
        await opening
    assert await auth.sessions.of_user(user.id) == []


async def test_staff_stays_out(staff: Staff, redis: Redis) -> None:
    created = await staff.admin()
    admin = created.admin
    signed_in = await staff.sign_ins.sign_in(admin.email, PASSWORD, staff.code(created))
    (session,) = await staff.sessions.ids_of(admin.id)
    before = await Moment.of(redis, *SESSIONS)
    staff.auth.clock.move(A_SECOND)
    await staff.admins.reset_authenticator(admin.id, "Fictif")
    await before.put_back(redis)
    assert await staff.sessions.load(session)
    assert await staff.sign_ins.standing(admin.id, session) is None
    with pytest.raises(RefreshTokenInvalid):
        await staff.sign_ins.refresh(signed_in.tokens.refresh)


async def test_ends_are_kept_for_as_long_as_a_session_can_live(life: Life) -> None:
    auth = life.auth
    user, tokens = await sign_in(auth)
    other, _ = await sign_in(auth)
    await auth.sign_ins.sign_out(user.id, session_of(tokens))
    await life.devices.end_all(other.id)
    for moved, kept in ((LIFETIME, 1), (A_SECOND, 0)):
        auth.clock.move(moved)
        await life.endings.drop_forgotten()
        assert await life.count("ended_sessions", "id = $1", session_of(tokens)) == kept
        assert await life.count("session_epochs", "account_id = $1", other.id) == kept


def test_an_epoch_covers_what_was_opened_before(auth: Auth) -> None:
    now = auth.clock.now()
    session = open_session("mine", "user", "digest", now)
    assert not Ends().cover(session)
    assert Ends(alone=True).cover(session)
    assert Ends(epoch=now + A_SECOND).cover(session)
    assert Ends(epoch=now + A_SECOND, kept="another").cover(session)
    assert not Ends(epoch=now + A_SECOND, kept="mine").cover(session)
    assert Ends(True, now + A_SECOND, "mine").cover(session)
    assert not Ends(epoch=now).cover(session)
