"""Access tokens: short-lived JWTs signed with Ed25519."""

from __future__ import annotations

import asyncio
import logging
import warnings
from datetime import datetime, timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey

from services.auth.app.ports import AccessGrant, AccessToken

_LOG = logging.getLogger(__name__)

# RFC 9864 renames the algorithm to "Ed25519"; the gateway's verifier knows
# only the older name, which says the same with an Ed25519 key.
ALGORITHM = "EdDSA"
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)


class SigningKeyMissing(RuntimeError):
    """The folder of signing keys holds no usable key: the service does not start."""


class SignedTokens:
    """Signs access tokens with the newest key of a folder of `<kid>.pem` files.

    `reload` looks again, so a key is rotated by adding a file. Its public half
    must stand in the key set that verifiers read before the file appears here.
    """

    def __init__(self, keys_dir: Path, issuer: str, audience: str, lifetime: timedelta) -> None:
        self._keys_dir = keys_dir
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime
        self._path, self._key = _newest_key(keys_dir)

    @property
    def key_id(self) -> str:
        """The id of the key that signs."""
        return self._path.stem

    async def watch(self, every_seconds: float) -> None:
        """Look for a newer key for as long as the service runs."""
        while True:
            await asyncio.sleep(every_seconds)
            self.reload()

    def reload(self) -> None:
        """Sign with the newest key from now on. Keeps the present one on any failure."""
        try:
            path, key = _newest_key(self._keys_dir)
        except SigningKeyMissing:
            _LOG.exception("signing keys are not readable; %s goes on signing", self.key_id)
            return
        if path.stem != self.key_id:
            _LOG.info("signing key changed from %s to %s", self.key_id, path.stem)
        self._path, self._key = path, key

    def sign(self, grant: AccessGrant, at: datetime) -> AccessToken:
        """Return a token for `grant` that is good from `at` on."""
        issued = int(at.timestamp())
        expires = issued + int(self._lifetime.total_seconds())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": grant.user_id,
            "sid": grant.session_id,
            "role": grant.role.value,
            "access": "site",
            "iat": issued,
            "nbf": issued,
            "exp": expires,
            "jti": grant.token_id,
        }
        header = {"alg": ALGORITHM, "kid": self.key_id}
        text = jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])
        return AccessToken(text, datetime.fromtimestamp(expires, at.tzinfo))


def _newest_key(keys_dir: Path) -> tuple[Path, OKPKey]:
    """Return the key whose file changed last; ties go to the later name."""
    try:
        files = [(path.stat().st_mtime_ns, path.name, path) for path in keys_dir.glob("*.pem")]
        if not files:
            raise SigningKeyMissing(f"no <kid>.pem in {keys_dir}")
        path = max(files)[2]
        key = OKPKey.import_key(path.read_bytes())
    except (OSError, ValueError, JoseError) as error:
        raise SigningKeyMissing(f"no readable key in {keys_dir}") from error
    if key.curve_name != "Ed25519" or not key.is_private:
        raise SigningKeyMissing(f"{path.name} is not a private Ed25519 key")
    return path, key
