"""Refresh families: what becomes of a presented refresh token, and making it true."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from services.auth.app.endings import SessionEndings
from services.auth.app.ports import RefreshToken, RefreshTokens, Sessions
from services.auth.domain.sessions import (
    Decision,
    Ends,
    RefreshTokenInvalid,
    Session,
    Verdict,
    decide,
    renewed,
)
from services.kit.clock import Clock
from services.kit.errors import DependencyDown, SessionEnded, VersionConflict
from services.kit.ids import Ids
from services.kit.work import UnitOfWork, UnitsOfWork

_LOG = logging.getLogger(__name__)
# Whoever loses a race for a token finds it used on the next look.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Turned:
    """A session after a refresh, its next token, and the instant that the answer bears."""

    session: Session
    token: RefreshToken
    at: datetime


class Families:
    """Finds and turns the sessions behind refresh tokens, of users or of staff."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        sessions: Sessions,
        endings: SessionEndings,
        tokens: RefreshTokens,
        clock: Clock,
        ids: Ids,
        stolen: Callable[[UnitOfWork, Session], Awaitable[None]],
    ) -> None:
        """`stolen` hears of a session that is ended because a used token came back."""
        self._work = work
        self._sessions = sessions
        self._endings = endings
        self._tokens = tokens
        self._clock = clock
        self._ids = ids
        self._stolen = stolen

    async def find(self, text: str) -> tuple[RefreshToken, Session]:
        """Return the token that `text` is and its session; raise RefreshTokenInvalid."""
        token = self._tokens.parse(text)
        session = await self._sessions.load(token.session_id) if token else None
        if token is None or session is None:
            raise RefreshTokenInvalid
        return token, session

    async def turn(self, token: RefreshToken, session: Session) -> Turned:
        """Trade the token for its successor.

        Raises RefreshTokenInvalid; a used token that comes back after the grace
        interval ends its session.
        """
        successor = self._tokens.successor(token)
        found: Session | None = session
        for _ in range(_TRIES):
            if found is None:
                raise RefreshTokenInvalid
            decision = decide(found, token.digest, successor.digest, self._clock.now())
            if await self._carry_out(found, decision):
                return Turned(decision.session, successor, decision.at)
            found = await self._sessions.load(token.session_id)
        raise VersionConflict

    async def renew(self, user_id: str, session_id: str, ends: Ends) -> Turned:
        """Give a session that was authenticated again an id and tokens of its own.

        The former ones are of no more use; `ends` is what stands written of them.
        Raises SessionEnded.
        """
        async with self._work() as work:
            await self._endings.write_down(work, session_id)
            for _ in range(_TRIES):
                session = await self._sessions.load(session_id)
                if session is None or session.user_id != user_id or ends.cover(session):
                    raise SessionEnded
                token, now = self._tokens.first(self._ids.new()), self._clock.now()
                fresh = renewed(session, token.session_id, token.digest, now)
                if await self._sessions.renew(session, fresh):
                    return Turned(fresh, token, now)
            raise VersionConflict

    async def _carry_out(self, session: Session, decision: Decision) -> bool:
        """Make the decision true; False when the session changed meanwhile."""
        match decision.verdict:
            case Verdict.ROTATED:
                return await self._sessions.replace(session, decision.session)
            case Verdict.REPEATED:
                return True
            case Verdict.EXPIRED:
                raise RefreshTokenInvalid
            case Verdict.REUSED:
                _LOG.warning("session %s ended: a used refresh token came back", session.id)
                await self._end_stolen(session)
                raise RefreshTokenInvalid

    async def _end_stolen(self, session: Session) -> None:
        """End a session, whether or not that can be written down."""
        await self._sessions.end(session.user_id, session.id)
        try:
            async with self._work() as work:
                await self._endings.write_down(work, session.id)
                await self._stolen(work, session)
        except DependencyDown:
            _LOG.warning("the end of a stolen session could not be written down")
