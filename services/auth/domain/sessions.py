"""Sessions and their refresh families: a state machine without I/O.

A session has one current refresh token. Refreshing replaces it; the one
replaced is *used*. For a few seconds a used token still gets the answer that
it got the first time, because browsers and retries refresh concurrently.
After that somebody holds a copy, and the session ends for everyone.

Tokens appear here as digests only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from services.kit.errors import Refused

# How long a used refresh token still gets its first answer.
GRACE = timedelta(seconds=10)
# How long a session lives after the sign-in; refreshing does not prolong it.
LIFETIME = timedelta(days=30)
# How long it lives without a refresh.
IDLE = timedelta(days=14)
# Used tokens remembered at most; refreshing faster than this within GRACE
# forgets the oldest, which then counts as reused.
USED_KEPT = 32


class RefreshTokenInvalid(Refused):
    """The refresh token is unknown, used up or expired."""

    reason = "REFRESH_TOKEN_INVALID"


@dataclass(frozen=True, slots=True)
class Used:
    """A refresh token that was replaced."""

    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in device."""

    id: str
    user_id: str
    # SHA-256 of the refresh token that may be used next.
    current: str
    # Those replaced within the last GRACE, oldest first.
    used: tuple[Used, ...]
    created_at: datetime
    expires_at: datetime
    # What the client said of itself at sign-in.
    device: str = ""
    # When it last proved a second factor; None: never.
    factor_at: datetime | None = None
    # How long it lives without a refresh.
    idle: timedelta = IDLE

    @property
    def ends_at(self) -> datetime:
        """When it ends unless it is refreshed before."""
        return min(self.expires_at, self.last_used_at + self.idle)

    @property
    def last_used_at(self) -> datetime:
        """When it was last refreshed; when it was opened, before that."""
        return self.used[-1].at if self.used else self.created_at


@dataclass(frozen=True, slots=True)
class Ends:
    """What stands written of the ends of a session, and of its owner's sessions."""

    # It was ended by itself.
    alone: bool = False
    # All that were opened before were ended; None: that never happened lately.
    epoch: datetime | None = None
    # But this one.
    kept: str | None = None

    def cover(self, session: Session) -> bool:
        """Tell whether the session ended, whatever its store says of it."""
        if self.alone:
            return True
        return (
            self.epoch is not None and session.created_at < self.epoch and session.id != self.kept
        )


NEVER_ENDED = Ends()


class Verdict(Enum):
    """What becomes of a presented refresh token."""

    # The current one: it is replaced.
    ROTATED = auto()
    # Used within the grace interval: the first answer is given again.
    REPEATED = auto()
    # Used before that: the session ends.
    REUSED = auto()
    # The session has run out, or was not used for too long.
    EXPIRED = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, the session after it, and the instant that the answer bears."""

    verdict: Verdict
    session: Session
    at: datetime


def open_session(
    session_id: str,
    user_id: str,
    digest: str,
    now: datetime,
    device: str = "",
    *,
    proved: bool = False,
) -> Session:
    """Return a session just signed in, whose first refresh token has `digest`.

    `proved` tells that a second factor was part of the sign-in.
    """
    factor_at = now if proved else None
    return Session(session_id, user_id, digest, (), now, now + LIFETIME, device, factor_at)


def renewed(session: Session, session_id: str, digest: str, now: datetime) -> Session:
    """Return the session that takes the place of one whose owner was authenticated again.

    It has an id and a refresh token of its own, and ends when the other would have.
    """
    return replace(session, id=session_id, current=digest, used=(), created_at=now)


def decide(session: Session, presented: str, successor: str, now: datetime) -> Decision:
    """Judge the digest of a token that was issued for this session.

    `successor` is the digest of the token that replaces the presented one. A
    genuine token that is neither current nor remembered was used long ago.
    """
    if now >= session.ends_at:
        return Decision(Verdict.EXPIRED, session, now)
    if presented == session.current:
        return Decision(Verdict.ROTATED, _rotated(session, successor, now), now)
    for used in session.used:
        if used.digest == presented and now - used.at <= GRACE:
            return Decision(Verdict.REPEATED, session, used.at)
    return Decision(Verdict.REUSED, session, now)


def _rotated(session: Session, successor: str, now: datetime) -> Session:
    recent = [used for used in session.used if now - used.at <= GRACE]
    kept = (*recent, Used(session.current, now))[-USED_KEPT:]
    return replace(session, current=successor, used=kept)
