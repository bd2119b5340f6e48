"""What the contract says about one RPC, read once from its descriptor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from weneeds.auth.v1.session_service_pb2 import Tokens as TokensMessage
from weneeds.options.v1 import policy_pb2

_FIELD_MASK = "google.protobuf.FieldMask"
_SIGN_OUTS = (
    "weneeds.auth.v1.SessionService.SignOut",
    "weneeds.auth.v1.AdminSessionService.SignOutAdmin",
)
_SAFE = (MethodOptions.NO_SIDE_EFFECTS, MethodOptions.IDEMPOTENT)


@dataclass(frozen=True)
class Rpc:
    """One method of the contract."""

    name: str
    """The full name, `weneeds.jobs.v1.JobService.CreateJob`."""
    path: str
    request: type[Message]
    response: type[Message]
    streams: bool
    public: bool
    """Needs no token, and is sent none."""
    repeatable: bool
    """A second try does no harm."""
    takes_request_id: bool
    items: str
    """The repeated field of a paged answer; empty when it is not paged."""
    gives_tokens: bool
    ends_session: bool
    of_staff: bool
    """Its tokens are those of staff."""

    @classmethod
    def of(cls, method: MethodDescriptor) -> Rpc:
        """Read the method's descriptor and policy."""
        options = method.GetOptions()
        policy = options.Extensions[policy_pb2.policy]
        takes_request_id = "request_id" in method.input_type.fields_by_name
        tokens = method.output_type.fields_by_name.get("tokens")
        return cls(
            name=method.full_name,
            path=f"/{method.containing_service.full_name}/{method.name}",
            request=GetMessageClass(method.input_type),
            response=GetMessageClass(method.output_type),
            streams=method.server_streaming,
            public=policy.access == policy_pb2.ACCESS_PUBLIC,
            repeatable=takes_request_id or options.idempotency_level in _SAFE,
            takes_request_id=takes_request_id,
            items=items_field(method),
            gives_tokens=tokens is not None and tokens.message_type is TokensMessage.DESCRIPTOR,
            ends_session=method.full_name in _SIGN_OUTS,
            of_staff=method.containing_service.name == "AdminSessionService",
        )

    def build(self, given: Message | None, fields: Mapping[str, object]) -> Message:
        """Return the request to send: a copy of `given`, or one made of `fields`.

        An empty request_id is filled, once for all tries of the call. Raises
        TypeError when both are given or `given` is of another type, and
        ValueError for a field that the request does not have.
        """
        if given is not None and fields:
            raise TypeError("pass a request message or its fields, not both")
        request = self._copy(given) if given is not None else self._make(fields)
        if self.takes_request_id and not getattr(request, "request_id"):  # noqa: B009
            setattr(request, "request_id", str(uuid4()))  # noqa: B010
        return request

    def _copy(self, given: Message) -> Message:
        if not isinstance(given, self.request):
            raise TypeError(f"{self.name} takes {self.request.__name__}")
        request = self.request()
        request.CopyFrom(given)
        return request

    def _make(self, fields: Mapping[str, object]) -> Message:
        known = self.request.DESCRIPTOR.fields_by_name
        shaped = {
            name: _shape(known[name].message_type, value) if name in known else value
            for name, value in fields.items()
            if value is not None
        }
        build: Any = self.request
        made: Message = build(**shaped)
        return made


def items_field(method: MethodDescriptor) -> str:
    """Return the one repeated message field of a paged method's answer, or ""."""
    answer: Descriptor = method.output_type
    if "next_page_token" not in answer.fields_by_name:
        return ""
    if "page_token" not in method.input_type.fields_by_name:
        return ""
    lists = [each.name for each in answer.fields if each.is_repeated and each.message_type]
    return lists[0] if len(lists) == 1 else ""


def _shape(kind: object, value: object) -> object:
    """Let a field mask be written as a list of paths."""
    is_mask = getattr(kind, "full_name", "") == _FIELD_MASK
    if is_mask and isinstance(value, list | tuple | set | frozenset):
        return {"paths": sorted(value) if isinstance(value, set | frozenset) else list(value)}
    return value
