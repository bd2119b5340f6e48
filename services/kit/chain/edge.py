"""The outermost layers: recovery, telemetry, deadline and errors.

Between the wire and the guards: opens the call, decodes the request, turns
every failure into one documented status, measures each call, and logs those that
failed or were slow (at DEBUG: all).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
from google.protobuf.message import DecodeError
from google.rpc import status_pb2
from opentelemetry.trace import SpanKind
from weneeds.options.v1.policy_pb2 import Feature

from services.kit.call import MAX_DEVICE, Call, set_current_call
from services.kit.chain import Guard, Handler
from services.kit.contract import Method
from services.kit.errors import DependencyDown, InvalidFields, Refused
from services.kit.ids import Ids
from services.kit.problems import Problems
from services.kit.telemetry import continued, feature_uses, rpc_duration, span

log = logging.getLogger("weneeds.rpc")

_CODES = {code.value[0]: code for code in grpc.StatusCode}
_SPIFFE = "spiffe://weneeds/"
_MAX_ID = 64
_CORRELATION = "x-request-id"
# Failures that are the platform's, not the caller's.
_QUIET = frozenset({grpc.StatusCode.OK, grpc.StatusCode.CANCELLED})
_SLOW_MS = 500.0
_LOUD = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE})


@dataclass(frozen=True)
class Edge:
    """What the outermost layers need."""

    problems: Problems
    ids: Ids
    denied: Callable[[Method, Refused], Awaitable[None]]

    def unary(self, method: Method, guards: Sequence[Guard], handler: Handler) -> Any:
        """Return the function that answers raw requests of a unary method."""
        attributes = {"rpc.method": method.path}
        feature = _feature(method)

        async def serve(raw: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
            started = time.perf_counter()
            call, parent = self._open(method, context)
            failure: BaseException
            with span(method.path, parent, SpanKind.SERVER):
                try:
                    request = _decode(method, raw, call)
                    for guard in guards:
                        pending = guard(call, request)
                        if pending is not None:
                            await pending
                    response: bytes = (await handler(request, context)).SerializeToString()
                except Exception as error:
                    failure = error
                else:
                    _finished(call, context, started, grpc.StatusCode.OK, attributes)
                    if feature:
                        feature_uses.add(1, {"feature": feature})
                    return response
                return await self._fail(call, context, failure, started, attributes)

        return serve

    def stream(self, method: Method, guards: Sequence[Guard], handler: Any) -> Any:
        """Return the function that answers raw requests of a server-streaming method."""
        attributes = {"rpc.method": method.path}

        # A coroutine that writes, not a generator: the span and the call belong to
        # one task from the first message to the last.
        async def serve(raw: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> None:
            started = time.perf_counter()
            call, parent = self._open(method, context)
            failure: BaseException
            with span(method.path, parent, SpanKind.SERVER):
                try:
                    request = _decode(method, raw, call)
                    for guard in guards:
                        pending = guard(call, request)
                        if pending is not None:
                            await pending
                    async with aclosing(handler(request, context)) as responses:
                        async for response in responses:
                            await context.write(response.SerializeToString())
                except asyncio.CancelledError:
                    # The client has left.
                    _finished(call, context, started, grpc.StatusCode.CANCELLED, attributes)
                    raise
                except Exception as error:
                    failure = error
                else:
                    _finished(call, context, started, grpc.StatusCode.OK, attributes)
                    return
                await self._fail(call, context, failure, started, attributes)

        return serve

    def _open(self, method: Method, context: Any) -> tuple[Call, Any]:
        headers: dict[str, Any] = dict(context.invocation_metadata())
        left = context.time_remaining()
        token: str = headers.get("authorization", "")
        language: str = headers.get("accept-language", "")
        call = Call(
            method=method,
            correlation_id=headers.get(_CORRELATION, "")[:_MAX_ID] or self.ids.new(),
            locale="en" if language[:2].lower() == "en" else "fr",
            # Reading the certificate costs more than a layer: for whom it decides only.
            peer=_peer(context) if method.internal else "",
            address=headers.get("x-weneeds-address", "")[:_MAX_ID],
            device=_device(headers.get("user-agent", "")),
            deadline=None if left is None else time.monotonic() + left,
            token=token[7:] if token[:7].lower() == "bearer " else "",
            json_fields=headers.get("x-weneeds-json-fields", ""),
        )
        set_current_call(call)
        return call, continued(headers)

    async def _fail(
        self,
        call: Call,
        context: Any,
        error: BaseException,
        started: float,
        attributes: Mapping[str, str],
    ) -> NoReturn:
        status = await self._status(call, error)
        code = _CODES[status.code]
        _finished(call, context, started, code, attributes, status.message)
        await context.abort(
            code,
            status.message,
            trailing_metadata=(
                ("grpc-status-details-bin", status.SerializeToString()),
                (_CORRELATION, call.correlation_id),
            ),
        )
        raise AssertionError("abort raises")

    async def _status(self, call: Call, error: BaseException) -> status_pb2.Status:
        try:
            if isinstance(error, Refused):
                await self._keep_denial(call, error)
                return self.problems.status(error, call.locale, call.correlation_id)
        except Exception as broken:
            error = broken
        log.error("Unexpected failure", exc_info=error)
        return self.problems.status(_Unexpected(), call.locale, call.correlation_id)

    async def _keep_denial(self, call: Call, refused: Refused) -> None:
        if not call.method.policy.audit or call.user is None or isinstance(refused, DependencyDown):
            return
        try:
            await self.denied(call.method, refused)
        except DependencyDown:
            log.warning("Denial could not be kept", extra={"reason": refused.reason})


class _Unexpected(Refused):
    reason = "INTERNAL"


def _decode(method: Method, raw: bytes, call: Call) -> Any:
    call.zero_bytes = b"\0" in raw
    try:
        return method.request.FromString(raw)
    except DecodeError as error:
        raise InvalidFields([("", "not a message of the declared type")]) from error


def _peer(context: Any) -> str:
    """Return the peer's name; `auth_context()` would copy the whole certificate for it."""
    for name in context.peer_identities() or ():
        text = name.decode("ascii", "replace")
        if text.startswith(_SPIFFE):
            return str(text.removeprefix(_SPIFFE))
    return ""


