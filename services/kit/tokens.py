"""Access tokens: signed JWTs (RFC 7519), verified here and again behind Envoy."""

from __future__ import annotations

import json
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.kit.call import User
from services.kit.errors import Refused, TokenExpired, TokenInvalid, TokenType
from services.kit.ids import is_uuid
from services.kit.signatures import Signatures

log = logging.getLogger(__name__)

_CAPACITY = 20_000
_MAX_LENGTH = 4096
_LEEWAY_SECONDS = 5
_RELOAD_SECONDS = 2.0
# The kind of a token, as its claim `access` says, to the roles that it may name.
_ROLES = {
    "site": frozenset({"CANDIDATE", "RECRUITER"}),
    "admin": frozenset({"ADMIN", "SUPER_ADMIN"}),
}


@dataclass(frozen=True, slots=True)
class _Known:
    user: User
    expires_at: float


class TokenVerifier:
    """Verifies the access tokens of one issuer. A good one is remembered until it expires.

    `access` is their kind: "site" for users, "admin" for staff.
    """

    def __init__(
        self,
        jwks_file: Path,
        issuer: str,
        audience: str,
        now: Callable[[], float] = time.time,
        *,
        access: str = "site",
    ) -> None:
        self._access = access
        self._file = jwks_file
        self._issuer = issuer
        self._audience = audience
        self._now = now
        self._signatures = Signatures(KeySet([]))
        self._keys_read_at = 0.0
        self._keys_changed_at = 0
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def verify(self, token: str) -> User:
        """Return who `token` speaks for.

        Raises TokenInvalid (malformed, forged, of another issuer or audience),
        TokenExpired, or TokenType (a token of another kind).
        """
        now = self._now()
        if now - self._keys_read_at >= _RELOAD_SECONDS:
            self._look(now)
        known = self._known.get(token)
        if known is not None:
            if known.expires_at > now:
                return known.user
            del self._known[token]
            raise TokenExpired
        return self._verify(token, now)

    def _verify(self, token: str, now: float) -> User:
        if len(token) > _MAX_LENGTH:
            raise TokenInvalid
        claims = self._signed_claims(token)
        expires_at, not_before = claims.get("exp"), claims.get("nbf", 0)
        if not isinstance(expires_at, int) or not isinstance(not_before, int):
            raise TokenInvalid
        if claims.get("iss") != self._issuer or claims.get("aud") != self._audience:
            raise TokenInvalid
        if expires_at <= now:
            raise TokenExpired
        if not_before > now + _LEEWAY_SECONDS:
            raise TokenInvalid
        user = _user(claims, self._access)
        self._known[token] = _Known(user, expires_at)
        if len(self._known) > _CAPACITY:
            self._known.popitem(last=False)
        return user

    def _signed_claims(self, token: str) -> dict[str, object]:
        try:
            return self._signatures.claims(token)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise TokenInvalid from error

    def _look(self, now: float) -> None:
        """Read the key file again when it changed; keep the keys when it is not readable.

        Remembered tokens are forgotten then: their key may be gone.
        """
        self._keys_read_at = now
        try:
            changed_at = self._file.stat().st_mtime_ns
            if changed_at == self._keys_changed_at:
                return
            keys = KeySet.import_key_set(json.loads(self._file.read_text()))
        except (JoseError, ValueError, KeyError, TypeError, OSError) as error:
            log.warning("Keys of access tokens not reloaded", extra={"error": type(error).__name__})
            return
        self._signatures = Signatures(keys)
        self._keys_changed_at = changed_at
        self._known.clear()


class Verifiers:
    """The verifiers of both kinds of tokens: each knows the other's by its signature."""

    def __init__(self, site: TokenVerifier, admin: TokenVerifier | None) -> None:
        self._site = site
        self._admin = admin

    def user(self, token: str) -> User:
        """Return the user that `token` speaks for; raise as TokenVerifier, TokenType for staff."""
        return _verified(token, self._site, self._admin)

    def admin(self, token: str) -> User:
        """Return the member of staff that `token` speaks for; raise TokenType for a user's.

        Without a configured issuer for staff no token is one.
        """
        if self._admin is None:
            raise TokenInvalid
        return _verified(token, self._admin, self._site)


def _verified(token: str, wanted: TokenVerifier, other: TokenVerifier | None) -> User:
    try:
        return wanted.verify(token)
    except TokenInvalid:
        if other is None or not _is_of(other, token):
            raise
    raise TokenType


def _is_of(verifier: TokenVerifier, token: str) -> bool:
    try:
        verifier.verify(token)
    except Refused as refused:
        return isinstance(refused, TokenExpired)
    return True


def _user(claims: dict[str, object], access: str) -> User:
    if claims.get("access") != access:
        raise TokenType
    subject, session, role = claims.get("sub"), claims.get("sid"), claims.get("role")
    if not isinstance(subject, str) or not isinstance(session, str) or role not in _ROLES[access]:
        raise TokenInvalid
    if not is_uuid(subject) or not is_uuid(session):
        raise TokenInvalid
    return User(id=subject, role=str(role), session_id=session, access=access)
