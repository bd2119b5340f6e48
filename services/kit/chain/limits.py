"""Deadline and rate limits: is there time, and has the caller any calls left?"""

from __future__ import annotations

import time
from typing import Any

from weneeds.options.v1.policy_pb2 import (
    RATE_LIMIT_KEY_ADDRESS,
    RATE_LIMIT_KEY_FIELD,
    RateLimit,
)

from services.kit.call import Call
from services.kit.chain import Guard
from services.kit.contract import Method, field_reader
from services.kit.errors import DeadlineTooShort, RateLimited
from services.kit.ratelimit import RateLimiter

# Work that is begun with less than this is work thrown away.
MIN_SECONDS = 0.010
_MAX_KEY = 200


def deadline(call: Call, message: Any) -> None:
    """Refuse a call whose caller will be gone before an answer can be had."""
    if call.deadline is not None and call.deadline - time.monotonic() < MIN_SECONDS:
        raise DeadlineTooShort


def rate_limits(method: Method, limiter: RateLimiter) -> list[Guard]:
    """Return a guard for each of the method's limits."""
    return [_limit(method, limit, limiter) for limit in method.policy.rate_limits]


def _limit(method: Method, limit: RateLimit, limiter: RateLimiter) -> Guard:
    read = None
    if limit.key == RATE_LIMIT_KEY_FIELD:
        read = field_reader(method.request.DESCRIPTOR, limit.field, method.path)
    by_address = limit.key == RATE_LIMIT_KEY_ADDRESS
    prefix = f"{method.path}:{limit.key}"
    count, window = limit.limit, limit.window.seconds

    async def guard(call: Call, message: Any) -> None:
        if read is not None:
            key = read(message).strip().lower()[:_MAX_KEY]
        elif by_address or call.user is None:
            key = call.address
        else:
            key = call.user.id
        wait = await limiter.take(f"{prefix}:{key}", count, window)
        if wait:
            raise RateLimited(wait)

    return guard
