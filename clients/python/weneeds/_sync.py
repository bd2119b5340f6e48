"""Carries out the steps of `steps.py`, blocking."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any, ClassVar, Protocol, TypeVar, cast

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message

from weneeds import steps
from weneeds.errors import DeadlineExceeded, Problem
from weneeds.paging import Pager
from weneeds.rpc import Rpc
from weneeds.streams import Stream
from weneeds.tokens import Identity

M = TypeVar("M", bound=Message)


class OpenStream(Protocol):
    """What gRPC gives back for a server stream."""

    def __iter__(self) -> Iterator[Message]:
        """Return the messages."""

    def __next__(self) -> Message:
        """Return the next message."""

    def cancel(self) -> bool:
        """End the call."""


class SingleFlight:
    """Runs a piece of work once for all threads that ask for it meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flight: Future[None] | None = None

    def run(self, needed: Callable[[], bool], work: Callable[[], object], within: float) -> None:
        """Do `work`, or wait for whoever does; raises what the work raises.

        Raises DeadlineExceeded after waiting `within` seconds.
        """
        with self._lock:
            if not needed():
                return
            flight = self._flight
            leads = flight is None
            if flight is None:
                flight = self._flight = Future()
        if leads:
            self._lead(flight, work)
            return
        try:
            flight.result(timeout=max(within, 0))
        except TimeoutError:
            raise too_late() from None

    def _lead(self, flight: Future[None], work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            self._land()
            flight.set_exception(error)
            raise
        self._land()
        flight.set_result(None)

    def _land(self) -> None:
        with self._lock:
            self._flight = None


def too_late() -> DeadlineExceeded:
    """Return the error of a call that waited in vain for a new token."""
    message = "The timeout was over before the access token was renewed."
    return DeadlineExceeded(Problem(code=grpc.StatusCode.DEADLINE_EXCEEDED, message=message))


class Caller:
    """Makes calls as one identity over a channel that others may share."""

    def __init__(
        self,
        channel: grpc.Channel,
        identity: Identity,
        config: steps.Config,
        *,
        owner: bool = True,
    ) -> None:
        self.channel = channel
        self.identity = identity
        self.config = config
        self._owner = owner
        self._renewing = SingleFlight()
        self._stubs: dict[str, Callable[..., Any]] = {}

    def unary(self, rpc: Rpc, request: Message, timeout: float | None) -> Message:
        """Make a call; raises WeNeedsError."""
        return self._run(steps.unary(rpc, request, self.identity, self.config, timeout))

    def stream(self, rpc: Rpc, request: Message) -> Stream[Any]:
        """Open a stream that reconnects by itself."""
        live = _Live()
        run = steps.stream(rpc, request, self.identity, self.config)
        return Stream(self._messages(run, live), live.cancel)

    def close(self) -> None:
        """Close the channel, unless it is another's."""
        if self._owner:
            self.channel.close()

    def _run(self, run: steps.Steps) -> Message:
        outcome: object = None
        error: Exception | None = None
        try:
            while True:
                step = run.send(outcome) if error is None else run.throw(error)
                outcome, error = None, None
                try:
                    outcome = self._do(step)
                except Exception as raised:
                    error = raised
        except StopIteration as done:
            return cast("Message", done.value)

    def _messages(self, run: steps.StreamSteps, live: _Live) -> Iterator[Message]:
        outcome: object = None
        error: Exception | None = None
        while not live.closed:
            try:
                step = run.send(outcome) if error is None else run.throw(error)
            except StopIteration:
                return
            except Exception:
                if live.closed:
                    return
                raise
            outcome, error = None, None
            if isinstance(step, steps.Emit):
                yield step.message
                continue
            try:
                outcome = self._do_streaming(step, live)
            except Exception as raised:
                error = raised

    def _do_streaming(self, step: steps.Step, live: _Live) -> object:
        if isinstance(step, steps.Open):
            live.call = self._stub(step.rpc)(step.request, metadata=step.metadata)
            return None
        if isinstance(step, steps.Next):
            return live.next()
        if isinstance(step, steps.Sleep):
            live.over.wait(step.seconds)
            return None
        return self._do(step)

    def _do(self, step: steps.Step) -> object:
        match step:
            case steps.Send():
                stub = self._stub(step.rpc)
                return stub(step.request, timeout=step.timeout, metadata=step.metadata)
            case steps.Sleep():
                time.sleep(step.seconds)
            case steps.Renew():
                self._renewing.run(
                    lambda: self.identity.access_token == step.stale,
                    lambda: self._run(steps.renewal(self.identity, self.config)),
                    step.within,
                )
            case _:
                raise TypeError(f"not a step of a unary call: {step}")
        return None

    def _stub(self, rpc: Rpc) -> Callable[..., Any]:
        stub = self._stubs.get(rpc.path)
        if stub is None:
            make: Any = self.channel.unary_stream if rpc.streams else self.channel.unary_unary
            stub = make(
                rpc.path,
                request_serializer=rpc.request.SerializeToString,
                response_deserializer=rpc.response.FromString,
            )
            self._stubs[rpc.path] = stub
        return cast("Callable[..., Any]", stub)


class _Live:
    """The connection under a stream, which changes when it reconnects."""

    def __init__(self) -> None:
        self.call: OpenStream | None = None
        self.over = threading.Event()

    @property
    def closed(self) -> bool:
        return self.over.is_set()

    def next(self) -> Message | None:
        if self.call is None or self.closed:
            return None
        return next(self.call, None)

    def cancel(self) -> None:
        self.over.set()
        if self.call is not None:
            self.call.cancel()


class Group:
    """The methods of one service. Subclasses are generated from the contract."""

    _service: ClassVar[ServiceDescriptor]

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._rpcs: dict[str, Rpc] = {}

    def _rpc(self, name: str) -> Rpc:
        rpc = self._rpcs.get(name)
        if rpc is None:
            rpc = self._rpcs[name] = Rpc.of(self._service.methods_by_name[name])
        return rpc

    def _unary(
        self,
        name: str,
        answer: type[M],
        request: Message | None,
        fields: Mapping[str, object],
        timeout: float | None,
    ) -> M:
        rpc = self._rpc(name)
        made = self._caller.unary(rpc, rpc.build(request, fields), timeout)
        return cast("M", made)

    def _paged(
        self,
        name: str,
        request: Message | None,
        fields: Mapping[str, object],
        timeout: float | None,
    ) -> Pager[Any, Any]:
        rpc = self._rpc(name)

        def fetch(page: Message) -> Message:
            return self._caller.unary(rpc, page, timeout)

        return Pager(fetch, rpc.build(request, fields), rpc.items)

    def _stream(
        self, name: str, request: Message | None, fields: Mapping[str, object]
    ) -> Stream[Any]:
        rpc = self._rpc(name)
        return self._caller.stream(rpc, rpc.build(request, fields))
