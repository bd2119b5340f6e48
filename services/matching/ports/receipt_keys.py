"""The Ed25519 keys that sign receipts, and the key sets that check them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from services.matching.domain.receipt import Signature


class ReceiptKeyMissing(RuntimeError):
    """The folder holds no usable key: the service does not start."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of a key; `x` is base64url without padding (RFC 8037)."""

    kid: str
    x: str


class ReceiptKeys:
    """Signs with the newest key of a folder of `<kid>.pem` files (PKCS 8).

    A key is rotated by adding a file; those before it stay, or old receipts could not be checked.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: dict[str, Ed25519PrivateKey] = {}
        self.public()
        self._newest()

    def sign(self, statement: str) -> Signature:
        """Return the signature of the newest key over the statement's UTF-8 bytes."""
        kid = self._newest()
        return Signature(kid, _encode(self._key(kid).sign(statement.encode())))

    def public(self) -> list[PublicKey]:
        """Return the public half of every key, by kid."""
        kids = sorted(file.stem for file in self._folder.glob("*.pem"))
        return [PublicKey(kid, _encode(_raw(self._key(kid).public_key()))) for kid in kids]

    def _newest(self) -> str:
        files = sorted((file.stat().st_mtime, file.stem) for file in self._folder.glob("*.pem"))
        if not files:
            raise ReceiptKeyMissing(f"no <kid>.pem in {self._folder}")
        return files[-1][1]

    def _key(self, kid: str) -> Ed25519PrivateKey:
        if kid not in self._loaded:
            self._loaded[kid] = _read(self._folder / f"{kid}.pem")
        return self._loaded[kid]


class KeySet:
    """Public keys by their kid."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self._keys = keys

    @classmethod
    def parse(cls, text: str) -> KeySet:
        """Read a JWK set (RFC 7517); raise ValueError for anything else. Others keys are left."""
        try:
            keys = {
                str(key["kid"]): Ed25519PublicKey.from_public_bytes(_decode(key["x"]))
                for key in json.loads(text)["keys"]
                if (key["kty"], key["crv"]) == ("OKP", "Ed25519")
            }
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("no JWK set") from error
        return cls(keys)

    def check(self, kid: str, signature: str, signed: bytes) -> bool | None:
        """Tell whether a signature is good; None when there is no such key."""
        key = self._keys.get(kid)
        if key is None:
            return None
        try:
            key.verify(_decode(signature), signed)
        except (InvalidSignature, ValueError):
            return False
        return True


def _read(file: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ReceiptKeyMissing(f"{file.name} is no private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ReceiptKeyMissing(f"{file.name} is no Ed25519 key")
    return key


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise ValueError("no base64url") from error
