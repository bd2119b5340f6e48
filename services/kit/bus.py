"""JetStream: the connection and the streams."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Sequence
from typing import Any, Self

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from services.kit.publisher import Outgoing, Publisher
from services.kit.wire import EventClient

log = logging.getLogger(__name__)

STREAM = "EVENTS"
DEAD_STREAM = "DEAD"
SUBJECTS = "events.>"
_ADVISORIES = [
    f"$JS.EVENT.ADVISORY.CONSUMER.{what}.{STREAM}.>"
    for what in ("MAX_DELIVERIES", "MSG_TERMINATED")
]
_RETRY_SECONDS = 0.5
_SECONDS = 5.0
_OPTIONS: dict[str, Any] = {
    "allow_reconnect": True,
    "max_reconnect_attempts": -1,
    "reconnect_time_wait": 0.2,
    "connect_timeout": 2,
}


class Bus:
    """One connection to NATS. It reconnects for ever by itself."""

    def __init__(self, client: EventClient) -> None:
        self.client = client
        self.jetstream: JetStreamContext = client.jetstream(timeout=_SECONDS)
        self._publisher = Publisher(client)

    @classmethod
    async def connect(cls, url: str, name: str, tls: ssl.SSLContext | None = None) -> Self:
        """Connect and make sure that the streams exist. Waits while NATS is away.

        With `tls` nothing is said before the handshake (the server's `handshake_first`).
        """
        secure: dict[str, Any] = {"tls": tls, "tls_handshake_first": True} if tls else {}
        while True:
            try:
                client = EventClient()
                await client.connect(url, name=name, error_cb=_log_error, **_OPTIONS, **secure)
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
                allow_batched=True,
                allow_direct=True,
                duplicate_window=120,
            )
        )
        await self._ensure(
            StreamConfig(name=DEAD_STREAM, subjects=_ADVISORIES, storage=StorageType.FILE)
        )

    async def _ensure(self, config: StreamConfig) -> None:
        try:
            found = (await self.jetstream.stream_info(config.name or "")).config
        except NotFoundError:
            await self.jetstream.add_stream(config)
            return
        if config.allow_batched and not found.allow_batched:
            # A stream from before.
            found.allow_batched = True
            await self.jetstream.update_stream(found)

    async def publish(self, events: Sequence[Outgoing]) -> None:
        """Publish up to `publisher.MOST` events, in order, each id once: see there."""
        await self._publisher.publish(events)

    @property
    def connected(self) -> bool:
        """Whether the connection stands at this moment."""
        return self.client.is_connected

    async def close(self) -> None:
        """Close the connection at once."""
        await self.client.close()


async def _log_error(error: Exception) -> None:
    log.warning("NATS", extra={"error": f"{type(error).__name__}: {error}"})
