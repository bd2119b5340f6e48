"""Refresh tokens: opaque, 256 random bits, recognised without a store.

A token is `session id (16 bytes) | secret (32) | seal (16)` in base64url. The
seal is an HMAC, so a forged token is told apart from one that was issued and
used up: the first is refused, the second ends the session. The successor of a
token is an HMAC of it, so the same token twice within the grace interval gets
the same answer although no token is kept.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Callable
from uuid import UUID

from services.auth.app.ports import RefreshToken

_SESSION = 16
_SECRET = 32
_SEAL = 16
_SHORTEST_KEY = 32


class RefreshSecretTooShort(RuntimeError):
    """The server's secret has less than 32 bytes: the service does not start."""


class SealedRefreshTokens:
    """Makes, continues and recognises refresh tokens under one server secret."""

    def __init__(self, secret: bytes, random: Callable[[int], bytes] = os.urandom) -> None:
        if len(secret) < _SHORTEST_KEY:
            raise RefreshSecretTooShort(f"needs {_SHORTEST_KEY} bytes, has {len(secret)}")
        self._secret = secret
        self._random = random

    def first(self, session_id: str) -> RefreshToken:
        """Return the token that opens a session."""
        return self._token(UUID(session_id).bytes, self._random(_SECRET))

    def successor(self, token: RefreshToken) -> RefreshToken:
        """Return the token that replaces `token`: always the same one."""
        return self._token(UUID(token.session_id).bytes, self._mac(b"next", token.text.encode()))

    def parse(self, text: str) -> RefreshToken | None:
        """Return the token that `text` is; None unless this secret sealed it."""
        try:
            raw = base64.b64decode(text.encode("ascii") + b"==", altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            return None
        if len(raw) != _SESSION + _SECRET + _SEAL:
            return None
        token = self._token(raw[:_SESSION], raw[_SESSION:-_SEAL])
        return token if hmac.compare_digest(token.text, text) else None

    def _token(self, session: bytes, secret: bytes) -> RefreshToken:
        seal = self._mac(b"seal", session + secret)[:_SEAL]
        text = base64.urlsafe_b64encode(session + secret + seal).decode().rstrip("=")
        digest = hashlib.sha256(text.encode()).hexdigest()
        grant_id = str(UUID(bytes=self._mac(b"grant", text.encode())[:16], version=4))
        return RefreshToken(text, str(UUID(bytes=session)), digest, grant_id)

    def _mac(self, purpose: bytes, data: bytes) -> bytes:
        return hmac.digest(self._secret, purpose + b"\0" + data, "sha256")
