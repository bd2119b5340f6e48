"""Print a file descriptor as .proto source.

Only what `buf/validate/validate.proto` needs: proto2, messages, enums, oneofs,
extensions. Options are left out: they steer the validator, which carries its
own copy of the descriptor.
"""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)

_SCALARS = {
    number: name.removeprefix("TYPE_").lower() for name, number in FieldDescriptorProto.Type.items()
}
_LABELS = {
    FieldDescriptorProto.LABEL_OPTIONAL: "optional ",
    FieldDescriptorProto.LABEL_REQUIRED: "required ",
    FieldDescriptorProto.LABEL_REPEATED: "repeated ",
}
_MAX_EXTENSION = 536870912


def print_file(file: FileDescriptorProto) -> str:
    """Return the source text of `file`, without options and comments."""
    return "\n".join(_file_lines(file)) + "\n"


def _file_lines(file: FileDescriptorProto) -> Iterator[str]:
    yield f'syntax = "{file.syntax or "proto2"}";'
    yield f"package {file.package};"
    for dependency in file.dependency:
        yield f'import "{dependency}";'
    for enum in file.enum_type:
        yield from _enum_lines(enum)
    for message in file.message_type:
        yield from _message_lines(message)
    for extension in file.extension:
        yield f"extend {extension.extendee} {{"
        yield _field_line(extension, in_oneof=False)
        yield "}"


def _message_lines(message: DescriptorProto) -> Iterator[str]:
    yield f"message {message.name} {{"
    for enum in message.enum_type:
        yield from _enum_lines(enum)
    for nested in message.nested_type:
        if not nested.options.map_entry:
            yield from _message_lines(nested)
    for field in message.field:
        if not field.HasField("oneof_index"):
            yield _field_line(field, in_oneof=False)
    for index, oneof in enumerate(message.oneof_decl):
        yield f"oneof {oneof.name} {{"
        for field in message.field:
            if field.HasField("oneof_index") and field.oneof_index == index:
                yield _field_line(field, in_oneof=True)
        yield "}"
    for span in message.extension_range:
        end = "max" if span.end >= _MAX_EXTENSION else str(span.end - 1)
        yield f"extensions {span.start} to {end};"
    yield "}"


def _enum_lines(enum: EnumDescriptorProto) -> Iterator[str]:
    yield f"enum {enum.name} {{"
    for value in enum.value:
        yield f"{value.name} = {value.number};"
    yield "}"


def _field_line(field: FieldDescriptorProto, *, in_oneof: bool) -> str:
    label = "" if in_oneof else _LABELS[field.label]
    kind = field.type_name or _SCALARS[field.type]
    return f"{label}{kind} {field.name} = {field.number};"
