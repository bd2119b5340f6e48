"""Messages of a durable consumer, in batches, as they come.

nats-py's own `fetch` holds what has come until its batch is full or its time is over, and makes
two tasks for each message. Here a request stays open at the server, which sends what there is at
once; a batch is whatever has come by the time that somebody asks.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

# The server says when a request is over; past this it has forgotten the request.
_LATE_SECONDS = 1.0
# Nothing to send, and time is over.
_EMPTY = frozenset({"404", "408"})


class Pull:
    """The open request of one consumer."""

    def __init__(self, client: Client, stream: str, consumer: str) -> None:
        self._client = client
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._inbox = client.new_inbox()
        self._arrived: deque[Msg] = deque()
        self._news = asyncio.Event()
        # How many messages the open request may still bring.
        self._open = 0
        self._failure: Exception | None = None
        self._subscription: Subscription | None = None

    @classmethod
    async def start(cls, client: Client, stream: str, consumer: str) -> Self:
        """Listen for what the consumer sends. Raises a NatsError while the server is away."""
        pull = cls(client, stream, consumer)
        pull._subscription = await client.subscribe(pull._inbox, cb=pull._receive)
        return pull

    async def close(self) -> None:
        """Take no more. The server gives what was not acknowledged to others."""
        if self._subscription is not None and self._client.is_connected:
            await self._subscription.unsubscribe()

    async def fetch(self, limit: int, timeout: float) -> list[Msg]:
        """Return up to `limit` messages as soon as there is one.

        Raises TimeoutError when none came in `timeout` seconds, and NatsError when the consumer is
        gone or JetStream does not answer.
        """
        try:
            async with asyncio.timeout(timeout + _LATE_SECONDS):
                while not self._arrived:
                    self._news.clear()
                    await self._ask(limit, timeout)
                    await self._news.wait()
                    self._check()
        except TimeoutError:
            self._open = 0
            raise
        return [self._arrived.popleft() for _ in range(min(limit, len(self._arrived)))]

    async def _ask(self, limit: int, timeout: float) -> None:
        if self._open > 0:
            return
        self._open, self._failure = limit, None
        request = {"batch": limit, "expires": int(timeout * 1e9)}
        await self._client.publish(self._subject, json.dumps(request).encode(), self._inbox)

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    async def _receive(self, message: Msg) -> None:
        status = (message.headers or {}).get("Status", "")
        if not status:
            self._open -= 1
            self._arrived.append(message)
        else:
            self._open = 0
            self._failure = _failure(status, message)
        self._news.set()


def _failure(status: str, message: Msg) -> Exception:
    if status in _EMPTY:
        return TimeoutError()
    return NatsError(f"pull refused: {status} {(message.headers or {}).get('Description', '')}")
