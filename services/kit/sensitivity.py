"""Messages without what opens something: for what is stored or hashed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from weneeds.options.v1.sensitivity_pb2 import SENSITIVITY_SECRET, sensitivity

M = TypeVar("M", bound=Message)


def without_secrets(message: M) -> M:
    """Return `message` without its SENSITIVITY_SECRET fields, at any depth.

    The message itself is not touched; without secrets in its type it is returned as it is.
    """
    if not _has_secrets(message.DESCRIPTOR):
        return message
    bare = type(message)()
    bare.CopyFrom(message)
    _clear(bare)
    return bare


def _clear(message: Message) -> None:
    for field, value in message.ListFields():
        if _is_secret(field):
            message.ClearField(field.name)
        elif field.message_type is not None and _has_secrets(field.message_type):
            for part in _parts(field, value):
                _clear(part)


def _parts(field: FieldDescriptor, value: Any) -> Any:
    if not field.is_repeated:
        return (value,)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return value.values()
    return value


def _is_secret(field: FieldDescriptor) -> bool:
    return bool(field.GetOptions().Extensions[sensitivity] == SENSITIVITY_SECRET)


@lru_cache(maxsize=1024)
def _has_secrets(message: Descriptor) -> bool:
    seen: set[str] = set()
    waiting = [message]
    while waiting:
        kind = waiting.pop()
        if kind.full_name in seen:
            continue
        seen.add(kind.full_name)
        for field in kind.fields:
            if _is_secret(field):
                return True
            if field.message_type is not None:
                waiting.append(field.message_type)
    return False
