"""Secrets at rest: AES-256-GCM under a key derived from the server's secret.

What is sealed is bound to its owner: a row copied to another account does not
open there. A sealed text is `version (1 byte) | nonce (12) | ciphertext and tag`.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"
_NONCE = 12
_KEY = 32
_SHORTEST_SECRET = 32


class SealingSecretTooShort(RuntimeError):
    """The server's secret has less than 32 bytes: the service does not start."""


class SealBroken(RuntimeError):
    """What is stored was not sealed for this owner under this secret."""


class AesGcmSealing:
    """Seals short secrets. `purpose` gives each use a key of its own."""

    def __init__(
        self, secret: bytes, purpose: str, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        if len(secret) < _SHORTEST_SECRET:
            raise SealingSecretTooShort(f"needs {_SHORTEST_SECRET} bytes, has {len(secret)}")
        info = b"weneeds auth sealing\0" + purpose.encode()
        key = HKDF(algorithm=SHA256(), length=_KEY, salt=None, info=info).derive(secret)
        self._cipher = AESGCM(key)
        self._random = random

    def seal(self, owner_id: str, secret: bytes) -> bytes:
        """Return `secret` as a store may hold it."""
        nonce = self._random(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, secret, owner_id.encode())

    def open(self, owner_id: str, sealed: bytes) -> bytes:
        """Return what `seal` was given for the same owner; raise SealBroken."""
        nonce, ciphertext = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        if sealed[:1] != _VERSION or len(nonce) != _NONCE:
            raise SealBroken
        try:
            return self._cipher.decrypt(nonce, ciphertext, owner_id.encode())
        except InvalidTag as error:
            raise SealBroken from error
