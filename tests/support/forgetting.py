"""What a crash of Valkey does: it comes back as it was a moment before.

What a killed process wrote the kernel has; what a machine wrote may be gone. So that moment is
remembered key by key and put back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from redis.asyncio import Redis

# The keys of sessions: of users and of staff, and the lists of whose they are.
SESSIONS = ("auth:session*", "auth:admin:session*")


@dataclass(frozen=True, slots=True)
class Moment:
    """The keys that fit some patterns: what they held, and until when (in ms; -1: for ever)."""

    patterns: Sequence[str]
    held: dict[bytes, tuple[bytes, int]]

    @classmethod
    async def of(cls, redis: Redis, *patterns: str) -> Self:
        """Remember the keys as they are now."""
        held = {}
        for key in await _keys(redis, patterns):
            dumped = await redis.dump(key)
            if dumped is not None:
                held[key] = (dumped, int(await redis.pexpiretime(key)))
        return cls(patterns, held)

    async def put_back(self, redis: Redis) -> None:
        """Let the keys be as they were, and no others be there."""
        later = set(await _keys(redis, self.patterns)) - set(self.held)
        async with redis.pipeline(transaction=True) as pipeline:
            if later:
                pipeline.delete(*later)
            for key, (dumped, until) in self.held.items():
                pipeline.restore(key, max(until, 0), dumped, replace=True, absttl=until > 0)
            await pipeline.execute()


async def _keys(redis: Redis, patterns: Sequence[str]) -> list[bytes]:
    return [key for pattern in patterns async for key in redis.scan_iter(match=pattern, count=500)]
