"""Sessions of staff: a password and a code, each time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from services.auth.app.endings import SessionEndings
from services.auth.app.families import Families
from services.auth.app.lockouts import Lockouts
from services.auth.app.ports import (
    AccessGrant,
    AccessTokens,
    Passwords,
    RefreshToken,
    RefreshTokens,
    Sealing,
    Sessions,
)
from services.auth.app.sessions import Tokens
from services.auth.app.sign_in_log import Attempt, SignInLog
from services.auth.app.staff_stores import AdminCredentials, AdminStore
from services.auth.domain import totp
from services.auth.domain.admins import Admin, shortened
from services.auth.domain.factors import FactorInvalid
from services.auth.domain.sessions import RefreshTokenInvalid, Session, open_session
from services.auth.domain.users import CredentialsInvalid, normalise_email, normalise_password
from services.kit.chain.policy import STEP_UP_FRESH
from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import SessionEnded
from services.kit.ids import Ids
from services.kit.work import UnitOfWork, UnitsOfWork


@dataclass(frozen=True, slots=True)
class AdminSignedIn:
    """A session just opened, and whose it is."""

    tokens: Tokens
    admin: Admin


@dataclass(frozen=True, slots=True)
class SteppedUp:
    """What a session goes on with after a proof, and until when that counts as fresh."""

    tokens: Tokens
    fresh_until: datetime


@dataclass(frozen=True, slots=True)
class AdminStanding:
    """What a session of staff may do at this moment."""

    admin: Admin
    # When the session proved its second factor.
    factor_at: datetime


class AdminSignIns:
    """Opens, continues and ends sessions of staff.

    Every method raises DependencyDown when the session store does not answer.
    """

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        admins: AdminStore,
        sessions: Sessions,
        endings: SessionEndings,
        passwords: Passwords,
        sealing: Sealing,
        access_tokens: AccessTokens,
        refresh_tokens: RefreshTokens,
        lockouts: Lockouts,
        log: SignInLog,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._reader = reader
        self._admins = admins
        self._sessions = sessions
        self._endings = endings
        self._passwords = passwords
        self._sealing = sealing
        self._access_tokens = access_tokens
        self._refresh_tokens = refresh_tokens
        self._families = Families(
            work=work,
            sessions=sessions,
            endings=endings,
            tokens=refresh_tokens,
            clock=clock,
            ids=ids,
            stolen=self._stolen,
        )
        self._lockouts = lockouts
        self._log = log
        self._clock = clock
        self._ids = ids

    async def sign_in(self, email: str, password: str, code: str) -> AdminSignedIn:
        """Open a session.

        Raises CredentialsInvalid, whichever of e-mail, password and code did not
        fit, and RateLimited after many of them.
        """
        async with self._log.attempt("admin") as attempt:
            return await self._sign_in(attempt, email, normalise_password(password), code)

    async def _sign_in(
        self, attempt: Attempt, email: str, password: str, code: str
    ) -> AdminSignedIn:
        async with self._lockouts.attempt(normalise_email(email)):
            known = await self._credentials(email)
            attempt.account_id = known.admin.id if known else ""
            matches = await self._passwords.verify(known.password_hash if known else None, password)
            if known is None or not matches:
                raise CredentialsInvalid
            await self._spend(known, code)
        await self._rehash(known, password)
        token = self._refresh_tokens.first(self._ids.new())
        now = self._clock.now()
        session = shortened(open_session(token.session_id, known.admin.id, token.digest, now))
        await self._sessions.open(session)
        return AdminSignedIn(self._tokens(session, known.admin, token, now), known.admin)

    async def refresh(self, text: str) -> Tokens:
        """Trade a refresh token for new tokens; raise RefreshTokenInvalid."""
        token, session = await self._families.find(text)
        holder = await self._admins.holder(self._reader, session.user_id, session.id)
        if holder is None or holder.ends.cover(session):
            raise RefreshTokenInvalid
        turned = await self._families.turn(token, session)
        return self._tokens(turned.session, holder.admin, turned.token, turned.at)

    async def step_up(self, admin_id: str, session_id: str, code: str) -> SteppedUp:
        """Prove the app again; the session goes on, fresh, under new tokens.

        Those of before are of no more use. Raises FactorInvalid, SessionEnded,
        and RateLimited after many wrong codes.
        """
        known = await self._admins.credentials_of(self._reader, admin_id)
        if known is None:
            raise SessionEnded
        try:
            async with self._lockouts.attempt(known.admin.email):
                await self._spend(known, code)
        except CredentialsInvalid:
            raise FactorInvalid from None
        holder = await self._admins.holder(self._reader, admin_id, session_id)
        if holder is None:
            raise SessionEnded
        turned = await self._families.renew(admin_id, session_id, holder.ends)
        tokens = self._tokens(turned.session, holder.admin, turned.token, turned.at)
        return SteppedUp(tokens, turned.at + STEP_UP_FRESH)

    async def _stolen(self, work: UnitOfWork, session: Session) -> None:
        await self._log.stolen(work, session, "admin")

    async def sign_out(self, admin_id: str, session_id: str) -> None:
        """End a session of the caller. Ending one that is gone succeeds."""
        await self._endings.one(admin_id, session_id)

    async def me(self, admin_id: str) -> Admin:
        """Return the caller; raise SessionEnded when the account is gone."""
        admin = await self._admins.get(self._reader, admin_id)
        if admin is None:
            raise SessionEnded
        return admin

    async def standing(self, admin_id: str, session_id: str) -> AdminStanding | None:
        """Return what a session may do; None when it does not live, or is another's."""
        session, holder = await asyncio.gather(
            self._sessions.load(session_id),
            self._admins.holder(self._reader, admin_id, session_id),
        )
        if session is None or holder is None or session.user_id != holder.admin.id:
            return None
        if holder.ends.cover(session):
            return None
        return AdminStanding(holder.admin, session.created_at)

    async def _credentials(self, email: str) -> AdminCredentials | None:
        address = normalise_email(email)
        # Postgres refuses NUL in text, and no account has it.
        if "\0" in address:
            return None
        return await self._admins.credentials(self._reader, address)

    async def _spend(self, known: AdminCredentials, code: str) -> None:
        """Use up a code; raise CredentialsInvalid when it does not fit or was used."""
        secret = self._sealing.open(known.admin.id, known.totp_secret)
        now = self._clock.now().timestamp()
        step = totp.accepted_step(secret, code, now, known.totp_last_step)
        if step is None:
            raise CredentialsInvalid
        async with self._work() as work:
            if not await self._admins.spend(work, known.admin.id, step):
                raise CredentialsInvalid

    async def _rehash(self, known: AdminCredentials, password: str) -> None:
        if not self._passwords.outdated(known.password_hash):
            return
        fresh = await self._passwords.hash(password)
        async with self._work() as work:
            await self._admins.rehash(work, known.admin.id, known.password_hash, fresh)

    def _tokens(self, session: Session, admin: Admin, token: RefreshToken, at: datetime) -> Tokens:
        grant = AccessGrant(admin.id, session.id, admin.role, token.grant_id)
        access = self._access_tokens.sign(grant, at)
        return Tokens(access, token.text, session.ends_at)
