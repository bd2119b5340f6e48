"""The Ed25519 keys that sign access tokens, and the key set that verifies them."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

from stack.paths import write_private

_SECRET_BYTES = 32


def ensure(signing_keys: Path, jwks: Path) -> None:
    """Make the first signing key if there is none.

    The public key set of all signing keys is written each time.
    """
    if not any(signing_keys.glob("*.pem")):
        add(signing_keys)
    publish(signing_keys, jwks)


def ensure_secret(file: Path) -> None:
    """Make 32 random bytes, unless the file is there: what seals tokens and factors."""
    if not file.exists():
        write_private(file, secrets.token_bytes(_SECRET_BYTES))


def add(signing_keys: Path) -> str:
    """Add a signing key `<kid>.pem`; the kid is its RFC 7638 thumbprint, which is returned."""
    key = OKPKey.generate_key("Ed25519", private=True)
    kid = key.thumbprint()
    write_private(signing_keys / f"{kid}.pem", key.as_pem(private=True))
    return kid


def publish(signing_keys: Path, jwks: Path) -> None:
    """Write the JWK set with the public half of each signing key."""
    keys = [_public(path) for path in sorted(signing_keys.glob("*.pem"))]
    write_private(jwks, json.dumps({"keys": keys}, indent=2) + "\n")


def _public(path: Path) -> dict[str, Any]:
    key = OKPKey.import_key(path.read_bytes())
    return {**key.as_dict(private=False), "kid": path.stem, "use": "sig", "alg": "EdDSA"}
