"""Signing in, refreshing and signing out on real stores."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from services.auth.app.sessions import Tokens
from services.auth.domain.sessions import GRACE, IDLE, LIFETIME, RefreshTokenInvalid
from services.auth.domain.users import CredentialsInvalid, User, UserRole, UserStatus
from services.auth.ports.passwords import Argon2Passwords, Cost
from services.auth.ports.refresh_tokens import SealedRefreshTokens
from services.kit.errors import AccountBanned, DependencyDown
from tests.support.sql import Sql
from tests.unit.auth.conftest import PASSWORD, Auth

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

LATE = GRACE + timedelta(seconds=1)


async def sign_in(auth: Auth) -> tuple[User, Tokens]:
    user = await auth.register()
    signed_in = await auth.sign_ins.sign_in(user.email, PASSWORD)
    return user, signed_in.tokens


def session_of(tokens: Tokens) -> str:
    token = SealedRefreshTokens(b"s" * 32).parse(tokens.refresh)
    assert token is not None
    return token.session_id


async def ban(auth: Auth, user: User) -> None:
    await Sql(auth.database).execute("update users set status = 'BANNED' where id = $1", user.id)


async def test_opens_a_session_whatever_the_case_of_the_email(auth: Auth) -> None:
    user = await auth.register()
    signed_in = await auth.sign_ins.sign_in(f" {user.email.upper()} ", PASSWORD)
    assert signed_in.user == user
    assert signed_in.tokens.refresh_expires_at == auth.clock.now() + IDLE
    assert await auth.sessions.ids_of(user.id) == [session_of(signed_in.tokens)]


async def test_unknown_email_and_wrong_password_answer_alike(auth: Auth) -> None:
    user = await auth.register()
    answers = []
    for email, password in (
        (user.email, PASSWORD + "x"),
        ("nobody@example.test", PASSWORD),
        ("no\0body@example.test", PASSWORD),
        ("", ""),
    ):
        with pytest.raises(CredentialsInvalid) as refused:
            await auth.sign_ins.sign_in(email, password)
        answers.append((refused.value.args, refused.value.field, refused.value.metadata))
    assert len({str(answer) for answer in answers}) == 1
    assert await auth.sessions.ids_of(user.id) == []


async def test_an_unknown_email_costs_a_hash_too(
    auth: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []
    verify = auth.passwords.verify

    async def counted(encoded: str | None, password: str) -> bool:
        asked.append(encoded)
        return await verify(encoded, password)

    monkeypatch.setattr(auth.passwords, "verify", counted)
    with pytest.raises(CredentialsInvalid):
        await auth.sign_ins.sign_in("nobody@example.test", PASSWORD)
    assert asked == [None]


async def test_a_ban_is_told_only_after_the_right_password(auth: Auth) -> None:
    user = await auth.register()
    await ban(auth, user)
    with pytest.raises(CredentialsInvalid):
        await auth.sign_ins.sign_in(user.email, "wrong")
    with pytest.raises(AccountBanned):
        await auth.sign_ins.sign_in(user.email, PASSWORD)


async def test_a_hash_of_older_parameters_is_renewed(auth: Auth) -> None:
    user = await auth.register()
    older = await Argon2Passwords(Cost(memory_kib=32, passes=1)).hash(PASSWORD)
    writer = Sql(auth.database)
    await writer.execute("update users set password_hash = $2 where id = $1", user.id, older)
    await auth.sign_ins.sign_in(user.email, PASSWORD)
    stored = await writer.fetchval("select password_hash from users where id = $1", user.id)
    assert not auth.passwords.outdated(stored)
    assert await auth.passwords.verify(stored, PASSWORD)


async def test_refreshing_goes_on_and_on(auth: Auth) -> None:
    user, tokens = await sign_in(auth)
    seen = {tokens.refresh}
    for _ in range(5):
        auth.clock.move(LATE)
        tokens = await auth.sign_ins.refresh(tokens.refresh)
        seen.add(tokens.refresh)
    assert len(seen) == 6
    standing = await auth.directory.standing(user.id, session_of(tokens))
    assert standing.session_alive


async def test_concurrent_refreshes_get_the_same_answer(auth: Auth) -> None:
    _, tokens = await sign_in(auth)
    auth.clock.move(timedelta(minutes=9))
    answers = await asyncio.gather(*(auth.sign_ins.refresh(tokens.refresh) for _ in range(12)))
    assert len(set(answers)) == 1
    auth.clock.move(GRACE)
    assert await auth.sign_ins.refresh(tokens.refresh) == answers[0]
    assert answers[0].refresh != tokens.refresh


async def test_a_used_token_that_comes_back_late_ends_the_session(auth: Auth) -> None:
    user, tokens = await sign_in(auth)
    successor = await auth.sign_ins.refresh(tokens.refresh)
    auth.clock.move(LATE)
    for stolen in (tokens.refresh, successor.refresh):
        with pytest.raises(RefreshTokenInvalid):
            await auth.sign_ins.refresh(stolen)
    standing = await auth.directory.standing(user.id, session_of(tokens))
    assert not standing.session_alive


async def test_reuse_ends_that_session_only(auth: Auth) -> None:
    user, tokens = await sign_in(auth)
    other = (await auth.sign_ins.sign_in(user.email, PASSWORD)).tokens
    await auth.sign_ins.refresh(tokens.refresh)
    auth.clock.move(LATE)
    with pytest.raises(RefreshTokenInvalid):
        await auth.sign_ins.refresh(tokens.refresh)
    assert await auth.sign_ins.refresh(other.refresh)


async def test_a_forged_token_of_a_known_session_ends_nothing(auth: Auth) -> None:
    _, tokens = await sign_in(auth)
    forged = SealedRefreshTokens(secrets.token_bytes(32)).first(session_of(tokens))
    with pytest.raises(RefreshTokenInvalid):
        await auth.sign_ins.refresh(forged.text)
    assert await auth.sign_ins.refresh(tokens.refresh)


async def test_the_session_ends_after_thirty_days_however_often_refreshed(auth: Auth) -> None:
    begun = auth.clock.now()
    _, tokens = await sign_in(auth)
    for _ in range(2):
        auth.clock.move(IDLE - timedelta(days=1))
        tokens = await auth.sign_ins.refresh(tokens.refresh)
    assert tokens.refresh_expires_at == begun + LIFETIME
    auth.clock.move(begun + LIFETIME - auth.clock.now())
    with pytest.raises(RefreshTokenInvalid):
        await auth.sign_ins.refresh(tokens.refresh)


async def test_a_session_ends_when_nobody_uses_it(auth: Auth) -> None:
    _, tokens = await sign_in(auth)
    auth.clock.move(IDLE - timedelta(seconds=1))
    tokens = await auth.sign_ins.refresh(tokens.refresh)
    assert tokens.refresh_expires_at == auth.clock.now() + IDLE
    auth.clock.move(IDLE)
    with pytest.raises(RefreshTokenInvalid):
        await auth.sign_ins.refresh(tokens.refresh)


async def test_a_banned_user_cannot_refresh(auth: Auth) -> None:
    user, tokens = await sign_in(auth)
    await ban(auth, user)
    with pytest.raises(AccountBanned):
        await auth.sign_ins.refresh(tokens.refresh)
    standing = await auth.directory.standing(user.id, session_of(tokens))
    assert standing.member is not None
    assert standing.member.user.status is UserStatus.BANNED


async def test_sign_out_ends_the_session(auth: Auth) -> None:
    user, tokens = await sign_in(auth)
    await auth.sign_ins.sign_out(user.id, session_of(tokens))
    assert not (await auth.directory.standing(user.id, session_of(tokens))).session_alive
    with pytest.raises(RefreshTokenInvalid):
        await auth.sign_ins.refresh(tokens.refresh)


async def test_another_users_session_counts_as_dead(auth: Auth) -> None:
    _, tokens = await sign_in(auth)
    other = await auth.register(UserRole.CANDIDATE)
    assert not (await auth.directory.standing(other.id, session_of(tokens))).session_alive


async def test_the_store_holds_no_token(auth: Auth, redis: Redis) -> None:
    _, tokens = await sign_in(auth)
    successor = await auth.sign_ins.refresh(tokens.refresh)
    stored = str(await redis.get(f"auth:session:{session_of(tokens)}"))
    for token in (tokens, successor):
        assert token.refresh not in stored
        assert token.access.text not in stored
        assert hashlib.sha256(token.refresh.encode()).hexdigest() in stored


async def test_without_valkey_nobody_gets_in(auth: Auth, auth_without_sessions: Auth) -> None:
    user, tokens = await sign_in(auth)
    lost = auth_without_sessions
    for call in (
        lost.sign_ins.sign_in(user.email, PASSWORD),
        lost.sign_ins.sign_in(user.email, "wrong"),
        lost.sign_ins.refresh(tokens.refresh),
        lost.sign_ins.sign_out(user.id, session_of(tokens)),
        lost.directory.standing(user.id, session_of(tokens)),
    ):
        with pytest.raises(DependencyDown):
            await call
