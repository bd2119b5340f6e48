"""Identifiers, injected: UUID version 7 (RFC 9562, section 5.7)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Protocol

from services.kit.clock import Clock

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID in its usual form."""
    return _UUID.fullmatch(text) is not None


class Ids(Protocol):
    """Makes identifiers."""

    def new(self) -> str:
        """Return a new identifier, later than all before it."""


class Uuid7Ids:
    """UUIDv7: 48 bits of milliseconds, a 12-bit counter, 62 random bits."""

    def __init__(self, clock: Clock, random: Callable[[int], bytes] = os.urandom) -> None:
        self._clock = clock
        self._random = random
        self._last = 0

    def new(self) -> str:
        """Return a new identifier. Within one process each is above the last."""
        now = self._clock.now()
        ticks = int(now.timestamp() * 1000) << 12
        self._last = max(self._last + 1, ticks)
        tail = int.from_bytes(self._random(8), "big") & ((1 << 62) - 1)
        number = (
            (self._last >> 12) << 80 | 0x7 << 76 | (self._last & 0xFFF) << 64 | 0b10 << 62 | tail
        )
        text = f"{number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
