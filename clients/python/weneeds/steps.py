"""One call, told as steps: what to send, when to wait, when to renew.

The generators here hold every rule of the client and do no I/O. The blocking
and the asynchronous client carry the same steps out, each in its own way, and
give back what came of each, or throw in the error.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast

import grpc
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from weneeds.auth.v1 import admin_service_pb2 as staff
from weneeds.auth.v1 import session_service_pb2 as sessions
from weneeds.errors import DeadlineExceeded, Problem, Unauthenticated, WeNeedsError, read_error
from weneeds.retry import RetryPolicy
from weneeds.rpc import Rpc
from weneeds.tokens import Identity

Metadata: TypeAlias = tuple[tuple[str, str], ...]

# A refresh token is good once, but the server answers a repeat within a few
# seconds the same way: a lost answer is worth another try.
REFRESH = replace(
    Rpc.of(sessions.DESCRIPTOR.services_by_name["SessionService"].methods_by_name["Refresh"]),
    repeatable=True,
)
REFRESH_ADMIN = replace(
    Rpc.of(
        staff.DESCRIPTOR.services_by_name["AdminSessionService"].methods_by_name["RefreshAdmin"]
    ),
    repeatable=True,
)
_RENEWABLE = ("", "TOKEN_EXPIRED")
_MIN_TIMEOUT = 0.001


@dataclass(frozen=True)
class Send:
    """Make a unary call; gives back the answer."""

    rpc: Rpc
    request: Message
    metadata: Metadata
    timeout: float


@dataclass(frozen=True)
class Open:
    """Open a stream."""

    rpc: Rpc
    request: Message
    metadata: Metadata


@dataclass(frozen=True)
class Next:
    """Read from the open stream; gives back a message, or None at its end."""


@dataclass(frozen=True)
class Emit:
    """Hand a message to whoever iterates."""

    message: Message


@dataclass(frozen=True)
class Sleep:
    """Wait, in seconds."""

    seconds: float


@dataclass(frozen=True)
class Renew:
    """See to it that the token is not `stale` any more, once for all who wait."""

    stale: str
    within: float


Step: TypeAlias = Send | Open | Next | Emit | Sleep | Renew
# What a step gives back depends on the step, which Generator cannot say.
Steps: TypeAlias = Generator[Step, Any, Message]
StreamSteps: TypeAlias = Generator[Step, Any, None]


@dataclass(frozen=True)
class Config:
    """What holds for all calls of a client."""

    locale: str
    timeout: float
    """Seconds for a unary call, all its tries together."""
    retry: RetryPolicy

    def metadata(self, token: str) -> Metadata:
        """Return what goes along with a call."""
        language = (("accept-language", self.locale),) if self.locale else ()
        bearer = (("authorization", f"Bearer {token}"),) if token else ()
        return language + bearer


class Deadline:
    """The time that a call has left."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left; negative when it is over."""
        return self._end - time.monotonic()


def unary(
    rpc: Rpc, request: Message, identity: Identity, config: Config, timeout: float | None
) -> Steps:
    """Tell a unary call: renew the token if it is due, send, retry what may pass."""
    deadline = Deadline(config.timeout if timeout is None else timeout)
    attempt = 0
    renewed = rpc.public
    while True:
        attempt += 1
        token = yield from _token(rpc, identity, deadline.left())
        if deadline.left() <= 0:
            raise _too_late(rpc, request)
        sending = Send(rpc, request, config.metadata(token), max(deadline.left(), _MIN_TIMEOUT))
        try:
            answer: Message = yield sending
        except grpc.RpcError as raw:
            error = read_error(raw, rpc.name, getattr(request, "request_id", ""))
            if not renewed and _can_renew(error, identity):
                renewed = True
                yield Renew(token, deadline.left())
                continue
            pause = config.retry.pause(attempt, error, deadline.left()) if rpc.repeatable else None
            if pause is None:
                raise error from raw
            yield Sleep(pause)
            continue
        identity.learn(rpc, answer)
        return answer


def renewal(identity: Identity, config: Config) -> Steps:
    """Tell the trade of the refresh token; a session that is over is forgotten."""
    tokens = identity.tokens
    rpc = REFRESH_ADMIN if tokens and tokens.staff else REFRESH
    request = rpc.build(None, {"refresh_token": tokens.refresh_token if tokens else ""})
    try:
        return (yield from unary(rpc, request, identity, config, None))
    except Unauthenticated:
        identity.keep(None)
        raise


def stream(rpc: Rpc, request: Message, identity: Identity, config: Config) -> StreamSteps:
    """Tell a server stream that goes on after a break from the last cursor seen."""
    failures = 0
    renewed = False
    while True:
        token = yield from _token(rpc, identity, config.timeout)
        try:
            yield Open(rpc, request, config.metadata(token))
            while (message := (yield Next())) is not None:
                failures, renewed = 0, False
                advance(request, message)
                yield Emit(message)
            return
        except grpc.RpcError as raw:
            error = read_error(raw, rpc.name)
            if not renewed and _can_renew(error, identity):
                renewed = True
                yield Renew(token, config.timeout)
                continue
            failures += 1
            pause = config.retry.reopening(failures, error) if rpc.repeatable else None
            if pause is None:
                raise error from raw
            yield Sleep(pause)


def advance(request: Message, message: Message) -> None:
    """Carry the cursor of a streamed message into the request that would reopen it.

    The cursor stands in the message or in the part that is set.
    """
    if "cursor" not in request.DESCRIPTOR.fields_by_name:
        return
    for holder in (message, *_parts(message)):
        cursor = getattr(holder, "cursor", "")
        if cursor:
            setattr(request, "cursor", cursor)  # noqa: B010


def _parts(message: Message) -> list[Message]:
    return [
        cast("Message", value)
        for field, value in message.ListFields()
        if field.type == FieldDescriptor.TYPE_MESSAGE and not field.is_repeated
    ]


def _token(rpc: Rpc, identity: Identity, within: float) -> Generator[Step, Any, str]:
    if rpc.public:
        return ""
    if identity.due():
        try:
            yield Renew(identity.access_token, within)
        except Unauthenticated:
            raise
        except WeNeedsError:
            # Renewed early: the token in hand is still good for a while.
            pass
    return identity.access_token


def _can_renew(error: WeNeedsError, identity: Identity) -> bool:
    """Whether a new token may help. The gateway refuses a token without a reason."""
    expired = isinstance(error, Unauthenticated) and error.reason in _RENEWABLE
    return expired and identity.renewable


def _too_late(rpc: Rpc, request: Message) -> DeadlineExceeded:
    problem = Problem(
        code=grpc.StatusCode.DEADLINE_EXCEEDED,
        message="The timeout was over before the call could be sent.",
        method=rpc.name,
        request_id=getattr(request, "request_id", ""),
    )
    return DeadlineExceeded(problem)
