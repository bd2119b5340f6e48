"""Dead letters: events that a consumer gave up. `weneeds events dead|replay`."""

from __future__ import annotations

from dataclasses import dataclass

from nats.js.errors import NotFoundError

from services.kit.bus import DEAD_STREAM, STREAM, Bus
from services.kit.consumer import describe_advisory
from services.kit.publisher import Outgoing


@dataclass(frozen=True)
class DeadLetter:
    """One event that one consumer gave up."""

    # The position in the dead-letter stream; what `replay` takes.
    seq: int
    consumer: str
    subject: str
    event_id: str
    event_type: str
    time: str


async def list_dead(bus: Bus, limit: int = 100) -> list[DeadLetter]:
    """Return the oldest dead letters, at most `limit`."""
    state = (await bus.jetstream.stream_info(DEAD_STREAM)).state
    found: list[DeadLetter] = []
    # An empty stream starts at 0, and sequences count from 1.
    for seq in range(max(1, state.first_seq), state.last_seq + 1):
        if len(found) == limit:
            break
        letter = await _read(bus, seq)
        if letter is not None:
            found.append(letter)
    return found


async def replay(bus: Bus, seq: int) -> DeadLetter | None:
    """Send a dead letter's event again; return it, or None when there is none.

    Every consumer of the subject sees it; those that handled it before know it
    by its id.
    """
    letter = await _read(bus, seq)
    if letter is None:
        return None
    _, position = await _advisory(bus, seq)
    original = await bus.jetstream.get_msg(STREAM, position)
    headers = {
        name: value
        for name, value in (original.headers or {}).items()
        if not name.lower().startswith("nats-")
    }
    again = Outgoing(
        id=f"{letter.event_id}-replay-{seq}",
        subject=letter.subject,
        payload=original.data or b"",
        headers=headers,
    )
    await bus.publish([again])
    await bus.jetstream.delete_msg(DEAD_STREAM, seq)
    return letter


async def _advisory(bus: Bus, seq: int) -> tuple[str, int]:
    message = await bus.jetstream.get_msg(DEAD_STREAM, seq)
    return describe_advisory(message.data or b"")


async def _read(bus: Bus, seq: int) -> DeadLetter | None:
    try:
        consumer, position = await _advisory(bus, seq)
        original = await bus.jetstream.get_msg(STREAM, position)
    except NotFoundError:
        return None
    headers = original.headers or {}
    return DeadLetter(
        seq=seq,
        consumer=consumer,
        subject=original.subject or "",
        event_id=headers.get("weneeds-id", ""),
        event_type=headers.get("weneeds-type", ""),
        time=headers.get("weneeds-time", ""),
    )
