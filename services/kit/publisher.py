"""Publishing to JetStream: in order, each message id once.

A batch goes out in one of two ways (NATS ADR-50). A few events are stored as they arrive: the
answer takes half a millisecond and a third of one for each event, as the disk confirms each. Many
are staged and stored together, with one confirmation that takes ten milliseconds or more whatever
their number. In both, a message that is refused or lost keeps those behind it out of the stream.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from nats.errors import MaxPayloadError, NoRespondersError

from services.kit.wire import EventClient, Incoming, command_with

_SECONDS = 5.0
# Up to so many are stored as they arrive; beyond, staging is faster.
_FEW = 32
# The server's limit for a staged batch.
MOST = 1000
# JetStream: a staged batch holds a message id that is stored already.
_DUPLICATE_IN_BATCH = 10201
_START, _APPEND, _COMMIT = 0, 1, 2


class PublishRefused(Exception):
    """JetStream answered with an error to a publication."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event as it goes onto the wire."""

    id: str
    subject: str
    payload: bytes
    headers: Mapping[str, str]


class Publisher:
    """Publishes over one connection."""

    def __init__(self, client: EventClient) -> None:
        self._client = client
        # Batches are known by their last token alone, whoever sends them.
        self._inbox = client.new_inbox()
        self._unique = self._inbox.rpartition(".")[2]
        self._numbers = count(1)
        self._listening = False
        # By batch: who waits for its answer, and how many events it is about.
        self._waiting: dict[str, tuple[asyncio.Future[None], int]] = {}

    async def publish(self, events: Sequence[Outgoing]) -> None:
        """Publish up to MOST events, in order. The same ids again, within two minutes, do no harm.

        When it raises, the first of them may be stored and the others are not; PublishRefused,
        TimeoutError, or a NatsError while the server is away.
        """
        if len(events) <= _FEW:
            await self._publish_each(events)
            return
        try:
            await self._publish_together(events)
        except PublishRefused as refused:
            if refused.code != _DUPLICATE_IN_BATCH:
                raise
            # A crash came between publishing and deleting. One by one the
            # stored ones are recognised and the rest goes through.
            await self._publish_each(events)

    async def _publish_each(self, events: Sequence[Outgoing]) -> None:
        batch = await self._batch()
        # One sign of life from the server is enough, at the end; a gap ends the batch.
        stem = f"{self._inbox}.{batch}.{len(events)}.fail"
        last = len(events)

        def commands() -> Iterator[bytes]:
            for position, event in enumerate(events, start=1):
                step = _COMMIT if position == last else _START if position == 1 else _APPEND
                yield self._command(event, f"{stem}.{position}.{step}.$FI", {})

        await self._send(batch, last, b"".join(commands()))

    async def _publish_together(self, events: Sequence[Outgoing]) -> None:
        batch = await self._batch()
        inbox = f"{self._inbox}.{batch}"
        last = len(events)

        def commands() -> Iterator[bytes]:
            for position, event in enumerate(events, start=1):
                more = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(position)}
                if position == last:
                    yield self._command(event, inbox, {**more, "Nats-Batch-Commit": "1"})
                else:
                    yield self._command(event, "", more)

        await self._send(batch, last, b"".join(commands()))

    def _command(self, event: Outgoing, reply: str, more: Mapping[str, str]) -> bytes:
        if len(event.payload) > self._client.max_payload:
            raise MaxPayloadError
        headers = {**event.headers, "Nats-Msg-Id": event.id, **more}
        return command_with(headers, event.subject, event.payload, reply)

    async def _batch(self) -> str:
        """The name of a new batch; answers to it come to the inbox."""
        if not self._listening:
            await self._client.receive(f"{self._inbox}.>", self._receive)
            self._listening = True
        return f"{self._unique}-{next(self._numbers)}"

    async def _send(self, batch: str, size: int, commands: bytes) -> None:
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[batch] = (answered, size)
        try:
            async with asyncio.timeout(_SECONDS):
                await self._client.write(commands)
                await answered
        finally:
            del self._waiting[batch]

    def _receive(self, message: Incoming) -> None:
        batch = message.subject.removeprefix(f"{self._inbox}.").partition(".")[0]
        if batch not in self._waiting:
            return
        answered, size = self._waiting[batch]
        if answered.done():
            return
        if not message.data:
            answered.set_exception(NoRespondersError())
            return
        answer: dict[str, Any] = json.loads(message.data)
        if failure := _failure(answer, size):
            answered.set_exception(failure)
        elif "stream" in answer:
            answered.set_result(None)


def _failure(answer: Mapping[str, Any], size: int) -> PublishRefused | None:
    if error := answer.get("error"):
        return PublishRefused(int(error.get("err_code", 0)), str(error.get("description", "")))
    lost = answer.get("type") == "gap" or answer.get("count", size) != size
    return PublishRefused(0, f"part of a batch got lost: {answer}") if lost else None
