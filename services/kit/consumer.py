"""Durable consumers: each event has its effect exactly once.

A batch of messages is handled in one transaction together with its inbox rows
and acknowledged after the commit. When one of a batch fails, the batch is
rolled back and taken again message by message, so that the failing one holds
up nobody; it comes back with a growing delay and in the end is terminated,
which makes it a dead letter.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError, Message
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from opentelemetry.trace import SpanKind

from services.kit.bus import STREAM, Bus
from services.kit.contract import event_of
from services.kit.db import Query
from services.kit.errors import DependencyDown
from services.kit.logs import in_brief
from services.kit.pull import Pull
from services.kit.telemetry import continued, events_handled, span
from services.kit.wire import Incoming
from services.kit.work import UnitsOfWork

log = logging.getLogger(__name__)

_FETCH_SECONDS = 5.0
_ACK_WAIT_SECONDS = 30.0
_MAX_BACKOFF = 300.0
_DEPENDENCY_BACKOFF = 5.0
_CLAIM = Query.text(
    """
    insert into inbox (consumer, event_id)
    select :consumer, unnest(cast(:ids as text[]))
    on conflict do nothing returning event_id
    """
)


@dataclass(frozen=True)
class Consumer:
    """A subscription: `handle` is called once for each event, inside a unit of work.

    `name` is the durable name and starts with the service's. With
    `handle_batch` a whole batch is given at once instead.
    """

    name: str
    event: type[Message]
    handle: Callable[[Any], Awaitable[None]]
    handle_batch: Callable[[Sequence[Any]], Awaitable[None]] | None = None
    batch: int = 256
    max_deliver: int = 10
    # The first delay before a second try, in seconds; it doubles with each try.
    backoff: float = 0.5


@dataclass(frozen=True, slots=True)
class _Delivery:
    id: str
    event: Message
    headers: Mapping[str, str]
    message: Incoming


class ConsumerLoop:
    """Runs one consumer until cancelled."""

    def __init__(self, consumer: Consumer, bus: Bus, units: UnitsOfWork) -> None:
        self._consumer = consumer
        self._bus = bus
        self._units = units
        self._subject = f"events.{event_of(consumer.event.DESCRIPTOR).subject}"

    async def run(self) -> None:
        """Consume until cancelled; survive the server's absence."""
        while True:
            try:
                pull = await self._subscribe()
                try:
                    while True:
                        await self._turn(pull)
                finally:
                    await pull.close()
            except (NatsError, OSError, TimeoutError) as error:
                log.warning(
                    "Consumer waits for NATS",
                    extra={"consumer": self._consumer.name, "error": str(error)},
                )
                await asyncio.sleep(0.5)
            except Exception:
                log.exception("Consumer starts over", extra={"consumer": self._consumer.name})
                await asyncio.sleep(1.0)

    async def _subscribe(self) -> Pull:
        config = ConsumerConfig(
            durable_name=self._consumer.name,
            filter_subject=self._subject,
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.ALL,
            ack_wait=_ACK_WAIT_SECONDS,
            # The cap is kept here, not by the server: waiting for a store that is
            # away must not turn good events into dead letters.
            max_deliver=-1,
            max_ack_pending=4 * self._consumer.batch,
        )
        await self._bus.jetstream.add_consumer(STREAM, config)
        return await Pull.start(self._bus.client, STREAM, self._consumer.name)

    async def _turn(self, pull: Pull) -> None:
        try:
            messages = await pull.fetch(self._consumer.batch, timeout=_FETCH_SECONDS)
        except TimeoutError:
            return
        deliveries = []
        for message in messages:
            if delivery := self._decode(message):
                deliveries.append(delivery)
            else:
                await pull.term(message)
        if not deliveries:
            return
        try:
            await self._handle(pull, deliveries)
        except Exception as error:
            if len(deliveries) == 1:
                await self._failed(pull, deliveries[0], error)
                return
            for delivery in deliveries:
                await self._handle_alone(pull, delivery)

    async def _handle_alone(self, pull: Pull, delivery: _Delivery) -> None:
        try:
            await self._handle(pull, [delivery])
        except Exception as error:
            await self._failed(pull, delivery, error)

    def _decode(self, message: Incoming) -> _Delivery | None:
        headers = message.headers
        try:
            event = self._consumer.event.FromString(message.data)
            return _Delivery(headers["weneeds-id"], event, headers, message)
        except (DecodeError, KeyError) as error:
            log.error(
                "Message is no event", extra={"subject": message.subject, "error": str(error)}
            )
            return None

    async def _handle(self, pull: Pull, deliveries: Sequence[_Delivery]) -> None:
        async with self._units() as work:
            rows = await work.fetch(
                _CLAIM, consumer=self._consumer.name, ids=[d.id for d in deliveries]
            )
            new = {row["event_id"] for row in rows}
            fresh = _first_of_each(d for d in deliveries if d.id in new)
            await self._effects(fresh)
        await pull.ack(d.message for d in deliveries)
        events_handled.add(len(fresh), {"consumer": self._consumer.name, "outcome": "ok"})

    async def _effects(self, fresh: Sequence[_Delivery]) -> None:
        if not fresh:
            return
        name = f"{self._consumer.name} handle"
        if self._consumer.handle_batch is not None:
            with span(name, continued(fresh[0].headers), SpanKind.CONSUMER):
                await self._consumer.handle_batch([d.event for d in fresh])
            return
        for delivery in fresh:
            with span(name, continued(delivery.headers), SpanKind.CONSUMER):
                await self._consumer.handle(delivery.event)

    async def _failed(self, pull: Pull, delivery: _Delivery, error: Exception) -> None:
        tries = delivery.message.tries
        facts = {
            "consumer": self._consumer.name,
            "event_id": delivery.id,
            "tries": tries,
            "error": in_brief(error),
        }
        delay = min(self._consumer.backoff * 2 ** (tries - 1), _MAX_BACKOFF)
        if isinstance(error, DependencyDown):
            log.warning("Event waits for a dependency", extra=facts)
            await pull.nak(delivery.message, min(delay, _DEPENDENCY_BACKOFF))
            return
        if tries < self._consumer.max_deliver:
            log.warning("Event failed, will come back", extra={**facts, "delay": delay})
            await pull.nak(delivery.message, delay)
            return
        log.error("Event is a dead letter", extra=facts, exc_info=error)
        events_handled.add(1, {"consumer": self._consumer.name, "outcome": "dead"})
        await pull.term(delivery.message)


def _first_of_each(deliveries: Iterable[_Delivery]) -> list[_Delivery]:
    """One batch may bring an event twice."""
    found: dict[str, _Delivery] = {}
    for delivery in deliveries:
        found.setdefault(delivery.id, delivery)
    return list(found.values())


def describe_advisory(data: bytes) -> tuple[str, int]:
    """Return the consumer and the stream sequence that a dead-letter advisory names."""
    advisory = json.loads(data)
    return str(advisory["consumer"]), int(advisory["stream_seq"])
