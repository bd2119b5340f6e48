"""The day's tokens, counted in Valkey for all replicas."""

from __future__ import annotations

import logging

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.kit.clock import Clock

log = logging.getLogger(__name__)

_DAYS_KEPT = 2 * 86_400
_RESERVE = """
local spent = tonumber(redis.call('GET', KEYS[1]) or 0)
if spent + tonumber(ARGV[1]) > tonumber(ARGV[2]) then return 0 end
redis.call('INCRBY', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""


class ValkeySpending:
    """Counts tokens by the day (UTC). While Valkey is away nothing may be spent."""

    def __init__(self, redis: Redis, clock: Clock, day_tokens: int) -> None:
        self._redis = redis
        self._script = redis.register_script(_RESERVE)
        self._clock = clock
        self._most = day_tokens

    async def reserve(self, tokens: int) -> bool:
        """Take tokens out of the day's budget; False when it does not hold them or cannot tell."""
        try:
            return bool(
                await self._script(keys=[self._key()], args=[tokens, self._most, _DAYS_KEPT])
            )
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("the budget of language models is not known: %s", type(error).__name__)
            return False

    async def settle(self, reserved: int, used: int) -> None:
        """Give back what was reserved and not used, or take what was used beyond it.

        A day that ends in between is counted for what its calls used too little or too much: the
        bound is on the day that spends.
        """
        try:
            await self._redis.incrby(self._key(), used - reserved)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("tokens were not given back: %s", type(error).__name__)

    def _key(self) -> str:
        return f"llm:tokens:{self._clock.now():%Y-%m-%d}"
