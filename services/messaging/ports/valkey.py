"""Rings between processes, over Valkey pub/sub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from contextvars import Context

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

_log = logging.getLogger(__name__)
_CHANNEL = "messaging:rings"
_RETRY_SECONDS = 1.0
# So that a connection that died silently is noticed.
_POLL_SECONDS = 30.0


class ValkeyBell:
    """Publishes and receives user ids on one channel."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._unsent: set[str] = set()
        self._sending: asyncio.Task[None] | None = None

    def ring(self, user_id: str) -> None:
        """Tell the other processes, soon. Rings for one user that wait become one."""
        self._unsent.add(user_id)
        if self._sending is None or self._sending.done():
            loop = asyncio.get_running_loop()
            self._sending = loop.create_task(self._send(), context=Context())

    async def listen(self) -> AsyncIterator[str]:
        """Yield a user id for each ring, and "" after each (re)connection."""
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(_CHANNEL)
                    async with aclosing(_rings(channel)) as rings:
                        async for user_id in rings:
                            yield user_id
            except (RedisError, OSError) as error:
                _log.warning("ring subscription lost", extra={"error": type(error).__name__})
                await asyncio.sleep(_RETRY_SECONDS)

    async def _send(self) -> None:
        try:
            while self._unsent:
                await self._redis.publish(_CHANNEL, self._unsent.pop())
        except (RedisError, OSError) as error:
            # The heartbeats of the other processes will look for themselves.
            self._unsent.clear()
            _log.warning("ring lost", extra={"error": type(error).__name__})


async def _rings(channel: PubSub) -> AsyncGenerator[str]:
    """Yield "" for the subscription and then each ring; raise ConnectionError on silence."""
    asked = False
    while True:
        message = await channel.get_message(timeout=_POLL_SECONDS)
        if message is None:
            if asked:
                raise ConnectionError("no answer to a ping")
            await channel.ping()
            asked = True
            continue
        asked = False
        if message["type"] == "subscribe":
            yield ""
        elif message["type"] == "message":
            yield message["data"].decode()
