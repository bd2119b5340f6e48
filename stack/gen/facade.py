"""Write the typed face of the Python client from the descriptors.

One class a service and one method an RPC, with the contract's comments as
docstrings and the request's fields as typed keywords. It is generated with
the stubs, so an editor knows each method and none can drift.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)
from weneeds.options.v1 import policy_pb2

from stack.gen.facade_types import Types, snake

_HEADER = '''"""Generated from the contract by stack/gen/facade.py; not to be edited."""
# ruff: noqa

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal, TypedDict, Unpack

from weneeds._async import AsyncCaller, AsyncGroup
from weneeds._sync import Caller, Group
from weneeds.paging import AsyncPager, Pager
from weneeds.streams import AsyncStream, Stream
'''
_RESERVED = {"timeout", "self"}
_SERVICE_FIELD = 6
_METHOD_FIELD = 2


@dataclass(frozen=True)
class _Method:
    proto: MethodDescriptorProto
    comment: str

    @property
    def name(self) -> str:
        name = snake(self.proto.name)
        return f"{name}_" if keyword.iskeyword(name) else name


@dataclass(frozen=True)
class _Service:
    proto: ServiceDescriptorProto
    file: FileDescriptorProto
    comment: str
    methods: list[_Method]

    @property
    def attribute(self) -> str:
        return attribute_of(self.proto.name)

    @property
    def group(self) -> str:
        return "".join(part.title() for part in self.attribute.split("_"))


def write(image: Path, target: Path) -> None:
    """Write the module `target` from the descriptor set `image`."""
    files = FileDescriptorSet.FromString(image.read_bytes())
    services = list(_services(files))
    _refuse_twins(services)
    types = Types(files)
    body = [line for service in services for line in _group_lines(service, types)]
    roots = [*_root_lines(services, ""), *_root_lines(services, "Async")]
    lines = [_HEADER, *types.imports(), "", *body, *roots]
    target.write_text("\n".join(lines) + "\n")


def write_typescript(image: Path, target: Path) -> None:
    """Write the TypeScript list of the services, under the same attributes."""
    services = list(_services(FileDescriptorSet.FromString(image.read_bytes())))
    _refuse_twins(services)
    target.write_text("\n".join(_typescript_lines(services)) + "\n")


def _typescript_lines(services: list[_Service]) -> Iterator[str]:
    yield "// Generated from the contract by stack/gen/facade.py; not to be edited."
    for service in services:
        home = service.file.name.removesuffix(".proto")
        yield f'import {{ {service.proto.name} }} from "./{home}_pb.js";'
    yield ""
    yield "/** The services that the gateway shows, by the client's attribute. */"
    yield "export const services = {"
    for service in services:
        yield f"  {_camel(service.attribute)}: {service.proto.name},"
    yield "} as const;"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def attribute_of(service: str) -> str:
    """Return the client's attribute for a service: JobService -> jobs.

    A noun is taken in the plural; what names an activity (Scoring, Maintenance)
    or has no usual plural (Media) stays.
    """
    noun = snake(service.removesuffix("Service"))
    if noun.endswith(("ing", "maintenance", "management", "media", "s")):
        return noun
    if noun.endswith("y") and not re.search("[aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("ch", "sh", "x")) else f"{noun}s"


def _services(files: FileDescriptorSet) -> Iterator[_Service]:
    for file in files.file:
        if not file.package.startswith("weneeds."):
            continue
        comments = {
            tuple(each.path): each.leading_comments for each in file.source_code_info.location
        }
        for index, service in enumerate(file.service):
            methods = [
                _Method(
                    method, _clean(comments.get((_SERVICE_FIELD, index, _METHOD_FIELD, at), ""))
                )
                for at, method in enumerate(service.method)
                if _is_public(method)
            ]
            if methods:
                comment = _clean(comments.get((_SERVICE_FIELD, index), ""))
                yield _Service(service, file, comment, methods)


def _is_public(method: MethodDescriptorProto) -> bool:
    """Whether the gateway has a route for it, and a client can be typed for it."""
    # The stubs may have been generated a moment ago, by the same process.

    access = method.options.Extensions[policy_pb2.policy].access
    return access != policy_pb2.ACCESS_INTERNAL and not method.client_streaming


def _refuse_twins(services: list[_Service]) -> None:
    seen: dict[str, str] = {}
    for service in services:
        other = seen.setdefault(service.attribute, service.proto.name)
        if other != service.proto.name:
            raise ValueError(
                f"{other} and {service.proto.name} would both be `{service.attribute}`"
            )


def _clean(comment: str) -> str:
    return "\n".join(line.removeprefix(" ").rstrip() for line in comment.strip("\n").splitlines())


def _doc(comment: str, indent: str) -> Iterator[str]:
    text = comment.replace("\\", "\\\\").replace('"""', "'''") or "See the contract."
    lines = text.splitlines()
    if len(lines) == 1 and not text.endswith('"'):
        yield f'{indent}"""{text}"""'
        return
    yield f'{indent}"""{lines[0]}'
    for line in lines[1:]:
        yield f"{indent}{line}" if line else ""
    yield f'{indent}"""'


