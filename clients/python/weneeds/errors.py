"""What a call raises: one exception class for each status, all `WeNeedsError`.

The server explains a refusal in google.rpc.Status details; `read_error` turns
them into plain attributes, so no caller needs to know protobuf's error model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import grpc
from google.rpc.error_details_pb2 import (
    BadRequest,
    ErrorInfo,
    LocalizedMessage,
    RequestInfo,
    RetryInfo,
)
from google.rpc.status_pb2 import Status

_DETAILS = "grpc-status-details-bin"
_CORRELATION = "x-request-id"


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field of the request."""

    field: str
    """Dotted path within the request, for example `job.title`."""
    description: str
    reason: str = ""


@dataclass(frozen=True)
class Problem:
    """A failed call, as the server explained it."""

    code: grpc.StatusCode
    message: str
    """For people, in the client's locale where the server has one."""
    reason: str = ""
    """For programs, for example `JOB_NOT_OPEN`; empty when the network failed."""
    domain: str = ""
    """The service that refused, for example `jobs.weneeds.fr`."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[FieldProblem, ...] = ()
    retry_after: float | None = None
    """Seconds to wait before another try, where the server says so."""
    correlation_id: str = ""
    """Names the call in the server's logs."""
    method: str = ""
    """The full name of the RPC."""
    request_id: str = ""
    """The idempotency id that was sent; send it again to continue the same call."""


class WeNeedsError(Exception):
    """A call that did not succeed."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem
        self.code = problem.code
        self.message = problem.message
        self.reason = problem.reason
        self.domain = problem.domain
        self.metadata = problem.metadata
        self.correlation_id = problem.correlation_id
        self.method = problem.method
        self.request_id = problem.request_id

    def __str__(self) -> str:
        """The message, then what a program or a support request needs."""
        facts = [self.reason or self.code.name, self.method]
        if self.correlation_id:
            facts.append(f"correlation id {self.correlation_id}")
        return f"{self.message} ({', '.join(filter(None, facts))})"


class Cancelled(WeNeedsError):
    """The call was cancelled before it was answered."""


class InvalidArgument(WeNeedsError):
    """The request is wrong; `fields` says where."""

    @property
    def fields(self) -> tuple[FieldProblem, ...]:
        """The fields at fault; empty when the request as a whole is."""
        return self.problem.fields


class DeadlineExceeded(WeNeedsError):
    """No answer within the timeout. The call may have taken effect."""


class NotFound(WeNeedsError):
    """The resource does not exist."""


class AlreadyExists(WeNeedsError):
    """The resource, or the request_id with another body, exists already."""


class PermissionDenied(WeNeedsError):
    """The caller is known and may not do this."""


class RateLimited(WeNeedsError):
    """Too many calls."""

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait; None when the server does not say."""
        return self.problem.retry_after


class FailedPrecondition(WeNeedsError):
    """The resource is not in a state that allows this."""


class Aborted(WeNeedsError):
    """Somebody else changed the resource; read it again and retry."""


class Unimplemented(WeNeedsError):
    """The server does not know the method: the client is newer than it."""


class Internal(WeNeedsError):
    """The server failed; quote `correlation_id` when you report it."""


class Unavailable(WeNeedsError):
    """The server cannot be reached or is not ready."""


class Unauthenticated(WeNeedsError):
    """No token, or one that is expired, ended or not valid."""


_CLASSES: dict[grpc.StatusCode, type[WeNeedsError]] = {
    grpc.StatusCode.CANCELLED: Cancelled,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgument,
    grpc.StatusCode.OUT_OF_RANGE: InvalidArgument,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.RESOURCE_EXHAUSTED: RateLimited,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPrecondition,
    grpc.StatusCode.ABORTED: Aborted,
    grpc.StatusCode.UNIMPLEMENTED: Unimplemented,
    grpc.StatusCode.INTERNAL: Internal,
    grpc.StatusCode.DATA_LOSS: Internal,
    grpc.StatusCode.UNKNOWN: Internal,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
}


def error_of(problem: Problem) -> WeNeedsError:
    """Return the exception of the class that fits the status."""
    return _CLASSES.get(problem.code, WeNeedsError)(problem)


def read_error(error: grpc.RpcError, method: str = "", request_id: str = "") -> WeNeedsError:
    """Return the typed form of an error that gRPC raised."""
    # A failed call is an RpcError and a Call in one object; the stubs know only the first half.
    call = cast("grpc.Call", error)
    trailers = _trailers(call)
    status = _status(trailers)
    info = ErrorInfo()
    local = LocalizedMessage()
    bad = BadRequest()
    retry = RetryInfo()
    about = RequestInfo()
    for detail in status.details:
        for kind in (info, local, bad, retry, about):
            detail.Unpack(kind)
    return error_of(
        Problem(
            code=call.code() or grpc.StatusCode.UNKNOWN,
            message=local.message or status.message or call.details() or "",
            reason=info.reason,
            domain=info.domain,
            metadata=dict(info.metadata),
            fields=tuple(
                FieldProblem(
                    each.field, each.localized_message.message or each.description, each.reason
                )
                for each in bad.field_violations
            ),
            retry_after=_seconds(retry),
            correlation_id=info.metadata.get("correlation_id")
            or about.request_id
            or _text(trailers.get(_CORRELATION, "")),
            method=method,
            request_id=request_id,
        )
    )


def _trailers(call: grpc.Call) -> dict[str, str | bytes]:
    # Pairs one by one: gRPC's asynchronous metadata looks like a mapping to dict() and is none.
    return {key: value for key, value in call.trailing_metadata() or ()}  # noqa: C416


def _status(trailers: Mapping[str, str | bytes]) -> Status:
    raw = trailers.get(_DETAILS)
    return Status.FromString(raw) if isinstance(raw, bytes) else Status()


def _seconds(retry: RetryInfo) -> float | None:
    if not retry.HasField("retry_delay"):
        return None
    delay: float = retry.retry_delay.ToTimedelta().total_seconds()
    return delay


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("ascii", "replace")
