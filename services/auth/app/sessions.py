"""Signing in, refreshing, signing out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.auth.app.challenges import Challenged, SignInChallenges
from services.auth.app.endings import SessionEndings
from services.auth.app.families import Families
from services.auth.app.lockouts import Lockouts
from services.auth.app.ports import (
    AccessGrant,
    AccessToken,
    AccessTokens,
    Passwords,
    RefreshToken,
    RefreshTokens,
    Sessions,
)
from services.auth.app.sign_in_log import Attempt, SignInLog
from services.auth.app.stores import Credentials, UserStore
from services.auth.domain.factors import Challenge, ChallengeInvalid, Proof, password_mark
from services.auth.domain.sessions import (
    RefreshTokenInvalid,
    Session,
    open_session,
)
from services.auth.domain.users import (
    CredentialsInvalid,
    User,
    UserStatus,
    normalise_email,
    normalise_password,
)
from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import AccountBanned, SessionEnded
from services.kit.ids import Ids
from services.kit.work import UnitsOfWork


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client keeps to stay signed in."""

    access: AccessToken
    refresh: str
    refresh_expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session just opened, and whose it is."""

    tokens: Tokens
    user: User


class SignIns:
    """Opens, continues and ends sessions.

    Every method raises DependencyDown when the session store does not answer.
    """

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        users: UserStore,
        sessions: Sessions,
        endings: SessionEndings,
        passwords: Passwords,
        access_tokens: AccessTokens,
        refresh_tokens: RefreshTokens,
        challenges: SignInChallenges,
        lockouts: Lockouts,
        log: SignInLog,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._reader = reader
        self._users = users
        self._sessions = sessions
        self._endings = endings
        self._passwords = passwords
        self._access_tokens = access_tokens
        self._refresh_tokens = refresh_tokens
        self._challenges = challenges
        self._lockouts = lockouts
        self._log = log
        self._families = Families(
            work=work,
            sessions=sessions,
            endings=endings,
            tokens=refresh_tokens,
            clock=clock,
            ids=ids,
            stolen=log.stolen,
        )
        self._clock = clock
        self._ids = ids

    async def sign_in(self, email: str, password: str, device: str = "") -> SignedIn | Challenged:
        """Open a session, or ask for the second factor of an account that has one.

        `device` is what the client says of itself.

        Raises CredentialsInvalid, alike in words and time for an unknown e-mail
        and a wrong password, RateLimited after many of either, and AccountBanned
        after a right password.
        """
        async with self._log.attempt() as attempt:
            return await self._sign_in(attempt, email, password, device)

    async def complete(self, token: str, proof: Proof, device: str = "") -> SignedIn:
        """Open the session of an answered challenge.

        Raises ChallengeInvalid, FactorInvalid, AccountBanned, and RateLimited.
        """
        async with self._log.attempt() as attempt:
            challenge = await self._challenges.find(token)
            attempt.account_id = challenge.user_id
            user = await self._users.get(self._reader, challenge.user_id)
            if user is None:
                raise ChallengeInvalid
            if user.status is UserStatus.BANNED:
                raise AccountBanned
            await self._challenges.answer(challenge, proof)
            session, signed_in = await self._open(user, device, proved=True)
            await self._recheck_challenge(session, challenge)
            return signed_in

    async def _sign_in(
        self, attempt: Attempt, email: str, password: str, device: str
    ) -> SignedIn | Challenged:
        password = normalise_password(password)
        async with self._lockouts.attempt(normalise_email(email)):
            known = await self._credentials(email)
            attempt.account_id = known.user.id if known else ""
            encoded = known.password_hash if known else None
            matches = await self._passwords.verify(encoded, password)
            if known is None or encoded is None or not matches:
                raise CredentialsInvalid
        if known.user.status is UserStatus.BANNED:
            raise AccountBanned
        encoded = await self._rehash(known.user, encoded, password)
        if challenged := await self._ask(attempt, known.user, encoded):
            return challenged
        session, signed_in = await self._open(known.user, device)
        await self._recheck(session, encoded, password)
        return signed_in

    async def admit(self, attempt: Attempt, user: User, device: str = "") -> SignedIn | Challenged:
        """Open a session for somebody whom an identity provider vouches for.

        Asks for the second factor of an account that has one.

        Raises AccountBanned.
        """
        attempt.account_id = user.id
        if user.status is UserStatus.BANNED:
            raise AccountBanned
        if challenged := await self._ask(attempt, user, None):
            return challenged
        session, signed_in = await self._open(user, device)
        # A ban or a deletion meanwhile ended the sessions that there were.
        present = await self._users.get(self._reader, user.id)
        if present is None or present.status is UserStatus.BANNED:
            await self._sessions.end(session.user_id, session.id)
            raise AccountBanned
        return signed_in

    async def refresh(self, text: str) -> Tokens:
        """Trade a refresh token for new tokens.

        Raises RefreshTokenInvalid, and AccountBanned. A used token that comes
        back after the grace interval ends its session.
        """
        token, session = await self._families.find(text)
        holder = await self._users.holder(self._reader, session.user_id, session.id)
        if holder is None:
            raise RefreshTokenInvalid
        if holder.user.status is UserStatus.BANNED:
            raise AccountBanned
        if holder.ends.cover(session):
            raise RefreshTokenInvalid
        turned = await self._families.turn(token, session)
        return self._tokens(turned.session, holder.user, turned.token, turned.at)

    async def renew(self, user_id: str, session_id: str) -> Tokens:
        """Let a session that was authenticated again go on under new tokens.

        Those of before are of no more use. Raises SessionEnded.
        """
        holder = await self._users.holder(self._reader, user_id, session_id)
        if holder is None:
            raise SessionEnded
        turned = await self._families.renew(user_id, session_id, holder.ends)
        return self._tokens(turned.session, holder.user, turned.token, turned.at)

    async def sign_out(self, user_id: str, session_id: str) -> None:
        """End a session of the caller. Ending one that is gone succeeds."""
        await self._endings.one(user_id, session_id)

    async def _ask(
        self, attempt: Attempt, user: User, password_hash: str | None
    ) -> Challenged | None:
        challenged = await self._challenges.ask(user.id, password_hash)
        attempt.awaits_factor = challenged is not None
        return challenged

    async def _open(
        self, user: User, device: str, *, proved: bool = False
    ) -> tuple[Session, SignedIn]:
        token = self._refresh_tokens.first(self._ids.new())
        now = self._clock.now()
        session = open_session(token.session_id, user.id, token.digest, now, device, proved=proved)
        await self._sessions.open(session)
        return session, SignedIn(self._tokens(session, user, token, now), user)

    async def _credentials(self, email: str) -> Credentials | None:
        address = normalise_email(email)
        # Postgres refuses NUL in text, and no account has it.
        if "\0" in address:
            return None
        return await self._users.credentials(self._reader, address)

    async def _recheck(self, session: Session, verified: str, password: str) -> None:
        """End the session again if the password was changed while it was verified.

        A change holds the account while it ends the sessions: it finds this one, or this waits
        for its commit and finds the change.
        """
        async with self._work() as work:
            present = await self._users.settled(work, session.user_id)
        if present is not None and present.password_hash == verified:
            return
        # Another hash may be the same password, hashed anew by a concurrent sign-in.
        encoded = present.password_hash if present else None
        if not await self._passwords.verify(encoded, password):
            await self._sessions.end(session.user_id, session.id)
            raise CredentialsInvalid

    async def _recheck_challenge(self, session: Session, challenge: Challenge) -> None:
        """End the session again if password or standing changed since the challenge was opened."""
        async with self._work() as work:
            present = await self._users.settled(work, session.user_id)
        encoded = present.password_hash if present else None
        same = not challenge.password_mark or (
            encoded is not None and password_mark(encoded) == challenge.password_mark
        )
        if present is not None and same and present.user.status is not UserStatus.BANNED:
            return
        await self._sessions.end(session.user_id, session.id)
        raise ChallengeInvalid

    async def _rehash(self, user: User, encoded: str, password: str) -> str:
        """Hash the password anew if its hash is outdated; return the hash that counts."""
        if not self._passwords.outdated(encoded):
            return encoded
        fresh = await self._passwords.hash(password)
        async with self._work() as work:
            await self._users.rehash(work, user.id, encoded, fresh)
        return fresh

    def _tokens(self, session: Session, user: User, token: RefreshToken, at: datetime) -> Tokens:
        grant = AccessGrant(user.id, session.id, user.role, token.grant_id)
        access = self._access_tokens.sign(grant, at)
        return Tokens(access, token.text, session.ends_at)
