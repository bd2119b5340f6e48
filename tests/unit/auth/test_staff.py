"""Staff on real stores: sign-ins, management, bans, the switch, what the log keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from weneeds.auth.v1 import admin_service_pb2 as pb

from services.auth.app.admins import CreatedAdmin, NewAdmin
from services.auth.app.staff_stores import UserFilter
from services.auth.domain.admins import (
    ADMIN_IDLE,
    AdminNotFound,
    AdminRole,
    LastSuperAdmin,
)
from services.auth.domain.sessions import RefreshTokenInvalid
from services.auth.domain.users import (
    CredentialsInvalid,
    EmailTaken,
    User,
    UserNotFound,
    UserStatus,
)
from services.kit.audit import verify
from services.kit.errors import AccountBanned, Refused
from services.kit.paging import Page
from stack.topology import Topology
from tests.support.sql import Sql
from tests.unit.auth.conftest import PASSWORD, new_email
from tests.unit.auth.staff_rooms import Staff, decoded


async def _refused(call: Awaitable[Any], refusal: type[Refused]) -> Refused:
    with pytest.raises(refusal) as caught:
        await call
    return caught.value


async def test_a_password_and_a_code_open_a_session(staff: Staff) -> None:
    created = await staff.admin()
    email = created.admin.email.upper()
    opened = await staff.sign_ins.sign_in(email, PASSWORD, staff.code(created))
    assert opened.admin == created.admin
    now = staff.auth.clock.now()
    assert opened.tokens.refresh_expires_at == now + ADMIN_IDLE
    session_id = opened.tokens.refresh and await _session_of(staff, created)
    standing = await staff.sign_ins.standing(created.admin.id, session_id)
    assert standing is not None
    assert standing.factor_at == now
    tokens = await staff.sign_ins.refresh(opened.tokens.refresh)
    # The users' refresh tokens are sealed with another secret.
    await _refused(staff.auth.sign_ins.refresh(tokens.refresh), RefreshTokenInvalid)
    await staff.sign_ins.sign_out(created.admin.id, session_id)
    assert await staff.sign_ins.standing(created.admin.id, session_id) is None
    await _refused(staff.sign_ins.refresh(tokens.refresh), RefreshTokenInvalid)


async def _session_of(staff: Staff, created: CreatedAdmin) -> str:
    sessions: Any = staff.sign_ins._sessions
    (session,) = await sessions.of_user(created.admin.id)
    return str(session.id)


async def test_whatever_does_not_fit_answers_the_same(staff: Staff) -> None:
    created = await staff.admin()
    email, good = created.admin.email, staff.code(created)
    wrong = f"{(int(good) + 1) % 1_000_000:06}"
    for given in (
        (new_email(), PASSWORD, good),
        (email, "not the password", good),
        (email, PASSWORD, wrong),
        ("a\0b", PASSWORD, good),
    ):
        error = await _refused(staff.sign_ins.sign_in(*given), CredentialsInvalid)
        assert (error.field, error.metadata) == ("", {})
    rows = await staff.rows(created.admin.id)
    failed = [(r["action"], r["success"], r["reason"]) for r in rows if r["action"] == "SIGN_IN"]
    assert failed == [("SIGN_IN", False, "CREDENTIALS_INVALID")] * 2
    assert {row["actor_access"] for row in rows if row["action"] == "SIGN_IN"} == {"admin"}


async def test_a_code_is_good_once_even_when_two_race_for_it(staff: Staff) -> None:
    created = await staff.admin()
    email, code = created.admin.email, staff.code(created)
    outcomes = await asyncio.gather(
        *(staff.sign_ins.sign_in(email, PASSWORD, code) for _ in range(4)),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, CredentialsInvalid)]
    assert len(refused) == 3
    await _refused(
        staff.sign_ins.sign_in(email, PASSWORD, staff.code(created, -1)), CredentialsInvalid
    )
    await staff.sign_ins.sign_in(email, PASSWORD, staff.code(created, 1))


async def test_the_secret_is_sealed_and_the_email_taken_once(staff: Staff) -> None:
    created = await staff.admin()
    row = await Sql(staff.auth.database).fetchrow(
        "select totp_secret from admins where id = $1", created.admin.id
    )
    (text,) = parse_qs(urlsplit(created.totp_uri).query)["secret"]
    assert decoded(text) not in row["totp_secret"]
    again = NewAdmin(created.admin.email.upper(), "Test", PASSWORD, AdminRole.ADMIN)
    assert (await _refused(staff.admins.create(again), EmailTaken)).field == "email"


async def test_there_is_always_a_super_admin(staff: Staff) -> None:
    first = (await staff.admin(AdminRole.SUPER_ADMIN)).admin
    # Those of other tests.
    await Sql(staff.auth.database).execute(
        "update admins set role = 'ADMIN' where id <> $1", first.id
    )
    await _refused(staff.admins.set_role(first.id, AdminRole.ADMIN), LastSuperAdmin)
    await _refused(staff.admins.delete(first.id), LastSuperAdmin)
    second = (await staff.admin(AdminRole.SUPER_ADMIN)).admin
    outcomes = await asyncio.gather(
        staff.admins.set_role(first.id, AdminRole.ADMIN),
        staff.admins.delete(second.id),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, LastSuperAdmin) for outcome in outcomes) == 1


async def test_a_deleted_admin_is_out_at_once(staff: Staff) -> None:
    created = await staff.admin()
    opened = await staff.sign_ins.sign_in(created.admin.email, PASSWORD, staff.code(created))
    session_id = await _session_of(staff, created)
    await staff.admins.delete(created.admin.id)
    assert await staff.sign_ins.standing(created.admin.id, session_id) is None
    await _refused(staff.sign_ins.refresh(opened.tokens.refresh), RefreshTokenInvalid)
    await staff.admins.delete(created.admin.id)
    await _refused(staff.admins.set_role(created.admin.id, AdminRole.ADMIN), AdminNotFound)


async def test_admins_are_listed_oldest_first(staff: Staff) -> None:
    made = [(await staff.admin()).admin.id for _ in range(3)]
    request = pb.ListAdminsRequest(page_size=2)
    listed: list[str] = []
    while True:
        page = await staff.admins.list_admins(Page.of(request, keys=(int, str)))
        listed += [admin.id for admin in page.admins]
        if not page.next_token:
            break
        request.page_token = page.next_token
    assert [each for each in listed if each in made] == made
    assert page.total == len(listed) == len(set(listed))


async def test_a_ban_ends_the_sessions_and_an_unban_lets_in_again(staff: Staff) -> None:
    auth = staff.auth
    user = await auth.register()
    opened = await auth.sign_ins.sign_in(user.email, PASSWORD)
    (session,) = await auth.sessions.of_user(user.id)
    banned = await staff.desk.ban(user.id, "Fictive: spam")
    assert banned.status is UserStatus.BANNED
    standing = await auth.directory.standing(user.id, session.id)
    assert not standing.session_alive
    assert standing.member is not None
    assert standing.member.user.status is UserStatus.BANNED
    await _refused(auth.sign_ins.refresh(_refresh(opened)), RefreshTokenInvalid)
    await _refused(auth.sign_ins.sign_in(user.email, PASSWORD), AccountBanned)
    await staff.desk.ban(user.id, "Fictive: again")
    await staff.desk.unban(user.id, "Fictive: a mistake")
    await auth.sign_ins.sign_in(user.email, PASSWORD)
    turned = [subject for subject in await auth.published(user.id) if "status" in subject]
    assert turned == ["user.status_changed"] * 2
    missing = "01a2090a-64c0-7000-830c-acb66bbb8420"
    error = await _refused(staff.desk.ban(missing, "Fictive: nobody"), UserNotFound)
    assert error.metadata == {"user_id": missing}


def _refresh(opened: Any) -> str:
    return str(opened.tokens.refresh)


async def _listed(staff: Staff, size: int = 2, **filters: Any) -> tuple[list[str], int]:
    request = pb.ListUsersRequest(page_size=size, query=filters.get("query", ""))
    listed: list[str] = []
    while True:
        page = await staff.desk.list_users(UserFilter(**filters), Page.of(request, keys=(int, str)))
        listed += [user.id for user in page.users]
        if not page.next_token:
            return listed, page.total
        request.page_token = page.next_token


async def test_users_are_found_newest_first(staff: Staff) -> None:
    mark = new_email().partition("@")[0]
    users: list[User] = []
    for number in range(3):
        staff.auth.clock.move(timedelta(seconds=1))
        users.append(await staff.auth.register(email=f"{mark}_{number}@example.test"))
    newest_first = [user.id for user in reversed(users)]
    assert await _listed(staff, query=mark.upper()) == (newest_first, 3)
    await staff.desk.ban(users[1].id, "Fictive: spam")
    assert await _listed(staff, query=mark, status=UserStatus.BANNED) == ([users[1].id], 1)
    assert (await _listed(staff, query=f"{mark}_0"))[1] == 1
    # What means something to LIKE means itself.
    assert await _listed(staff, query=f"{mark[:-1]}__0") == ([], 0)
    assert await _listed(staff, query=f"{mark}%0") == ([], 0)
    member = await staff.desk.get(users[0].id)
    assert (member.user.email, member.memberships) == (users[0].email, [])


async def test_the_switch_tells_who_stands_by(staff: Staff) -> None:
    await staff.switch.turn(False)
    await staff.switch.turn(True)
    found = await staff.switch.get()
    assert (found.on, found.switched_at) == (True, staff.auth.clock.now())
    await staff.switch.turn(False)
    assert not await staff.switch.is_on()
    assert staff.turns[-3:] == [False, True, False]


async def test_the_log_keeps_sign_ins_and_rotations_and_holds(staff: Staff) -> None:
    user = await staff.auth.register()
    await staff.auth.sign_ins.sign_in(user.email, PASSWORD)
    await _refused(staff.auth.sign_ins.sign_in(user.email, "not the password"), CredentialsInvalid)
    kept = [(r["success"], r["reason"], r["actor_access"]) for r in await staff.rows(user.id)]
    assert kept == [(True, "", "site"), (False, "CREDENTIALS_INVALID", "site")]
    await staff.key_log.rotated("old-key", "new-key")
    (row,) = await staff.rows("new-key")
    assert (row["action"], row["resource_type"]) == ("ROTATE_KEY", "key")
    assert row["metadata"] == {"old": {"key_id": "old-key"}, "new": {"key_id": "new-key"}}
    count, broken = await verify(staff.auth.database.reader)
    assert (count > 0, broken) == (True, None)


async def test_a_tampered_log_is_noticed(staff: Staff, topology: Topology) -> None:
    user = await staff.auth.register()
    await staff.auth.sign_ins.sign_in(user.email, PASSWORD)
    (row,) = await staff.rows(user.id)
    database = staff.auth.database
    # As the administrator would have to: the service's own role may not.
    admin = await _administrator(topology.admin_url)
    seq = row["seq"]
    try:
        await admin.execute("update audit set actor_id = 'somebody' where seq = $1", seq)
        assert await verify(database.reader) == (seq - 1, seq)
        await admin.execute("update audit set actor_id = $2 where seq = $1", seq, user.id)
        assert await verify(database.reader) == (seq, None)
        await admin.execute("create temp table cut as select * from audit where seq = $1", seq)
        await admin.execute("delete from audit where seq = $1", seq)
        assert await verify(database.reader) == (seq - 1, seq)
        await admin.execute("insert into audit select * from cut")
    finally:
        await admin.close()
    assert await verify(database.reader) == (seq, None)


async def _administrator(admin_url: str) -> Any:
    return await asyncpg.connect(admin_url, server_settings={"search_path": "auth"})
