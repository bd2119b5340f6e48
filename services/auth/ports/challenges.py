"""Challenges of second factors in Valkey. Losing them costs a second try, no secret."""

from __future__ import annotations

import json

from redis.asyncio import Redis

from services.auth.domain.factors import CHALLENGE_LIFETIME, CHALLENGE_TRIES, Challenge
from services.auth.ports.sessions import answering
from services.kit.times import from_micros, to_micros

_LIFETIME_MS = int(CHALLENGE_LIFETIME.total_seconds() * 1000)

# Counts a try and returns the challenge; the one too many deletes it.
# KEYS: challenge, its tries. ARGV: tries allowed, lifetime in ms.
_ATTEMPT = """
local challenge = redis.call('GET', KEYS[1])
if not challenge then return false end
local tries = redis.call('INCR', KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
if tries <= tonumber(ARGV[1]) then return challenge end
redis.call('DEL', KEYS[1])
return false
"""


class ValkeyChallenges:
    """Keeps challenges, each until it is used up or five minutes old."""

    def __init__(self, client: Redis, prefix: str = "auth:") -> None:
        self._client = client
        self._challenge_prefix = f"{prefix}challenge:"
        self._tries_prefix = f"{prefix}challenge-tries:"
        self._nonce_prefix = f"{prefix}nonce:"
        self._attempt = client.register_script(_ATTEMPT)

    async def open(self, challenge: Challenge) -> None:
        """Keep a challenge until it expires."""
        key = self._challenge_prefix + challenge.digest
        async with answering():
            await self._client.set(key, _encoded(challenge), px=_LIFETIME_MS)

    async def attempt(self, digest: str) -> Challenge | None:
        """Count a try and return the challenge; None when it is gone or was tried too often."""
        keys = [self._challenge_prefix + digest, self._tries_prefix + digest]
        async with answering():
            text = await self._attempt(keys=keys, args=[CHALLENGE_TRIES, _LIFETIME_MS])
        return _decoded(digest, text) if text else None

    async def take(self, digest: str) -> bool:
        """Use a challenge up: of many who take it, one is told True."""
        async with answering():
            return await self._client.getdel(self._challenge_prefix + digest) is not None

    async def keep_nonce(self, session_id: str, purpose: str, nonce: bytes) -> None:
        """Keep the nonce of a session's ceremony, in place of a former one."""
        async with answering():
            await self._client.set(self._nonce(session_id, purpose), nonce, px=_LIFETIME_MS)

    async def take_nonce(self, session_id: str, purpose: str) -> bytes | None:
        """Use up and return the nonce of a session's ceremony."""
        async with answering():
            nonce = await self._client.getdel(self._nonce(session_id, purpose))
        return nonce.encode() if isinstance(nonce, str) else nonce

    def _nonce(self, session_id: str, purpose: str) -> str:
        return f"{self._nonce_prefix}{purpose}:{session_id}"


def _encoded(challenge: Challenge) -> str:
    value = {
        "user": challenge.user_id,
        "password": challenge.password_mark,
        "nonce": challenge.nonce.hex(),
        "expires": to_micros(challenge.expires_at),
    }
    return json.dumps(value, separators=(",", ":"))


def _decoded(digest: str, text: bytes | str) -> Challenge:
    value = json.loads(text)
    return Challenge(
        digest=digest,
        user_id=value["user"],
        password_mark=value["password"],
        nonce=bytes.fromhex(value["nonce"]),
        expires_at=from_micros(value["expires"]),
    )
