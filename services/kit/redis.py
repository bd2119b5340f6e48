"""The connection to Valkey, tuned to fail at once rather than to wait."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


def connect(url: str) -> Redis:
    """Return a client. It connects when first used and raises RedisError while Valkey is away.

    One retry, without a pause: it heals a connection that a restart has cut.
    """
    return Redis.from_url(
        url,
        socket_timeout=1.0,
        socket_connect_timeout=0.5,
        retry=Retry(NoBackoff(), 1),
        health_check_interval=15,
    )
