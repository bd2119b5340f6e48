"""What was begun with an identity provider, in Valkey: taken once, gone after ten minutes."""

from __future__ import annotations

import hashlib
import json

from redis.asyncio import Redis

from services.auth.app.provider_ports import ProviderAttempt
from services.auth.domain.users import UserRole
from services.auth.ports.sessions import answering

LIFETIME_SECONDS = 600


class ValkeyAttempts:
    """Keeps attempts under the hash of their state: who reads Valkey cannot finish one."""

    def __init__(self, client: Redis, prefix: str = "auth:provider:") -> None:
        self._client = client
        self._prefix = prefix

    async def keep(self, state: str, attempt: ProviderAttempt) -> None:
        """Keep an attempt for ten minutes."""
        value = {
            "provider": attempt.provider,
            "redirect": attempt.redirect_uri,
            "nonce": attempt.nonce,
            "verifier": attempt.verifier,
            "role": attempt.role.value if attempt.role else "",
            "user": attempt.user_id,
            "binding": attempt.binding,
        }
        text = json.dumps(value, separators=(",", ":"))
        async with answering():
            await self._client.set(self._key(state), text, ex=LIFETIME_SECONDS)

    async def take(self, state: str) -> ProviderAttempt | None:
        """Return the attempt of a state and forget it; None when there is none (any more)."""
        async with answering():
            text = await self._client.getdel(self._key(state))
        if text is None:
            return None
        value = json.loads(text)
        return ProviderAttempt(
            provider=value["provider"],
            redirect_uri=value["redirect"],
            nonce=value["nonce"],
            verifier=value["verifier"],
            role=UserRole(value["role"]) if value["role"] else None,
            user_id=value["user"],
            binding=value["binding"],
        )

    def _key(self, state: str) -> str:
        return self._prefix + hashlib.sha256(state.encode()).hexdigest()
