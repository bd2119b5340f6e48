"""What must not stand in an address: addresses end in logs, histories and Referer headers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto
from weneeds.options.v1 import sensitivity_pb2

from gateway.contract import Binding, Contract
from stack.paths import contract

KNOWN = Contract(contract())
_IN_PATH = re.compile(r"\{([a-z_.]+)")


def test_nothing_marked_stands_in_an_address() -> None:
    seen = set()
    for method in KNOWN.methods:
        request = KNOWN.messages[method.proto.input_type.lstrip(".")]
        for binding in method.bindings:
            for name, field in in_address(request, binding):
                seen.add(name)
                mark = field.options.Extensions[sensitivity_pb2.sensitivity]
                assert not mark, f"{method.full_name}: {name} stands in {binding.template}"
    assert {"page_token", "job_id"} <= seen


def in_address(
    request: DescriptorProto, binding: Binding
) -> Iterator[tuple[str, FieldDescriptorProto]]:
    """The fields, with those of messages inside, that a binding reads from path or query."""
    in_path = set(_IN_PATH.findall(binding.template))
    for name, field in fields(request):
        in_body = binding.body in ("*", name.partition(".")[0])
        if name in in_path or not in_body:
            yield name, field


def fields(
    message: DescriptorProto, prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, FieldDescriptorProto]]:
    for field in message.field:
        yield prefix + field.name, field
        inner = KNOWN.messages.get(field.type_name.lstrip("."))
        if inner is not None and depth < 3:
            yield from fields(inner, f"{prefix}{field.name}.", depth + 1)
