"""Values that protobuf can carry and nothing behind it can.

Postgres keeps no zero character in a text, and a calendar has no day before
the year 1 or after 9999. Both are the caller's mistake and are named as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

_TIMESTAMP = "google.protobuf.Timestamp"
_FIRST_SECOND = -62_135_596_800
_LAST_SECOND = 253_402_300_799
_NANOS = 1_000_000_000
_ZERO = "must not contain a zero character"
_MOMENT = "must be a moment between the years 1 and 9999"


def has_moments(message: Any, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a Timestamp stands anywhere in messages of this descriptor."""
    descriptor: Descriptor = message
    if descriptor.full_name == _TIMESTAMP:
        return True
    if descriptor.full_name in seen:
        return False
    seen |= {descriptor.full_name}
    return any(
        has_moments(field.message_type, seen) for field in descriptor.fields if field.message_type
    )


def malformed(message: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Return (dotted path, what is wrong) for each value that no store could keep."""
    if message.DESCRIPTOR.full_name == _TIMESTAMP:
        return [] if _in_calendar(message) else [(prefix.rstrip("."), _MOMENT)]
    return [
        wrong
        for field, value in message.ListFields()
        for path, one in _each(field, value, prefix + field.name)
        for wrong in _wrong(one, path)
    ]


def _wrong(value: Any, path: str) -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [(path, _ZERO)] if "\0" in value else []
    return malformed(value, f"{path}.") if hasattr(value, "DESCRIPTOR") else []


def _each(field: FieldDescriptor, value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not field.is_repeated:
        yield path, value
    elif field.message_type is not None and field.message_type.GetOptions().map_entry:
        for key, each in value.items():
            yield path, key
            yield path, each
    else:
        items: Iterable[Any] = value
        yield from ((f"{path}[{index}]", each) for index, each in enumerate(items))


def _in_calendar(moment: Any) -> bool:
    seconds: int = moment.seconds
    nanos: int = moment.nanos
    return _FIRST_SECOND <= seconds <= _LAST_SECOND and 0 <= nanos < _NANOS
