"""The short way to NATS and back, for what goes in thousands.

nats-py checks and encodes message by message, and for each that comes it parses all headers, makes
an object, a queue entry and a turn of a task. Here a batch is one piece of bytes, and what comes
for a registered subject is given to a plain function; everything else stays with nats-py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import cast

from nats.aio.client import Client
from nats.errors import ConnectionReconnectingError

_VERSION = "NATS/1.0"
_ONE_LINE = str.maketrans("\r\n", "  ")
# $JS.ACK.<stream>.<consumer>.<delivered>... and, from newer servers,
# $JS.ACK.<domain>.<account>.<stream>.<consumer>.<delivered>...: see NATS ADR-15.
_SHORT_ACK_TOKENS = 9
_DELIVERED, _DELIVERED_LONG = 4, 6


@dataclass(slots=True)
class Incoming:
    """One message as it came."""

    subject: str
    reply: str
    data: bytes
    # The header block, unparsed; empty when there is none.
    head: bytes

    @property
    def headers(self) -> dict[str, str]:
        """The headers, without the status line."""
        found: dict[str, str] = {}
        for line in self.head.decode("utf-8", "replace").split("\r\n")[1:]:
            name, colon, value = line.partition(":")
            if colon:
                found[name] = value.strip()
        return found

    @property
    def status(self) -> tuple[str, str]:
        """What the server says instead of a message: code and text, both empty for messages."""
        line = self.head.partition(b"\r\n")[0].decode("utf-8", "replace")
        code, _, text = line.removeprefix(_VERSION).strip().partition(" ")
        return code, text

    @property
    def tries(self) -> int:
        """How often JetStream has delivered this message, this time included."""
        tokens = self.reply.split(".")
        short = len(tokens) <= _SHORT_ACK_TOKENS
        return int(tokens[_DELIVERED if short else _DELIVERED_LONG])


Receive = Callable[[Incoming], None]
Stop = Callable[[], Awaitable[None]]


def command(subject: str, payload: bytes, reply: str = "") -> bytes:
    """Encode a publication without headers."""
    return b"PUB %b %b %d\r\n%b\r\n" % (subject.encode(), reply.encode(), len(payload), payload)


def command_with(headers: Mapping[str, str], subject: str, payload: bytes, reply: str) -> bytes:
    """Encode a publication with headers. A line break in a value becomes a space."""
    lines = [f"{name}: {_one_line(value)}\r\n" for name, value in headers.items()]
    head = f"{_VERSION}\r\n{''.join(lines)}\r\n".encode()
    sizes = (len(head), len(head) + len(payload))
    return b"HPUB %b %b %d %d\r\n%b%b\r\n" % (
        subject.encode(), reply.encode(), *sizes, head, payload,
    )  # fmt: skip


def _one_line(value: str) -> str:
    return value if value.isprintable() else value.translate(_ONE_LINE)


class EventClient(Client):
    """nats-py's client with the short way."""

    def __init__(self) -> None:
        super().__init__()
        self._receivers: dict[int, Receive] = {}

    async def write(self, commands: bytes) -> None:
        """Send what `command` made. It goes in one piece or, without a connection, not at all.

        Raises ConnectionReconnectingError while NATS is away: nats-py would keep the bytes and
        send them later, behind what was sent in their place.
        """
        if not self.is_connected:
            raise ConnectionReconnectingError
        await self._send_command(commands)
        await self._flush_pending()

    async def receive(self, subject: str, receive: Receive) -> Stop:
        """Call `receive` for each message of `subject` until the returned `Stop` is called.

        That one returns when the server has heard of it and sends no more.
        """
        subscription = await self.subscribe(subject, cb=_nothing)
        self._receivers[subscription._id] = receive
        return cast("Stop", subscription.drain)

    def _remove_sub(self, sid: int, max_msgs: int = 0) -> None:
        self._receivers.pop(sid, None)
        super()._remove_sub(sid, max_msgs)

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes
    ) -> None:
        receive = self._receivers.get(sid)
        if receive is None:
            await super()._process_msg(sid, subject, reply, data, headers)
            return
        receive(Incoming(subject.decode(), reply.decode(), data, headers or b""))


async def _nothing(message: object) -> None:
    del message
