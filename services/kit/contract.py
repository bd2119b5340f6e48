"""The contract as the kit reads it: descriptors and their options.

Everything here is derived once at boot. A contract that cannot be enforced
raises BrokenContract, and the service does not start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import (
    Descriptor,
    EnumDescriptor,
    FieldDescriptor,
    MethodDescriptor,
    ServiceDescriptor,
)
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from weneeds.common.v1 import error_reason_pb2 as common_reasons
from weneeds.options.v1 import event_pb2, policy_pb2, reason_pb2

Access = policy_pb2.Access
_NO_SIDE_EFFECTS = descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS
_IDEMPOTENT = descriptor_pb2.MethodOptions.IDEMPOTENT
_REASON_PREFIX = "ERROR_REASON_"


class BrokenContract(Exception):
    """The contract says something that cannot be enforced."""


@dataclass(frozen=True)
class Method:
    """One RPC with what its options say."""

    # "/weneeds.jobs.v1.JobService/CreateJob"
    path: str
    # "jobs"
    service: str
    name: str
    policy: policy_pb2.Policy
    request: type[Message]
    response: type[Message]
    streaming: bool
    read_only: bool
    # Safe to send again: reads, IDEMPOTENT methods, methods with a request_id.
    retryable: bool
    has_request_id: bool
    # The body selector of the REST mapping: "*", a field name, or "".
    http_body: str

    @property
    def internal(self) -> bool:
        """Whether other services alone may call it."""
        return self.policy.access == policy_pb2.ACCESS_INTERNAL


@dataclass(frozen=True)
class Event:
    """One event type."""

    name: str
    subject: str
    key: str
    message: type[Message]


@dataclass(frozen=True)
class Reason:
    """One error reason: its gRPC status number and its texts."""

    code: int
    fr: str
    en: str


@dataclass(frozen=True)
class Fee:
    """What an action costs, in micro-euros."""

    fixed_micros: int
    micros_per_point: int
    default_points: int


def methods_of(service: ServiceDescriptor) -> list[Method]:
    """Read the methods of `service`; raise BrokenContract where one has a flaw."""
    return [_method(service, method) for method in service.methods]


def _method(service: ServiceDescriptor, method: MethodDescriptor) -> Method:
    options = method.GetOptions()
    path = f"/{service.full_name}/{method.name}"
    if method.client_streaming:
        raise BrokenContract(f"{path}: client streams are not part of this contract")
    if not options.HasExtension(policy_pb2.policy):
        raise BrokenContract(f"{path} has no policy")
    policy = options.Extensions[policy_pb2.policy]
    request = method.input_type
    _check_policy(path, policy, request)
    read_only = options.idempotency_level == _NO_SIDE_EFFECTS
    has_request_id = "request_id" in request.fields_by_name
    rule = options.Extensions[annotations_pb2.http]
    if (policy.access == Access.ACCESS_INTERNAL) == options.HasExtension(annotations_pb2.http):
        raise BrokenContract(f"{path}: a method has a REST path or is internal, never both")
    return Method(
        path=path,
        service=service.full_name.split(".")[1],
        name=method.name,
        policy=policy,
        request=GetMessageClass(request),
        response=GetMessageClass(method.output_type),
        streaming=method.server_streaming,
        read_only=read_only,
        retryable=read_only or has_request_id or options.idempotency_level == _IDEMPOTENT,
        has_request_id=has_request_id,
        http_body=rule.body,
    )


def _check_policy(path: str, policy: policy_pb2.Policy, request: Descriptor) -> None:
    if policy.access == Access.ACCESS_UNSPECIFIED:
        raise BrokenContract(f"{path}: the policy names no access")
    signed_in = policy.access == Access.ACCESS_SIGNED_IN
    if (policy.roles or policy.HasField("scope")) and not signed_in:
        raise BrokenContract(f"{path}: roles and scope want ACCESS_SIGNED_IN")
    if (policy.access == Access.ACCESS_INTERNAL) != bool(policy.callers):
        raise BrokenContract(f"{path}: ACCESS_INTERNAL and callers go together")
    if (policy.access == Access.ACCESS_ADMIN) != bool(policy.admin_roles):
        raise BrokenContract(f"{path}: ACCESS_ADMIN and admin_roles go together")
    if policy.step_up and policy.access not in (Access.ACCESS_SIGNED_IN, Access.ACCESS_ADMIN):
        raise BrokenContract(f"{path}: a second factor wants somebody who is signed in")
    if policy.HasField("scope"):
        _check_scope(path, policy.scope, request)
    for limit in policy.rate_limits:
        if not limit.limit or limit.window.seconds <= 0 or not limit.key:
            raise BrokenContract(f"{path}: a rate limit wants a key, a limit and a window")
        if limit.key == policy_pb2.RATE_LIMIT_KEY_FIELD:
            field_reader(request, limit.field, path)


def _check_scope(path: str, scope: policy_pb2.Scope, request: Descriptor) -> None:
    if not scope.kind:
        raise BrokenContract(f"{path}: the scope names no kind")
    if not scope.company_roles and not scope.owner:
        raise BrokenContract(f"{path}: the scope lets nobody pass")
    field_reader(request, scope.field, path)


def field_reader(message: Any, dotted: str, where: str) -> Callable[[Any], str]:
    """Return a function that reads the string field `dotted` of a message.

    Raises BrokenContract when there is no such string field.
    """
    names = dotted.split(".")
    for name in names[:-1]:
        field = message.fields_by_name.get(name)
        if field is None or field.message_type is None or field.is_repeated:
            raise BrokenContract(f"{where}: no field {dotted!r}")
        message = field.message_type
    leaf = message.fields_by_name.get(names[-1])
    if leaf is None or leaf.type != FieldDescriptor.TYPE_STRING or leaf.is_repeated:
        raise BrokenContract(f"{where}: no string field {dotted!r}")
    if len(names) == 1:
        return lambda value: str(getattr(value, dotted))

    def read(value: Any) -> str:
        for name in names:
            value = getattr(value, name)
        return str(value)

    return read


@lru_cache(maxsize=512)
def event_of(message: Descriptor) -> Event:
    """Read the event option of `message`; raise BrokenContract without one."""
    options = message.GetOptions()
    if not options.HasExtension(event_pb2.event):
        raise BrokenContract(f"{message.full_name} is no event: it has no subject")
    event = options.Extensions[event_pb2.event]
    if not event.subject:
        raise BrokenContract(f"{message.full_name} has an empty subject")
    field_reader(message, event.key, message.full_name)
    return Event(message.full_name, event.subject, event.key, GetMessageClass(message))


def reasons_of(*enums: EnumDescriptor) -> Mapping[str, Reason]:
    """Read the reasons of `enums` and the common ones, by name without prefix."""
    found: dict[str, Reason] = {}
    for enum in (common_reasons.DESCRIPTOR.enum_types_by_name["ErrorReason"], *enums):
        for value in enum.values:
            if value.number:
                found[value.name.removeprefix(_REASON_PREFIX)] = _reason(enum, value)
    return found


def _reason(enum: EnumDescriptor, value: Any) -> Reason:
    options = value.GetOptions()
    if not options.HasExtension(reason_pb2.reason):
        raise BrokenContract(f"{enum.full_name}.{value.name} has no reason option")
    reason = options.Extensions[reason_pb2.reason]
    if not (reason.code and reason.fr and reason.en):
        raise BrokenContract(f"{enum.full_name}.{value.name}: code and both texts are required")
    return Reason(reason.code, reason.fr, reason.en)


def fee_of(action: EnumDescriptor, number: int) -> Fee:
    """Read the price of an action; free when the contract names none."""
    value = action.values_by_number.get(number)
    if value is None or not value.GetOptions().HasExtension(reason_pb2.fee):
        return Fee(0, 0, 0)
    fee = value.GetOptions().Extensions[reason_pb2.fee]
    return Fee(fee.fixed_micros, fee.micros_per_point, fee.default_points)


def check_kinds(methods: Iterable[Method], kinds: Iterable[int], rules: Iterable[str]) -> None:
    """Raise BrokenContract when a method wants a scope or rule that is not wired."""
    known, named = set(kinds), set(rules)
    for method in methods:
        policy = method.policy
        if policy.HasField("scope") and policy.scope.kind not in known:
            kind = policy_pb2.ScopeKind.Name(policy.scope.kind)
            raise BrokenContract(f"{method.path}: no resolver for {kind}")
        if policy.rule and policy.rule not in named:
            raise BrokenContract(f"{method.path}: no policy function {policy.rule!r}")


def check_prepared(methods: Iterable[Method], names: Iterable[str]) -> None:
    """Raise BrokenContract when something is prepared for what is no unary method."""
    unary = {method.name for method in methods if not method.streaming}
    for name in names:
        if name not in unary:
            raise BrokenContract(f"{name}: nothing to prepare, there is no such unary method")
