"""JSON schemas of messages: proto3 JSON, with the rules of buf.validate."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto
from weneeds.options.v1 import sensitivity_pb2

from gateway.contract import Contract

Schema = dict[str, Any]
Field = FieldDescriptorProto

_LONG = {"type": "string", "format": "int64"}
_INTEGERS = (Field.TYPE_INT32, Field.TYPE_SINT32, Field.TYPE_SFIXED32)
_UNSIGNED = (Field.TYPE_UINT32, Field.TYPE_FIXED32)
_PLAIN: dict[int, Schema] = {
    Field.TYPE_BOOL: {"type": "boolean"},
    Field.TYPE_STRING: {"type": "string"},
    Field.TYPE_BYTES: {"type": "string", "format": "byte"},
    Field.TYPE_FLOAT: {"type": "number", "format": "float"},
    Field.TYPE_DOUBLE: {"type": "number", "format": "double"},
    Field.TYPE_INT64: _LONG,
    Field.TYPE_SINT64: _LONG,
    Field.TYPE_SFIXED64: _LONG,
    Field.TYPE_UINT64: {"type": "string", "format": "uint64"},
    Field.TYPE_FIXED64: {"type": "string", "format": "uint64"},
    **{kind: {"type": "integer", "format": "int32"} for kind in _INTEGERS},
    **{kind: {"type": "integer", "format": "uint32", "minimum": 0} for kind in _UNSIGNED},
}
_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"},
    "google.protobuf.FieldMask": {
        "type": "string",
        "description": "Field names in lowerCamelCase, separated by commas.",
    },
    "google.protobuf.Struct": {"type": "object"},
    # A body as it is; of the ones that we take, all are JSON objects.
    "google.api.HttpBody": {"type": "object"},
    "google.protobuf.Value": {},
    "google.protobuf.Any": {
        "type": "object",
        "properties": {"@type": {"type": "string"}},
        "required": ["@type"],
    },
}
_UUID_OR_EMPTY = "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$"
_STRING_FORMATS = ("email", "uuid", "uri", "hostname", "ipv4", "ipv6")


class Schemas:
    """Schemas on demand; `components` holds those that something refers to."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.components: dict[str, Schema] = {}

    def reference(self, full_name: str) -> Schema:
        """A reference to a message or enum, whose schema becomes a component."""
        name = full_name.removeprefix("weneeds.")
        if name not in self.components:
            self.components[name] = {}  # holds the place: messages can contain themselves
            self.components[name] = self._named(full_name)
        return {"$ref": f"#/components/schemas/{name}"}

    def body(self, full_name: str, bound: Collection[str]) -> Schema:
        """The schema of a request body, without the fields that stand in the path."""
        schema = self._object(full_name, bound)
        for field in self._message(full_name).field:
            secret = field.options.Extensions[sensitivity_pb2.sensitivity]
            if secret == sensitivity_pb2.SENSITIVITY_SECRET and field.name not in bound:
                schema["properties"][field.json_name] |= {"writeOnly": True, "format": "password"}
        return {**schema, "additionalProperties": False}

    def field(
        self, owner: str, field: Field, bound: Collection[str] = (), *, in_path: bool = False
    ) -> Schema:
        """The schema of one field.

        `bound` holds paths below it that stand elsewhere; what is `in_path` is never empty.
        """
        rules = validate_pb2.FieldRules()
        rules.CopyFrom(field.options.Extensions[validate_pb2.field])
        if in_path:
            rules.ignore = validate_pb2.IGNORE_UNSPECIFIED
        comment = self._contract.comments.get(f"{owner}.{field.name}", "")
        described: Schema = {"description": comment} if comment else {}
        if "Output only" in comment:
            described["readOnly"] = True
        if field.label == Field.LABEL_REPEATED:
            return self._repeated(field, rules) | described
        return self._single(field, rules, bound) | described

    def path_field(self, full_name: str, path: str) -> tuple[str, Field]:
        """The message and field at a dotted path of proto names.

        Raises:
            KeyError: when there is none.
        """
        head, _, rest = path.partition(".")
        for field in self._message(full_name).field:
            if field.name == head:
                below = field.type_name.lstrip(".")
                return self.path_field(below, rest) if rest else (full_name, field)
        raise KeyError(f"{full_name} has no field {path}")

    def query_fields(self, full_name: str, prefix: str = "") -> Iterator[tuple[str, str, Field]]:
        """Fields that can stand in a query: their dotted proto path, message and field."""
        for field in self._message(full_name).field:
            path = prefix + field.name
            below = field.type_name.lstrip(".")
            if field.type != Field.TYPE_MESSAGE or below in _WELL_KNOWN:
                yield path, full_name, field
            elif field.label != Field.LABEL_REPEATED:
                yield from self.query_fields(below, f"{path}.")

    def _message(self, full_name: str) -> DescriptorProto:
        return self._contract.messages[full_name]

    def _named(self, full_name: str) -> Schema:
        if full_name in self._contract.enums:
            names = [value.name for value in self._contract.enums[full_name].value]
            return {"type": "string", "enum": names, **self._described(full_name)}
        return self._object(full_name, ())

    def _described(self, full_name: str) -> Schema:
        comment = self._contract.comments.get(full_name)
        return {"description": comment} if comment else {}

    def _object(self, full_name: str, bound: Collection[str]) -> Schema:
        fields = [field for field in self._message(full_name).field if field.name not in bound]
        schema: Schema = {
            "type": "object",
            "properties": {
                field.json_name: self.field(full_name, field, _below(field.name, bound))
                for field in fields
            },
            **self._described(full_name),
        }
        if required := [field.json_name for field in fields if is_required(field)]:
            schema["required"] = required
        return schema

    def _repeated(self, field: Field, rules: validate_pb2.FieldRules) -> Schema:
        entry = self._contract.messages.get(field.type_name.lstrip("."))
        if entry and entry.options.map_entry:
            value = self._single(entry.field[1], validate_pb2.FieldRules(), ())
            return {"type": "object", "additionalProperties": value}
        many = rules.repeated
        schema: Schema = {"type": "array", "items": self._single(field, many.items, ())}
        if many.HasField("min_items"):
            schema["minItems"] = many.min_items
        if many.HasField("max_items"):
            schema["maxItems"] = many.max_items
        if many.unique:
            schema["uniqueItems"] = True
        return schema

    def _single(
        self, field: Field, rules: validate_pb2.FieldRules, bound: Collection[str]
    ) -> Schema:
        name = field.type_name.lstrip(".")
        if field.type == Field.TYPE_MESSAGE:
            return self._nested(name, rules, bound)
        if field.type == Field.TYPE_ENUM:
            return self._enum(name, rules.enum)
        schema = dict(_PLAIN[field.type])
        if rules.HasField("string"):
            schema |= _string(rules.string, optional=_ignores_zero(rules))
        if rules.HasField("int32"):
            schema |= _range(rules.int32)
        return schema

    def _nested(self, name: str, rules: validate_pb2.FieldRules, bound: Collection[str]) -> Schema:
        if name in _WELL_KNOWN:
            return dict(_WELL_KNOWN[name])
        partial = rules.ignore == validate_pb2.IGNORE_ALWAYS
        if not partial and not bound:
            return self.reference(name)
        schema = self._object(name, bound)
        if partial:  # an update names the fields that count
            schema.pop("required", None)
        return schema

    def _enum(self, name: str, rules: validate_pb2.EnumRules) -> Schema:
        refused, only = set(rules.not_in), set(getattr(rules, "in"))
        if not refused and not only:
            return self.reference(name)
        values = self._contract.enums[name].value
        allowed = [v.name for v in values if v.number not in refused]
        if only:
            allowed = [v.name for v in values if v.number in only]
        return {"type": "string", "enum": allowed}


