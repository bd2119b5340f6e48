"""The connection to Valkey, tuned to fail at once rather than to wait."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


def connect(url: str, authority: Path | None = None) -> Redis:
    """Return a client. It connects when first used and raises RedisError while Valkey is away.

    With an `authority` it speaks TLS alone, to a Valkey with a certificate of it. One retry,
    without a pause: it heals a connection that a restart has cut.
    """
    tls: dict[str, Any] = (
        {"ssl_ca_certs": str(authority), "ssl_check_hostname": True} if authority else {}
    )
    return Redis.from_url(
        url.replace("redis://", "rediss://", 1) if authority else url,
        **tls,
        socket_timeout=1.0,
        socket_connect_timeout=0.5,
        retry=Retry(NoBackoff(), 1),
        health_check_interval=15,
    )
