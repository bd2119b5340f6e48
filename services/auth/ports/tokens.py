"""Access tokens: short-lived JWTs signed with Ed25519."""

from __future__ import annotations

import asyncio
import logging
import time
import warnings
from collections.abc import Awaitable, Callable
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
# How old a further key must be before it signs.
SETTLED = timedelta(seconds=10)
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)


class SigningKeyMissing(RuntimeError):
    """The folder of signing keys holds no usable key: the service does not start."""


class SignedTokens:
    """Signs access tokens with the newest key of a folder of `<kid>.pem` files.

    A key is rotated by adding a file. It signs once it is SETTLED old: by then
    every verifier has read the key set that holds its public half. A folder
    whose keys are all younger (a first start) is signed from at once.
    `access` is the kind of token: "site" for users, "admin" for staff.
    """

    def __init__(
        self,
        keys_dir: Path,
        issuer: str,
        audience: str,
        lifetime: timedelta,
        *,
        access: str = "site",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._access = access
        self._keys_dir = keys_dir
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime
        self._now = now
        self._path, self._key = self._load()

    @property
    def key_id(self) -> str:
        """The id of the key that signs."""
        return self._path.stem

    async def watch(
        self, every_seconds: float, rotated: Callable[[str, str], Awaitable[None]]
    ) -> None:
        """Look for a newer key for as long as the service runs.

        `rotated` is told the id of the key that signed and of the one that does now.
        """
        told = self.key_id
        while True:
            await asyncio.sleep(every_seconds)
            self.reload()
            if self.key_id == told:
                continue
            try:
                await rotated(told, self.key_id)
                told = self.key_id
            except Exception:
                # Told again on the next look.
                _LOG.exception("a change of the signing key could not be recorded")

    def reload(self) -> None:
        """Sign with the newest key from now on. Keeps the present one on any failure."""
        try:
            path, key = self._load()
        except SigningKeyMissing:
            _LOG.exception("signing keys are not readable; %s goes on signing", self.key_id)
            return
        if path != self._path:
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
            "access": self._access,
            "iat": issued,
            "nbf": issued,
            "exp": expires,
            "jti": grant.token_id,
        }
        header = {"alg": ALGORITHM, "kid": self.key_id}
        text = jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])
        return AccessToken(text, datetime.fromtimestamp(expires, at.tzinfo))

    def _load(self) -> tuple[Path, OKPKey]:
        try:
            path = self._choose()
            key = OKPKey.import_key(path.read_bytes())
        except (OSError, ValueError, JoseError) as error:
            raise SigningKeyMissing(f"no readable key in {self._keys_dir}") from error
        if key.curve_name != "Ed25519" or not key.is_private:
            raise SigningKeyMissing(f"{path.name} is not a private Ed25519 key")
        return path, key

    def _choose(self) -> Path:
        """Return the newest settled key, else the oldest; equal times go by name."""
        files = sorted(
            (path.stat().st_mtime, path.name, path) for path in self._keys_dir.glob("*.pem")
        )
        if not files:
            raise SigningKeyMissing(f"no <kid>.pem in {self._keys_dir}")
        settled = [file for file in files if file[0] <= self._now() - SETTLED.total_seconds()]
        return (settled[-1] if settled else files[0])[2]
