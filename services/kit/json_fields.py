"""Which keys of a JSON body does the request message not know?

The gateway turns JSON into protobuf and drops unknown keys silently. It sends the key paths that
it found along, list indices left out ("job.title", "job.languages.code"); here they are compared
with the message, so that a misspelt key is refused and not ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from google.protobuf.descriptor import Descriptor, FieldDescriptor

# Messages that are written as a plain JSON value, or hold keys of the caller's choice.
_OPAQUE = frozenset(
    f"google.protobuf.{name}"
    for name in (
        "Any", "BoolValue", "BytesValue", "DoubleValue", "Duration", "FieldMask", "FloatValue",
        "Int32Value", "Int64Value", "ListValue", "StringValue", "Struct", "Timestamp",
        "UInt32Value", "UInt64Value", "Value",
    )
)  # fmt: skip


def unknown_fields(descriptor: Descriptor, paths: Iterable[str], body: str) -> list[str]:
    """The paths up to their first unknown key, each once, in the order given.

    `body` is the body selector of the method's google.api.http rule: "*" when the body is the
    whole request, a field's name when it is that field (its name then leads the answers), and
    empty when the method takes no body, so that every key is unknown. Keys count as known by
    their JSON name and by their proto name.
    """
    prefix = "" if body in ("", "*") else f"{body}."
    unknown: dict[str, None] = {}
    for path in paths:
        wrong = path if not body else _first_unknown(descriptor, (prefix + path).split("."))
        if wrong:
            unknown[wrong] = None
    return list(unknown)


def _first_unknown(descriptor: Descriptor, keys: list[str]) -> str:
    """The path up to the first unknown key; empty when all are known."""
    message: Descriptor | None = descriptor
    for depth, key in enumerate(keys, start=1):
        field = _fields(message).get(key) if message else None
        if field is None:
            return ".".join(keys[:depth])
        if _opaque(field):
            return ""
        message = field.message_type
    return ""


@lru_cache(maxsize=1024)
def _fields(message: Descriptor) -> Mapping[str, FieldDescriptor]:
    """The fields by both of their names."""
    by_json_name = {field.json_name: field for field in message.fields}
    return by_json_name | dict(message.fields_by_name)


def _opaque(field: FieldDescriptor) -> bool:
    """Whether anything may stand below the field: maps and some well-known types."""
    message: Descriptor | None = field.message_type
    if message is None:
        return False
    return message.full_name in _OPAQUE or message.GetOptions().map_entry