def is_required(field: Field) -> bool:
    """Whether leaving the field out breaks one of its rules."""
    rules = field.options.Extensions[validate_pb2.field]
    if rules.required:
        return True
    if rules.ignore != validate_pb2.IGNORE_UNSPECIFIED or field.proto3_optional:
        return False
    if field.label == Field.LABEL_REPEATED:
        return rules.repeated.min_items > 0
    if rules.HasField("enum"):
        only = getattr(rules.enum, "in")
        return 0 in rules.enum.not_in or (bool(only) and 0 not in only)
    return rules.HasField("string") and _refuses_empty(rules.string)


def _refuses_empty(rules: validate_pb2.StringRules) -> bool:
    only = getattr(rules, "in")
    return (
        rules.min_len > 0
        or rules.uuid
        or rules.email
        or bool(only and "" not in only)
        or bool(rules.pattern and not re.search(rules.pattern, ""))
    )


def _ignores_zero(rules: validate_pb2.FieldRules) -> bool:
    return rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE


def _string(rules: validate_pb2.StringRules, *, optional: bool) -> Schema:
    schema: Schema = {}
    if rules.HasField("min_len"):
        schema["minLength"] = rules.min_len
    if rules.HasField("max_len"):
        schema["maxLength"] = rules.max_len
    if rules.HasField("pattern"):
        schema["pattern"] = rules.pattern
    if only := list(getattr(rules, "in")):
        schema["enum"] = only
    if (kind := rules.WhichOneof("well_known")) in _STRING_FORMATS:
        schema["format"] = kind
    if optional and schema.get("format") == "uuid":
        return {"pattern": _UUID_OR_EMPTY}
    return schema


def _range(rules: validate_pb2.Int32Rules) -> Schema:
    names = {"gte": "minimum", "lte": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
    return {names[rule.name]: value for rule, value in rules.ListFields() if rule.name in names}


def _below(name: str, paths: Collection[str]) -> list[str]:
    """The paths under a field, without its name."""
    return [path[len(name) + 1 :] for path in paths if path.startswith(f"{name}.")]
