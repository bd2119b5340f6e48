"""Rate limits shared by all replicas: the generic cell rate algorithm in Valkey.

GCRA (ITU-T I.371): `limit` calls pass at once and refill evenly over `window`.
While Valkey is away each process counts for itself, so that there is never no
limit and never an outage for want of one.
"""

from __future__ import annotations

import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

_CAPACITY = 50_000
_SCRIPT = """
local now = redis.call('TIME')
local at = now[1] * 1000 + math.floor(now[2] / 1000)
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), at)
local wait = due + interval - burst - at
if wait > 0 then return math.ceil(wait) end
redis.call('SET', KEYS[1], due + interval, 'PX', math.ceil(burst + interval))
return 0
"""


class RateLimiter:
    """Counts calls by key."""

    def __init__(self, redis: Redis, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._script = redis.register_script(_SCRIPT)
        self._monotonic = monotonic
        self._local: OrderedDict[str, float] = OrderedDict()

    async def take(self, key: str, limit: int, window_seconds: int) -> int:
        """Count one call. Return 0 when it passes, else the whole seconds to wait."""
        window = window_seconds * 1000
        interval = window / limit
        try:
            wait = await self._script(keys=[f"limit:{key}"], args=[interval, window])
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("Rate limits are counted locally", extra={"error": str(error)})
            wait = self._take_locally(key, interval, window)
        return math.ceil(int(wait) / 1000)

    def _take_locally(self, key: str, interval: float, burst: float) -> float:
        now = self._monotonic() * 1000
        due = max(self._local.get(key, 0.0), now)
        wait = due + interval - burst - now
        if wait > 0:
            return math.ceil(wait)
        self._local[key] = due + interval
        self._local.move_to_end(key)
        if len(self._local) > _CAPACITY:
            self._local.popitem(last=False)
        return 0
