"""How the Python client spells the types of the contract."""

from __future__ import annotations

import re
from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

_F = FieldDescriptorProto
_SCALARS: dict[int, str] = {
    _F.TYPE_STRING: "str",
    _F.TYPE_BYTES: "bytes",
    _F.TYPE_BOOL: "bool",
    _F.TYPE_DOUBLE: "float",
    _F.TYPE_FLOAT: "float",
}
# What protobuf itself converts in a constructor.
_ALSO = {
    ".google.protobuf.Timestamp": "datetime",
    ".google.protobuf.Duration": "timedelta",
    ".google.protobuf.FieldMask": "Iterable[str]",
}


def snake(name: str) -> str:
    """Return `CreateJob` as `create_job`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


class Types:
    """Finds messages and enums by their full name, and remembers what was used."""

    def __init__(self, files: FileDescriptorSet) -> None:
        self._messages: dict[str, DescriptorProto] = {}
        self._enums: dict[str, EnumDescriptorProto] = {}
        self._homes: dict[str, tuple[str, str]] = {}
        self._used: dict[str, str] = {}
        for file in files.file:
            for enum in file.enum_type:
                self._add_enum(f".{file.package}", "", enum, file.name)
            for message in file.message_type:
                self._add(f".{file.package}", "", message, file.name)

    def _add(self, scope: str, outer: str, message: DescriptorProto, file: str) -> None:
        full, local = f"{scope}.{message.name}", f"{outer}{message.name}"
        self._messages[full] = message
        self._homes[full] = (file, local)
        for enum in message.enum_type:
            self._add_enum(full, f"{local}.", enum, file)
        for nested in message.nested_type:
            self._add(full, f"{local}.", nested, file)

    def _add_enum(self, scope: str, outer: str, enum: EnumDescriptorProto, file: str) -> None:
        full = f"{scope}.{enum.name}"
        self._enums[full] = enum
        self._homes[full] = (file, f"{outer}{enum.name}")

    def message(self, full: str) -> DescriptorProto:
        """Return the message with that full name (with a leading dot)."""
        return self._messages[full]

    def module(self, file: str) -> str:
        """Return the alias under which the stubs of a .proto file are imported."""
        alias = file.removesuffix(".proto").replace("/", "_")
        self._used[alias] = file
        return alias

    def name(self, full: str) -> str:
        """Return the Python name of a message or enum."""
        file, local = self._homes[full]
        return f"{self.module(file)}.{local}"

    def imports(self) -> Iterator[str]:
        """Yield an import for each module whose alias was asked for."""
        for alias, file in sorted(self._used.items()):
            package, _, module = file.removesuffix(".proto").replace("/", ".").rpartition(".")
            yield f"from {package} import {module}_pb2 as {alias}"

    def accepted(self, field: FieldDescriptorProto) -> str:
        """Return what may be passed for a field of a request."""
        message = self._messages.get(field.type_name)
        if message is not None and message.options.map_entry:
            key, value = message.field
            return f"Mapping[{self._single(key)}, {self._single(value)}]"
        single = self._single(field)
        return f"Iterable[{single}]" if field.label == _F.LABEL_REPEATED else single

    def paged_item(self, method: MethodDescriptorProto) -> str:
        """Return the type of the items of a paged method, or "" (see weneeds.rpc)."""
        answer = self._messages[method.output_type]
        asked = {field.name for field in self._messages[method.input_type].field}
        given = {field.name for field in answer.field}
        if "page_token" not in asked or "next_page_token" not in given:
            return ""
        lists = [
            field
            for field in answer.field
            if field.label == _F.LABEL_REPEATED and field.type == _F.TYPE_MESSAGE
        ]
        return self.name(lists[0].type_name) if len(lists) == 1 else ""

    def _single(self, field: FieldDescriptorProto) -> str:
        if field.type == _F.TYPE_ENUM:
            names = ", ".join(f'"{value.name}"' for value in self._enums[field.type_name].value)
            return f"{self.name(field.type_name)}.ValueType | Literal[{names}]"
        if field.type == _F.TYPE_MESSAGE:
            also = _ALSO.get(field.type_name, "Mapping[str, Any]")
            return f"{self.name(field.type_name)} | {also}"
        return _SCALARS.get(field.type, "int")
