"""The Ed25519 keys that sign access tokens, and the key set that verifies them."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

from stack.paths import write_private

_SECRET_BYTES = 32
# From the moment a newer key is there: the longest access token (15 min), the wait until the newer
# one signs, and the clocks' difference.
RETIRED_AFTER_SECONDS = 1000.0


def ensure(signing_keys: Path, jwks: Path) -> None:
    """Make the first signing key if there is none.

    The public key set of all signing keys is written when it differs.
    """
    with _alone(signing_keys):
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


def rotate(signing_keys: Path, jwks: Path) -> str:
    """Add and publish a signing key; return its kid.

    Auth signs with it only once every verifier must have read the new key set.
    """
    with _alone(signing_keys):
        kid = add(signing_keys)
        publish(signing_keys, jwks)
    return kid


def retire(signing_keys: Path, jwks: Path, now: float) -> list[str]:
    """Remove each key whose last token has expired; return their kids.

    `now` is in seconds since the epoch. The newest key stays.
    """
    with _alone(signing_keys):
        by_age = sorted(
            signing_keys.glob("*.pem"), key=lambda path: (path.stat().st_mtime, path.name)
        )
        over = [
            older for older, newer in pairwise(by_age)
            if newer.stat().st_mtime + RETIRED_AFTER_SECONDS < now
        ]  # fmt: skip
        for path in over:
            path.unlink()
        if over:
            publish(signing_keys, jwks)
    return [path.stem for path in over]


@contextmanager
def _alone(signing_keys: Path) -> Iterator[None]:
    """Nobody else changes the keys of this folder meanwhile."""
    signing_keys.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(signing_keys / ".lock", os.O_RDWR | os.O_CREAT, 0o600)) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def publish(signing_keys: Path, jwks: Path) -> None:
    """Write the JWK set with the public half of each signing key, unless it is there already."""
    keys = [_public(path) for path in sorted(signing_keys.glob("*.pem"))]
    text = json.dumps({"keys": keys}, indent=2) + "\n"
    if not jwks.exists() or jwks.read_text() != text:
        write_private(jwks, text)


def _public(path: Path) -> dict[str, Any]:
    key = OKPKey.import_key(path.read_bytes())
    return {**key.as_dict(private=False), "kid": path.stem, "use": "sig", "alg": "EdDSA"}
