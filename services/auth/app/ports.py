"""What the use cases ask of the outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from services.auth.domain.factors import Challenge, Passkey
from services.auth.domain.links import Purpose
from services.auth.domain.sessions import Session
from services.auth.domain.users import User


@dataclass(frozen=True, slots=True)
class AccessGrant:
    """What an access token says."""

    user_id: str
    session_id: str
    # UserRole, or AdminRole of staff.
    role: StrEnum
    # The token's own id (jti).
    token_id: str


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed access token."""

    text: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token, in the clear: it goes to its client and nowhere else."""

    text: str
    session_id: str
    # What stores may hold of it.
    digest: str
    # The id of the access token that is handed out with it.
    grant_id: str


class Passwords(Protocol):
    """Hashes and verifies passwords. Raises RateLimited when too many wait."""

    async def hash(self, password: str) -> str:
        """Return the encoded hash of a normalised password."""

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Tell whether `password` made `encoded`; None takes as long and is False."""

    async def guessable(self, password: str, context: Sequence[str]) -> bool:
        """Tell whether a password is common or soon guessed by who knows the `context` words."""

    def outdated(self, encoded: str) -> bool:
        """Tell whether `encoded` was made with parameters other than today's."""


class AccessTokens(Protocol):
    """Signs access tokens."""

    def sign(self, grant: AccessGrant, at: datetime) -> AccessToken:
        """Return a token for `grant` that is good from `at` on."""


class RefreshTokens(Protocol):
    """Makes, continues and recognises refresh tokens."""

    def first(self, session_id: str) -> RefreshToken:
        """Return the token that opens a session."""

    def successor(self, token: RefreshToken) -> RefreshToken:
        """Return the token that replaces `token`: always the same one."""

    def parse(self, text: str) -> RefreshToken | None:
        """Return the token that `text` is; None unless it was issued here."""


class Sessions(Protocol):
    """Keeps sessions. Raises DependencyDown when the store does not answer."""

    async def open(self, session: Session) -> None:
        """Keep a new session until it expires."""

    async def load(self, session_id: str) -> Session | None:
        """Return a session; None when it ended or expired."""

    async def replace(self, old: Session, new: Session) -> bool:
        """Write `new` if the session is still as `old`; tell whether it was."""

    async def renew(self, old: Session, new: Session) -> bool:
        """Put `new` in the place of `old` if that is still so; tell whether it was."""

    async def end(self, user_id: str, session_id: str) -> None:
        """End a session. Ending one that is gone succeeds."""

    async def end_all(self, user_id: str, keep: str = "") -> None:
        """End all of a user's sessions but `keep`."""

    async def of_user(self, user_id: str) -> list[Session]:
        """Return a user's open sessions, in no order."""


class Sealing(Protocol):
    """Seals what is stored and must be read again, such as an app's shared secret."""

    def seal(self, owner_id: str, secret: bytes) -> bytes:
        """Return `secret` as a store may hold it, bound to its owner."""

    def open(self, owner_id: str, sealed: bytes) -> bytes:
        """Return what `seal` was given for the same owner."""


class LinkCodes(Protocol):
    """Makes and recognises the codes of links in mails."""

    def link(self, purpose: Purpose, link_id: str) -> str:
        """Return the address of the page that uses the code; "" for what opens nothing."""

    def parse(self, purpose: Purpose, code: str) -> str | None:
        """Return the id in a code; None unless it was made here and for this purpose."""


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What a browser made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


class PasskeyCeremonies(Protocol):
    """Speaks WebAuthn. What does not fit raises FactorInvalid."""

    def creation(self, user: User, known: Sequence[bytes], nonce: bytes) -> str:
        """Return the options for making a credential beside the `known` ids, as JSON."""

    def created(self, credential: str, nonce: bytes) -> NewCredential:
        """Return the credential that the browser made."""

    def request(self, known: Sequence[bytes], nonce: bytes) -> str:
        """Return the options for proving one of the `known` ids, as JSON."""

    def credential_id(self, credential: str) -> bytes:
        """Return which credential the browser answers with; proves nothing."""

    def asserted(self, credential: str, nonce: bytes, passkey: Passkey) -> int:
        """Verify the browser's answer and return the credential's new sign count."""


class Challenges(Protocol):
    """Keeps what waits for an answer. Raises DependencyDown when the store does not answer."""

    async def open(self, challenge: Challenge) -> None:
        """Keep a challenge until it expires."""

    async def attempt(self, digest: str) -> Challenge | None:
        """Count a try and return the challenge; None when it is gone or was tried too often."""

    async def take(self, digest: str) -> bool:
        """Use a challenge up: of many who take it, one is told True."""

    async def keep_nonce(self, session_id: str, purpose: str, nonce: bytes) -> None:
        """Keep the nonce of a session's ceremony, in place of a former one."""

    async def take_nonce(self, session_id: str, purpose: str) -> bytes | None:
        """Use up and return the nonce of a session's ceremony."""


@dataclass(frozen=True, slots=True)
class CountedAttempt:
    """What came of counting an attempt."""

    # Zero when it may be made.
    wait: timedelta
    # Until when it locked the account, in milliseconds since 1970; 0: it did not.
    locked_until: int = 0


class Failures(Protocol):
    """Counts wrong passwords in a row over all replicas.

    Raises DependencyDown when the store does not answer.
    """

    async def begin(self, account: str, now: datetime) -> CountedAttempt:
        """Count an attempt as failed for as long as nothing better is known."""

    async def undo(self, account: str, attempt: CountedAttempt) -> None:
        """Take back an attempt that nothing was decided about."""

    async def forget(self, account: str) -> None:
        """Start from zero."""


class Attempts(Protocol):
    """Counts over all replicas."""

    async def take(self, key: str, limit: int, window_seconds: int) -> int:
        """Count one. Return 0 when it passes, else the seconds to wait."""
