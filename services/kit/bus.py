"""JetStream: the connection, the streams, and atomic batches."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

log = logging.getLogger(__name__)

STREAM = "EVENTS"
DEAD_STREAM = "DEAD"
SUBJECTS = "events.>"
_ADVISORIES = [
    f"$JS.EVENT.ADVISORY.CONSUMER.{what}.{STREAM}.>"
    for what in ("MAX_DELIVERIES", "MSG_TERMINATED")
]
_RETRY_SECONDS = 0.5
_PUBLISH_SECONDS = 5.0


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


class Bus:
    """One connection to NATS. It reconnects for ever by itself."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.jetstream: JetStreamContext = client.jetstream(timeout=_PUBLISH_SECONDS)

    @classmethod
    async def connect(cls, url: str, name: str) -> Self:
        """Connect and make sure that the streams exist. Waits while NATS is away."""
        while True:
            try:
                client = await nats.connect(
                    url,
                    name=name,
                    allow_reconnect=True,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.2,
                    connect_timeout=2,
                    error_cb=_log_error,
                )
                bus = cls(client)
                await bus._ensure_or_close()
            except (NatsError, OSError, TimeoutError) as error:
                log.warning("NATS does not answer yet", extra={"error": str(error)})
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return bus

    async def _ensure_or_close(self) -> None:
        try:
            await self._ensure_streams()
        except BaseException:
            # It would reconnect for ever by itself, and nobody would know it.
            await self.close()
            raise

    async def _ensure_streams(self) -> None:
        await self._ensure(
            StreamConfig(
                name=STREAM,
                subjects=[SUBJECTS],
                retention=RetentionPolicy.LIMITS,
                storage=StorageType.FILE,
                discard=DiscardPolicy.NEW,
                allow_atomic=True,
                allow_direct=True,
                duplicate_window=120,
            )
        )
        await self._ensure(
            StreamConfig(name=DEAD_STREAM, subjects=_ADVISORIES, storage=StorageType.FILE)
        )

    async def _ensure(self, config: StreamConfig) -> None:
        try:
            await self.jetstream.stream_info(config.name or "")
        except NotFoundError:
            await self.jetstream.add_stream(config)

    async def publish_batch(self, events: Sequence[Outgoing], batch_id: str) -> None:
        """Publish all of `events` or none, in order (NATS ADR-50).

        Raises PublishRefused, or a NatsError while the server is away.
        """
        last = len(events)
        for position, event in enumerate(events, start=1):
            headers = {
                **event.headers,
                "Nats-Msg-Id": event.id,
                "Nats-Batch-Id": batch_id,
                "Nats-Batch-Sequence": str(position),
            }
            if position < last:
                await self.client.publish(event.subject, event.payload, headers=headers)
                continue
            headers["Nats-Batch-Commit"] = "1"
            await self._request(event.subject, event.payload, headers)

    async def publish_one(self, event: Outgoing) -> None:
        """Publish one event. Sending the same id again within two minutes is harmless."""
        await self._request(
            event.subject, event.payload, {**event.headers, "Nats-Msg-Id": event.id}
        )

    async def _request(self, subject: str, payload: bytes, headers: dict[str, str]) -> None:
        reply = await self.client.request(
            subject, payload, timeout=_PUBLISH_SECONDS, headers=headers
        )
        answer: dict[str, Any] = json.loads(reply.data) if reply.data else {}
        if error := answer.get("error"):
            raise PublishRefused(int(error.get("err_code", 0)), str(error.get("description", "")))

    @property
    def connected(self) -> bool:
        """Whether the connection stands at this moment."""
        return self.client.is_connected

    async def close(self) -> None:
        """Close the connection at once."""
        await self.client.close()


async def _log_error(error: Exception) -> None:
    log.warning("NATS", extra={"error": f"{type(error).__name__}: {error}"})
