"""The contract as tests walk it: every public method, over gRPC and over REST."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import grpc
import httpx
import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import Default
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from services.kit.contract import Access, Method, methods_of
from stack.gen.__main__ import GEN
from tests.support import errors

_FIELD = re.compile(r"{([a-z_.]+)}")
_VERBS = ("get", "post", "put", "patch", "delete")


def _services() -> Iterator[ServiceDescriptor]:
    described = FileDescriptorSet.FromString((GEN / "descriptors.binpb").read_bytes())
    for file in described.file:
        if not file.name.startswith("weneeds/"):
            continue
        importlib.import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
        yield from Default().FindFileByName(file.name).services_by_name.values()


METHODS: list[Method] = [method for service in _services() for method in methods_of(service)]
PUBLIC = [method for method in METHODS if method.policy.access != Access.ACCESS_INTERNAL]
INTERNAL = [method for method in METHODS if method.policy.access == Access.ACCESS_INTERNAL]


def path_of(method: Method) -> str:
    """What pytest calls a parameter."""
    return method.path.removeprefix("/weneeds.")


def with_field(method: Method, dotted: str, value: str) -> Message:
    """A request that is empty but for one string field."""
    request = method.request()
    target: Any = request
    *parents, leaf = dotted.split(".")
    for name in parents:
        target = getattr(target, name)
    setattr(target, leaf, value)
    return request


async def over_grpc(
    channel: grpc.aio.Channel,
    method: Method,
    request: Message,
    headers: Mapping[str, str] | None = None,
    timeout: float = 20,
) -> Message:
    """Call a method; of a stream, return the first message. Raises AioRpcError."""
    make: Any = channel.unary_stream if method.streaming else channel.unary_unary
    stub = make(
        method.path,
        request_serializer=method.request.SerializeToString,
        response_deserializer=method.response.FromString,
    )
    call = stub(request, metadata=tuple((headers or {}).items()), timeout=timeout)
    if not method.streaming:
        answer: Message = await call
        return answer
    first: Message = await call.read()
    call.cancel()
    return first


async def refused_over_grpc(
    channel: grpc.aio.Channel, method: Method, request: Message, headers: dict[str, str]
) -> errors.Problem:
    """Call a method that must refuse; return the problem."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await over_grpc(channel, method, request, headers)
    return errors.of_grpc(caught.value, headers.get("accept-language", "fr"))


async def over_rest(
    http: httpx.AsyncClient,
    method: Method,
    request: Message,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Call a method by its REST path; of a stream, return once the status is known."""
    verb, template, body = _rule(method)
    fields = MessageToDict(request, preserving_proto_field_name=True)
    path = _FIELD.sub(lambda match: str(_taken(fields, match[1]) or "-"), template)
    json = fields if body == "*" else fields.get(body, {}) if body else None
    query = None if body else fields
    asked = http.build_request(verb, path, params=query, json=json, headers=dict(headers or {}))
    answer = await http.send(asked, stream=method.streaming)
    if method.streaming:
        if answer.is_error:
            await answer.aread()
        await answer.aclose()
    return answer


def _rule(method: Method) -> tuple[str, str, str]:
    service, _, name = method.path.removeprefix("/").rpartition("/")
    found = Default().FindServiceByName(service).methods_by_name[name]
    rule = found.GetOptions().Extensions[annotations_pb2.http]
    verb = next(verb for verb in _VERBS if getattr(rule, verb))
    return verb.upper(), getattr(rule, verb), rule.body


def _taken(fields: dict[str, Any], dotted: str) -> Any:
    """Take a field out: what the path says, the body does not repeat."""
    *parents, leaf = dotted.split(".")
    for name in parents:
        fields = fields.get(name, {})
    return fields.pop(leaf, None)
