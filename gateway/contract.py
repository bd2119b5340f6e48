"""The methods of the contract as the gateway sees them, read from a descriptor set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from google.api import annotations_pb2, http_pb2
from google.protobuf import any_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    MethodOptions,
)
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from weneeds.options.v1 import policy_pb2

# What Envoy needs to write a google.rpc.Status as JSON, in dependency order.
_STATUS_FILES = (any_pb2.DESCRIPTOR, error_details_pb2.DESCRIPTOR, status_pb2.DESCRIPTOR)

_RAW = ".google.api.HttpBody"
_VERBS = ("get", "put", "post", "delete", "patch")


class ContractError(ValueError):
    """The descriptors cannot be turned into a gateway; the message says why."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One REST form of a method: `body` is "*", a field name, or empty."""

    verb: str
    template: str
    body: str


@dataclass(frozen=True)
class Method:
    """One RPC with the options that matter outside its service."""

    package: str
    service: str
    proto: MethodDescriptorProto
    bindings: tuple[Binding, ...]
    has_request_id: bool
    comment: str
    service_comment: str
    # Fields of the request that take a body as it is: google.api.HttpBody.
    raw_fields: frozenset[str] = frozenset()

    @property
    def full_name(self) -> str:
        """The name with dots: weneeds.jobs.v1.JobService.CreateJob."""
        return f"{self.package}.{self.service}.{self.proto.name}"

    @property
    def path(self) -> str:
        """The gRPC path: /weneeds.jobs.v1.JobService/CreateJob."""
        return f"/{self.package}.{self.service}/{self.proto.name}"

    @property
    def owner(self) -> str:
        """The service of the mesh that implements it: jobs."""
        return self.package.split(".")[1]

    @property
    def policy(self) -> policy_pb2.Policy:
        """The policy option; ACCESS_UNSPECIFIED when there is none."""
        return self.proto.options.Extensions[policy_pb2.policy]

    @property
    def retryable(self) -> bool:
        """Whether a second execution does no harm."""
        level = self.proto.options.idempotency_level
        return level != MethodOptions.IDEMPOTENCY_UNKNOWN or self.has_request_id


class Contract:
    """A descriptor set with indexes by name. Accepts the bytes of a FileDescriptorSet."""

    def __init__(self, descriptors: bytes) -> None:
        self._files = FileDescriptorSet.FromString(descriptors)
        known = {file.name for file in self._files.file}
        for extra in _STATUS_FILES:
            if extra.name not in known:
                extra.CopyToProto(self._files.file.add())

    @cached_property
    def methods(self) -> list[Method]:
        """The methods of all services of the mesh, in file order."""
        return [method for file in self._own_files() for method in self._methods_of(file)]

    @cached_property
    def messages(self) -> dict[str, DescriptorProto]:
        """Messages by full name, nested ones included."""
        return {
            name: message
            for file in self._files.file
            for name, message in _messages(file.package, file.message_type)
        }

    @cached_property
    def enums(self) -> dict[str, EnumDescriptorProto]:
        """Enums by full name, nested ones included."""
        top = {f"{file.package}.{e.name}": e for file in self._files.file for e in file.enum_type}
        nested = {
            f"{name}.{e.name}": e for name, message in self.messages.items()
            for e in message.enum_type
        }  # fmt: skip
        return top | nested

    @cached_property
    def comments(self) -> dict[str, str]:
        """Leading comments by full name of what they stand at."""
        found: dict[str, str] = {}
        for file in self._files.file:
            for location in file.source_code_info.location:
                if text := location.leading_comments.strip():
                    found[_name_at(file, list(location.path))] = _unwrapped(text)
        return found

    def for_envoy(self) -> bytes:
        """The set without comments, which Envoy has no use for."""
        lean = FileDescriptorSet.FromString(self._files.SerializeToString())
        for file in lean.file:
            file.ClearField("source_code_info")
        return lean.SerializeToString()

    def _own_files(self) -> Iterator[FileDescriptorProto]:
        return (file for file in self._files.file if file.package.startswith("weneeds."))

    def _methods_of(self, file: FileDescriptorProto) -> Iterator[Method]:
        for service in file.service:
            name = f"{file.package}.{service.name}"
            for proto in service.method:
                request = self.messages[proto.input_type.lstrip(".")]
                yield Method(
                    package=file.package,
                    service=service.name,
                    proto=proto,
                    bindings=tuple(_bindings(proto)),
                    has_request_id=any(field.name == "request_id" for field in request.field),
                    comment=self.comments.get(f"{name}.{proto.name}", ""),
                    service_comment=self.comments.get(name, ""),
                    raw_fields=frozenset(
                        field.name for field in request.field if field.type_name == _RAW
                    ),
                )


def reachable(method: Method, *, admins: bool) -> bool:
    """Whether the method has a route. A method without a policy has none."""
    access = method.policy.access
    if access == policy_pb2.ACCESS_ADMIN:
        return admins
    return access in (policy_pb2.ACCESS_PUBLIC, policy_pb2.ACCESS_SIGNED_IN)


def _bindings(proto: MethodDescriptorProto) -> Iterator[Binding]:
    if not proto.options.HasExtension(annotations_pb2.http):
        return
    rule = proto.options.Extensions[annotations_pb2.http]
    for one in (rule, *rule.additional_bindings):
        yield _binding(proto.name, one)


def _binding(method: str, rule: http_pb2.HttpRule) -> Binding:
    verb = rule.WhichOneof("pattern")
    if verb not in _VERBS:
        raise ContractError(f"{method}: google.api.http needs one of {', '.join(_VERBS)}")
    return Binding(verb.upper(), getattr(rule, verb), rule.body)


def _messages(
    prefix: str, protos: Iterable[DescriptorProto]
) -> Iterator[tuple[str, DescriptorProto]]:
    for proto in protos:
        name = f"{prefix}.{proto.name}"
        yield name, proto
        yield from _messages(name, proto.nested_type)


def _name_at(file: FileDescriptorProto, path: list[int]) -> str:
    """The full name of the element at a source path: pairs of field number and index."""
    element: Message = file
    names = [file.package]
    for number, index in zip(path[::2], path[1::2], strict=False):
        field = element.DESCRIPTOR.fields_by_number[number]
        if field.message_type is None or "name" not in field.message_type.fields_by_name:
            return ""
        element = getattr(element, field.name)[index]
        names.append(next(value for set_, value in element.ListFields() if set_.name == "name"))
    return ".".join(names) if len(path) % 2 == 0 else ""


def _unwrapped(comment: str) -> str:
    """The comment with its line breaks undone, paragraphs kept."""
    paragraphs = comment.split("\n\n")
    lines = (" ".join(line.strip() for line in part.splitlines()) for part in paragraphs)
    return "\n\n".join(line.strip() for line in lines)
