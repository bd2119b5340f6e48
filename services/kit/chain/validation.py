"""Validation: does the request keep the rules that the contract states?"""

from __future__ import annotations

from typing import Any

import protovalidate
from google.protobuf.message import Message

from services.kit.call import Call
from services.kit.chain.wellformed import has_moments, malformed
from services.kit.contract import Method
from services.kit.errors import InvalidFields
from services.kit.json_fields import unknown_fields

_MAX_VIOLATIONS = 20


def check(message: Message, prefix: str = "") -> None:
    """Raise InvalidFields unless `message` keeps its buf.validate rules.

    `prefix` is put before each path, for messages that stand inside a request.
    """
    violations = protovalidate.collect_violations(message)
    if violations:
        raise InvalidFields(
            [(prefix + _path(v.proto.field), v.proto.message) for v in violations[:_MAX_VIOLATIONS]]
        )


def validation(method: Method) -> Any:
    """Return the guard that checks the method's requests."""
    descriptor: Any = method.request.DESCRIPTOR
    body = method.http_body
    validate = protovalidate.validate
    with_moments = has_moments(descriptor)

    def guard(call: Call, message: Any) -> None:
        if call.json_fields:
            unknown = unknown_fields(descriptor, call.json_fields.split(","), body)
            if unknown:
                raise InvalidFields([(name, "unknown field") for name in unknown])
        if (call.zero_bytes or with_moments) and (wrong := malformed(message)):
            raise InvalidFields(wrong[:_MAX_VIOLATIONS])
        try:
            validate(message)
        except protovalidate.ValidationError:
            check(message)

    return guard


def _path(field: Any) -> str:
    parts: list[str] = []
    for element in field.elements:
        text = element.field_name
        index = _subscript(element)
        parts.append(f"{text}[{index}]" if index is not None else text)
    return ".".join(parts)


def _subscript(element: Any) -> object | None:
    subscript: Any = getattr(element, "subscript", None)
    value: object = getattr(subscript, "value", subscript)
    return value