def _group_lines(service: _Service, types: Types) -> Iterator[str]:
    for method in service.methods:
        yield from _fields_lines(service, method, types)
    module = types.module(service.file.name)
    for prefix in ("", "Async"):
        yield f"class {prefix}{service.group}({prefix}Group):"
        yield from _doc(service.comment, "    ")
        yield ""
        yield f'    _service = {module}.DESCRIPTOR.services_by_name["{service.proto.name}"]'
        for method in service.methods:
            yield ""
            yield from _method_lines(service, method, types, prefix)
        yield ""
        yield ""


def _fields_name(service: _Service, method: _Method) -> str:
    return f"{service.group}{method.proto.name}Fields"


def _fields_lines(service: _Service, method: _Method, types: Types) -> Iterator[str]:
    yield f"class {_fields_name(service, method)}(TypedDict, total=False):"
    yield f'    """The fields of {method.proto.input_type.lstrip(".")}."""'
    yield ""
    for field in types.message(method.proto.input_type).field:
        if field.name in _RESERVED:
            raise ValueError(f"{method.proto.input_type}.{field.name}: the client needs that name")
        if not keyword.iskeyword(field.name):
            yield f"    {field.name}: {types.accepted(field)}"
    yield ""
    yield ""


def _method_lines(service: _Service, method: _Method, types: Types, prefix: str) -> Iterator[str]:
    request = types.name(method.proto.input_type)
    answer = types.name(method.proto.output_type)
    item = types.paged_item(method.proto)
    call = f'"{method.proto.name}", request, fields'
    opening, waiting, result, body = "def", "", answer, ""
    timeout = "timeout: float | None = None, "
    if method.proto.server_streaming:
        timeout, result, body = "", f"{prefix}Stream[{answer}]", f"self._stream({call})"
    elif item:
        result, body = f"{prefix}Pager[{answer}, {item}]", f"self._paged({call}, timeout)"
    else:
        if prefix:
            opening, waiting = "async def", "await "
        body = f'self._unary("{method.proto.name}", {answer}, request, fields, timeout)'
    fields = _fields_name(service, method)
    star = "*, " if timeout else ""
    yield f"    {opening} {method.name}("
    yield f"        self, request: {request} | None = None, /,"
    yield f"        {star}{timeout}**fields: Unpack[{fields}]"
    yield f"    ) -> {result}:"
    yield from _doc(method.comment, "        ")
    yield f"        return {waiting}{body}"


def _root_lines(services: list[_Service], prefix: str) -> Iterator[str]:
    yield f"class {prefix}Facade:"
    yield '    """The services of the platform, one attribute each."""'
    yield ""
    yield f"    def __init__(self, caller: {prefix}Caller) -> None:"
    yield "        self._caller = caller"
    for service in services:
        yield ""
        yield "    @cached_property"
        yield f"    def {service.attribute}(self) -> {prefix}{service.group}:"
        yield from _doc(service.comment, "        ")
        yield f"        return {prefix}{service.group}(self._caller)"
    yield ""
    yield ""
