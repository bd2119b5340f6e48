"""Second factors: an authenticator app, recovery codes, passkeys. Pure."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.kit.errors import Refused

# How long a sign-in waits for its second factor, and a browser for a passkey.
CHALLENGE_LIFETIME = timedelta(minutes=5)
# Proofs that may be offered to one challenge.
CHALLENGE_TRIES = 5
# How long an app that was begun can be confirmed.
CONFIRM_WITHIN = timedelta(minutes=15)
RECOVERY_CODES = 10
RECOVERY_CODE_BYTES = 16
PASSKEYS_MOST = 20
_GROUP = 4


class ChallengeInvalid(Refused):
    """The challenge of a sign-in is unknown, used up or expired."""

    reason = "CHALLENGE_INVALID"


class FactorInvalid(Refused):
    """The proof does not fit, or was used before."""

    reason = "FACTOR_INVALID"


class FactorMissing(Refused):
    """The account has no such second factor."""

    reason = "FACTOR_MISSING"


class FactorExists(Refused):
    """The account has an authenticator app already."""

    reason = "FACTOR_EXISTS"


class FactorKind(StrEnum):
    """What a second factor is."""

    TOTP = "TOTP"
    RECOVERY_CODE = "RECOVERY_CODE"
    PASSKEY = "PASSKEY"


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody offers: a code, or a passkey's answer as JSON."""

    kind: FactorKind
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Totp:
    """An account's authenticator app."""

    # As the store holds it.
    sealed: bytes = field(repr=False)
    created_at: datetime
    # None until its first code was given.
    confirmed_at: datetime | None
    # The time step of the last code accepted.
    last_step: int | None

    def confirmable(self, now: datetime) -> bool:
        """Whether its first code is still waited for."""
        return self.confirmed_at is None and now - self.created_at <= CONFIRM_WITHIN


@dataclass(frozen=True, slots=True)
class Passkey:
    """A credential that a device keeps; what WebAuthn calls a credential record."""

    id: str
    name: str
    credential_id: bytes
    # COSE_Key (RFC 9052).
    public_key: bytes
    sign_count: int
    created_at: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Factors:
    """An account's second factors. Passkeys oldest first."""

    totp: bool
    recovery_codes_left: int
    passkeys: tuple[Passkey, ...]

    @property
    def enrolled(self) -> bool:
        """Whether the account has a second factor; recovery codes alone are none."""
        return self.totp or bool(self.passkeys)

    @property
    def kinds(self) -> list[FactorKind]:
        """What the account can prove a second factor with; empty when it has none."""
        if not self.enrolled:
            return []
        has = {
            FactorKind.TOTP: self.totp,
            FactorKind.RECOVERY_CODE: self.recovery_codes_left > 0,
            FactorKind.PASSKEY: bool(self.passkeys),
        }
        return [kind for kind, there in has.items() if there]


@dataclass(frozen=True, slots=True)
class Challenge:
    """What stands between a right password and the session."""

    # SHA-256 of the token that its client holds, in hex.
    digest: str
    user_id: str
    # SHA-256 of the password's hash that was verified; "" when there was none.
    password_mark: str
    # What a passkey has to sign.
    nonce: bytes
    expires_at: datetime


def recovery_code(random: bytes) -> str:
    """Return random bytes as a code to be written down: "abcd-efgh-ijkl-...", base32 unpadded."""
    text = base64.b32encode(random).decode().rstrip("=").lower()
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def recovery_digest(code: str) -> bytes:
    """Return what the store holds of a code: its hyphens do not count.

    A plain hash: 128 random bits cannot be guessed from it.
    """
    return hashlib.sha256(code.replace("-", "").encode()).digest()


def challenge_digest(token: str) -> str:
    """Return what the store holds of a challenge's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def password_mark(password_hash: str) -> str:
    """Return what a challenge remembers of the password that opened it."""
    return hashlib.sha256(password_hash.encode()).hexdigest()
