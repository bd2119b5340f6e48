"""Messages of a durable consumer, in batches, as they come.

nats-py's own `fetch` holds what has come until its batch is full or its time is over, and makes
two tasks for each message. Here a request stays open at the server, which sends what there is at
once; a batch is whatever has come by the time that somebody asks.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Iterable
from typing import Self

from nats.errors import Error as NatsError

from services.kit.wire import EventClient, Incoming, Stop, command

# The server says when a request is over; past this it has forgotten the request.
_LATE_SECONDS = 1.0
# Nothing to send, and time is over.
_EMPTY = frozenset({"404", "408"})
_ACK, _NAK, _TERM = b"+ACK", b"-NAK", b"+TERM"


class Pull:
    """The open request of one consumer, and the messages that wait for their verdict."""

    def __init__(self, client: EventClient, stream: str, consumer: str) -> None:
        self._client = client
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._inbox = client.new_inbox()
        self._arrived: deque[Incoming] = deque()
        # Given out and not yet acknowledged, handed back or ended, by where the verdict goes.
        self._held: dict[str, Incoming] = {}
        self._news = asyncio.Event()
        # How many messages the open request may still bring.
        self._open = 0
        self._failure: Exception | None = None
        self._stop: Stop | None = None

    @classmethod
    async def start(cls, client: EventClient, stream: str, consumer: str) -> Self:
        """Listen for what the consumer sends. Raises a NatsError while the server is away."""
        pull = cls(client, stream, consumer)
        pull._stop = await client.receive(pull._inbox, pull._receive)
        return pull

    async def close(self) -> None:
        """Take no more, and hand back what has no verdict: others get it at once.

        Without a connection nothing is said; the server finds out when its time is over.
        """
        if self._stop is None or not self._client.is_connected:
            return
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            # Until the server has heard that there is no more interest, messages may come.
            await self._stop()
            back = [*self._held.values(), *self._arrived]
            await self._say(_NAK, back)

    async def fetch(self, limit: int, timeout: float) -> list[Incoming]:
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
        taken = [self._arrived.popleft() for _ in range(min(limit, len(self._arrived)))]
        self._held.update((message.reply, message) for message in taken)
        return taken

    async def ack(self, messages: Iterable[Incoming]) -> None:
        """Say that these are done, all in one go."""
        await self._say(_ACK, messages)

    async def nak(self, message: Incoming, delay: float) -> None:
        """Have a message come again, `delay` seconds from now."""
        wait = json.dumps({"delay": int(delay * 1e9)})
        await self._say(b"%b %b" % (_NAK, wait.encode()), [message])

    async def term(self, message: Incoming) -> None:
        """Have a message never come again: a dead letter."""
        await self._say(_TERM, [message])

    async def _say(self, verdict: bytes, messages: Iterable[Incoming]) -> None:
        replies = [message.reply for message in messages]
        if not replies:
            return
        await self._client.write(b"".join([command(reply, verdict) for reply in replies]))
        for reply in replies:
            self._held.pop(reply, None)

    async def _ask(self, limit: int, timeout: float) -> None:
        if self._open > 0:
            return
        self._open, self._failure = limit, None
        request = {"batch": limit, "expires": int(timeout * 1e9)}
        await self._client.publish(self._subject, json.dumps(request).encode(), self._inbox)

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _receive(self, message: Incoming) -> None:
        # What has no address for a verdict is no message: the server says how the request ended.
        if message.reply:
            self._open -= 1
            self._arrived.append(message)
        else:
            self._open = 0
            self._failure = _failure(*message.status)
        self._news.set()


def _failure(code: str, text: str) -> Exception:
    if code in _EMPTY:
        return TimeoutError()
    return NatsError(f"pull refused: {code} {text}")
