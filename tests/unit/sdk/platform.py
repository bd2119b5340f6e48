"""A small platform for the client: every public RPC over real gRPC, answered by a script."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import (
    BadRequest,
    ErrorInfo,
    LocalizedMessage,
    RequestInfo,
    RetryInfo,
)
from google.rpc.status_pb2 import Status
from weneeds.auth.v1 import account_service_pb2, admin_service_pb2, session_service_pb2
from weneeds.jobs.v1 import application_service_pb2, job_service_pb2
from weneeds.messaging.v1 import stream_service_pb2
from weneeds.rpc import Rpc

_FILES = (
    account_service_pb2,
    admin_service_pb2,
    session_service_pb2,
    job_service_pb2,
    application_service_pb2,
    stream_service_pb2,
)


@dataclass(frozen=True)
class Refuse:
    """An outcome: the call fails."""

    code: grpc.StatusCode
    reason: str = ""
    details: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Seen:
    """A call that reached the platform."""

    method: str
    request: Any
    metadata: dict[str, str]


Handler = Callable[[Any, grpc.aio.ServicerContext[Any, Any]], Awaitable[Message]]
StreamHandler = Callable[[Any], AsyncIterator[Any]]


@dataclass
class Platform:
    """Answers each call with the next outcome of its script, else as `answers` says."""

    port: int = 0
    calls: list[Seen] = field(default_factory=list)
    script: dict[str, deque[Refuse]] = field(default_factory=lambda: defaultdict(deque))
    answers: dict[str, Handler] = field(default_factory=dict)
    streams: dict[str, StreamHandler] = field(default_factory=dict)
    good_token: str = ""
    """When set, methods that need a token take this one only."""

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def seen(self, method: str) -> list[Seen]:
        return [call for call in self.calls if call.method == method]

    def fails(self, method: str, *outcomes: Refuse) -> None:
        self.script[method].extend(outcomes)

    async def start(self) -> grpc.aio.Server:
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        for module in _FILES:
            for service in module.DESCRIPTOR.services_by_name.values():
                handlers = {method.name: self._handler(method) for method in service.methods}
                generic = grpc.method_handlers_generic_handler(service.full_name, handlers)
                server.add_generic_rpc_handlers((generic,))
        self.port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        return server

    def _handler(self, method: MethodDescriptor) -> grpc.RpcMethodHandler[Any, Any]:
        rpc = Rpc.of(method)

        async def answer(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Message:
            await self._admit(method, rpc, request, context)
            handler = self.answers.get(method.name)
            return await handler(request, context) if handler else rpc.response()

        async def stream(
            request: Any, context: grpc.aio.ServicerContext[Any, Any]
        ) -> AsyncIterator[Any]:
            await self._admit(method, rpc, request, context)
            async for message in self.streams[method.name](request):
                if isinstance(message, Refuse):
                    await refuse(context, message)
                yield message

        make: Any = (
            grpc.unary_stream_rpc_method_handler
            if method.server_streaming
            else grpc.unary_unary_rpc_method_handler
        )
        handler: grpc.RpcMethodHandler[Any, Any] = make(
            stream if method.server_streaming else answer,
            request_deserializer=rpc.request.FromString,
            response_serializer=rpc.response.SerializeToString,
        )
        return handler

    async def _admit(
        self,
        method: MethodDescriptor,
        rpc: Rpc,
        request: Any,
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> None:
        metadata = {str(key): str(value) for key, value in context.invocation_metadata() or ()}
        self.calls.append(Seen(method.name, request, metadata))
        if self.script[method.name]:
            await refuse(context, self.script[method.name].popleft())
        wanted = f"Bearer {self.good_token}"
        if self.good_token and not rpc.public and metadata.get("authorization") != wanted:
            await refuse(context, EXPIRED)


async def refuse(context: grpc.aio.ServicerContext[Any, Any], outcome: Refuse) -> None:
    """End a call as the outcome says, with google.rpc details."""
    details: list[Message] = list(outcome.details)
    if outcome.reason:
        details.insert(0, ErrorInfo(reason=outcome.reason, domain="test.weneeds.fr"))
    packed = []
    for detail in details:
        packed.append(AnyMessage())
        packed[-1].Pack(detail)
    status = Status(code=outcome.code.value[0], message="refused", details=packed)
    trailers = (("grpc-status-details-bin", status.SerializeToString()),)
    await context.abort(outcome.code, "refused", trailers)


def tokens(access: str, refresh: str, seconds: float = 900) -> session_service_pb2.Tokens:
    """Return tokens that live for so many seconds."""
    now = datetime.now(UTC)
    made = session_service_pb2.Tokens(access_token=access, refresh_token=refresh)
    made.access_expires_at.FromDatetime(now + timedelta(seconds=seconds))
    made.refresh_expires_at.FromDatetime(now + timedelta(days=30))
    return made


def limited(seconds: float) -> Refuse:
    """Return a rate limit that says when to come back."""
    retry = RetryInfo(retry_delay=timedelta(seconds=seconds))
    return Refuse(grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", (retry,))


UNAVAILABLE = Refuse(grpc.StatusCode.UNAVAILABLE, "DEPENDENCY_DOWN")
EXPIRED = Refuse(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")
INVALID = Refuse(
    grpc.StatusCode.INVALID_ARGUMENT,
    details=(
        ErrorInfo(reason="EMAIL_TAKEN", domain="auth.weneeds.fr", metadata={"hint": "sign in"}),
        BadRequest(
            field_violations=[
                BadRequest.FieldViolation(field="email", description="taken", reason="EMAIL_TAKEN")
            ]
        ),
        LocalizedMessage(locale="fr", message="Email déjà utilisé"),
        RequestInfo(request_id="c0ffee"),
    ),
)
