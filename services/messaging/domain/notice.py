"""Notices: one thing that happened, told to one person."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.kit.errors import Refused

_CURSOR = re.compile(r"n([0-9a-v]{1,13})", re.ASCII)
_BASE = 32
_MAX = 2**63 - 1
_DIGITS = "0123456789abcdefghijklmnopqrstuv"


class CursorInvalid(Refused):
    """The cursor is malformed or of another feed."""

    reason = "CURSOR_INVALID"


class Topic(StrEnum):
    """What a subscriber can choose."""

    APPLICATIONS = "applications"
    MAILS = "mails"
    BILLING = "billing"


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice that is about to be written down."""

    user_id: str
    topic: Topic
    # The event's name: "application.received".
    kind: str
    resource_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of a feed. Within one feed `seq` grows in the order of commits."""

    seq: int
    topic: str
    kind: str
    resource_id: str
    created_at: datetime

    @property
    def cursor(self) -> str:
        """Where to go on after this notice."""
        return cursor_of(self.seq)


def cursor_of(seq: int) -> str:
    """Write a position down: "n" and the number in base 32."""
    digits = ""
    while True:
        seq, digit = divmod(seq, _BASE)
        digits = _DIGITS[digit] + digits
        if not seq:
            return f"n{digits}"


def seq_of(cursor: str) -> int:
    """Read a position back; raise CursorInvalid where it is none."""
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise CursorInvalid(field="cursor")
    seq = int(match.group(1), _BASE)
    if seq > _MAX or cursor_of(seq) != cursor:
        raise CursorInvalid(field="cursor")
    return seq


def wanted(topics: Iterable[str]) -> tuple[str, ...]:
    """Return the topics to stream, in order: all of them when none is named."""
    return tuple(sorted(set(topics) or {topic.value for topic in Topic}))