def _device(agent: str) -> str:
    if agent.isprintable():
        return agent.strip()[:MAX_DEVICE]
    printable = "".join(character for character in agent if character.isprintable())
    return printable.strip()[:MAX_DEVICE]


def _feature(method: Method) -> str:
    number = method.policy.feature
    return Feature.Name(number).removeprefix("FEATURE_") if number else ""


def _level(code: grpc.StatusCode, took: float) -> int:
    # The gateway's access log has a line for every call. Here one that went
    # well is told when it was slow, or when somebody debugs: writing a line
    # costs more than all the layers together.
    if code in _QUIET:
        return logging.INFO if took >= _SLOW_MS else logging.DEBUG
    return logging.ERROR if code in _LOUD else logging.WARNING


def _finished(
    call: Call,
    context: Any,
    started: float,
    code: grpc.StatusCode,
    attributes: Mapping[str, str],
    message: str = "",
) -> None:
    took = (time.perf_counter() - started) * 1000
    rpc_duration.record(took, {**attributes, "rpc.status": code.name})
    level = _level(code, took)
    if not log.isEnabledFor(level):
        return
    facts: dict[str, object] = {"code": code.name, "ms": round(took, 2), "peer": _peer(context)}
    if call.user is not None:
        facts["user_id"] = call.user.id
    if message:
        facts["reason"] = message.partition(":")[0]
    # `log.log` would look for its caller on the stack, which no line shows.
    log.handle(log.makeRecord(log.name, level, "", 0, "rpc", (), None, extra=facts))
