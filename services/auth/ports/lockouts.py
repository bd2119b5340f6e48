"""Failed attempts in Valkey, shared by all replicas.

Losing Valkey lets nobody in: each method raises DependencyDown when it does
not answer. A Valkey that comes back empty counts from zero.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from redis.asyncio import Redis

from services.auth.app.ports import CountedAttempt
from services.auth.domain.lockouts import (
    FORGOTTEN_AFTER,
    FREE_FAILURES,
    REMEMBERED_FOR,
    RESTS,
)
from services.auth.ports.sessions import answering
from services.kit.times import to_micros

_MILLISECOND = timedelta(milliseconds=1)

# Counts an attempt unless the account rests. ARGV: now in ms, failures that cost
# nothing, two lifetimes in ms, then the rests in ms. Returns the ms to wait, and
# until when the attempt itself locked the account.
_BEGIN = """
local now, free = tonumber(ARGV[1]), tonumber(ARGV[2])
local locked = tonumber(redis.call('HGET', KEYS[1], 'until') or 0)
if locked > now then return {locked - now, 0} end
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
if failures <= free then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return {0, 0}
end
locked = now + tonumber(ARGV[math.min(4 + failures - free, #ARGV)])
redis.call('HSET', KEYS[1], 'until', locked)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {0, locked}
"""

# Takes an attempt back, and the lock that it set. ARGV: until when it locked.
_UNDO = """
if redis.call('HINCRBY', KEYS[1], 'failures', -1) <= 0 then
  return redis.call('DEL', KEYS[1])
end
if redis.call('HGET', KEYS[1], 'until') == ARGV[1] then
  redis.call('HDEL', KEYS[1], 'until')
end
return 0
"""


class ValkeyFailures:
    """One hash an account, by a digest of its e-mail."""

    def __init__(self, client: Redis, prefix: str = "auth:") -> None:
        self._client = client
        self._prefix = f"{prefix}failures:"
        self._begin = client.register_script(_BEGIN)
        self._undo = client.register_script(_UNDO)
        self._rule = [FREE_FAILURES, *map(_millis, (FORGOTTEN_AFTER, REMEMBERED_FOR, *RESTS))]

    async def begin(self, account: str, now: datetime) -> CountedAttempt:
        """Count an attempt as failed for as long as nothing better is known."""
        at = to_micros(now) // 1000
        async with answering():
            wait, locked = await self._begin(keys=[self._key(account)], args=[at, *self._rule])
        return CountedAttempt(timedelta(milliseconds=wait), locked)

    async def undo(self, account: str, attempt: CountedAttempt) -> None:
        """Take back an attempt that nothing was decided about."""
        async with answering():
            await self._undo(keys=[self._key(account)], args=[attempt.locked_until])

    async def forget(self, account: str) -> None:
        """Start from zero."""
        async with answering():
            await self._client.delete(self._key(account))

    def _key(self, account: str) -> str:
        return self._prefix + hashlib.sha256(account.encode()).hexdigest()


def _millis(span: timedelta) -> int:
    return span // _MILLISECOND
