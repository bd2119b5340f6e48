"""Carries out the steps of `steps.py` in an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any, ClassVar, TypeVar, cast

import grpc.aio
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message

from weneeds import steps
from weneeds._sync import too_late
from weneeds.paging import AsyncPager
from weneeds.rpc import Rpc
from weneeds.streams import AsyncStream
from weneeds.tokens import Identity

M = TypeVar("M", bound=Message)


class AsyncSingleFlight:
    """Runs a piece of work once for all tasks that ask for it meanwhile."""

    def __init__(self) -> None:
        self._flight: asyncio.Task[Message] | None = None

    async def run(self, work: Callable[[], Coroutine[Any, Any, Message]], within: float) -> None:
        """Do `work`, or wait for whoever does; raises what the work raises.

        The work goes on when a waiting task is cancelled: others wait too,
        and a refresh token that was sent is used up. Raises DeadlineExceeded
        after waiting `within` seconds.
        """
        flight = self._flight
        if flight is None:
            flight = self._flight = asyncio.create_task(work())
            flight.add_done_callback(self._land)
        try:
            async with asyncio.timeout(max(within, 0)):
                await asyncio.shield(flight)
        except TimeoutError:
            raise too_late() from None

    def _land(self, flight: asyncio.Task[Message]) -> None:
        self._flight = None
        if not flight.cancelled():
            # Looked at here, so that a failure nobody waits for is not reported twice.
            flight.exception()


class AsyncCaller:
    """Makes calls as one identity over a channel that others may share."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        identity: Identity,
        config: steps.Config,
        *,
        owner: bool = True,
    ) -> None:
        self.channel = channel
        self.identity = identity
        self.config = config
        self._owner = owner
        self._renewing = AsyncSingleFlight()
        self._stubs: dict[str, Callable[..., Any]] = {}

    async def unary(self, rpc: Rpc, request: Message, timeout: float | None) -> Message:
        """Make a call; raises WeNeedsError."""
        return await self._run(steps.unary(rpc, request, self.identity, self.config, timeout))

    def stream(self, rpc: Rpc, request: Message) -> AsyncStream[Any]:
        """Open a stream that reconnects by itself."""
        live = _Live()
        run = steps.stream(rpc, request, self.identity, self.config)
        return AsyncStream(self._messages(run, live), live.cancel)

    async def close(self) -> None:
        """Close the channel, unless it is another's."""
        if self._owner:
            await self.channel.close()

    async def _run(self, run: steps.Steps) -> Message:
        outcome: object = None
        error: Exception | None = None
        try:
            while True:
                step = run.send(outcome) if error is None else run.throw(error)
                outcome, error = None, None
                try:
                    outcome = await self._do(step)
                except Exception as raised:
                    error = raised
        except StopIteration as done:
            return cast("Message", done.value)

    async def _messages(self, run: steps.StreamSteps, live: _Live) -> AsyncIterator[Message]:
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
                outcome = await self._do_streaming(step, live)
            except Exception as raised:
                error = raised

    async def _do_streaming(self, step: steps.Step, live: _Live) -> object:
        if isinstance(step, steps.Open):
            live.call = self._stub(step.rpc)(step.request, metadata=step.metadata)
            return None
        if isinstance(step, steps.Next):
            return await live.next()
        if isinstance(step, steps.Sleep):
            await live.pause(step.seconds)
            return None
        return await self._do(step)

    async def _do(self, step: steps.Step) -> object:
        match step:
            case steps.Send():
                stub = self._stub(step.rpc)
                return await stub(step.request, timeout=step.timeout, metadata=step.metadata)
            case steps.Sleep():
                await asyncio.sleep(step.seconds)
            case steps.Renew():
                await self._renew(step)
            case _:
                raise TypeError(f"not a step of a unary call: {step}")
        return None

    async def _renew(self, step: steps.Renew) -> None:
        if self.identity.access_token != step.stale:
            return
        await self._renewing.run(
            lambda: self._run(steps.renewal(self.identity, self.config)), step.within
        )

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
        self.call: Any = None
        self.over = asyncio.Event()

    @property
    def closed(self) -> bool:
        return self.over.is_set()

    async def next(self) -> Message | None:
        if self.call is None or self.closed:
            return None
        try:
            message = await self.call.read()
        except asyncio.CancelledError:
            # gRPC raises it in the reader when the call was cancelled by close().
            if self.closed:
                return None
            self.call.cancel()
            raise
        return None if message is grpc.aio.EOF else cast("Message", message)

    async def pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.over.wait()
        except TimeoutError:
            return

    def cancel(self) -> None:
        self.over.set()
        if self.call is not None:
            self.call.cancel()


class AsyncGroup:
    """The methods of one service. Subclasses are generated from the contract."""

    _service: ClassVar[ServiceDescriptor]

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller
        self._rpcs: dict[str, Rpc] = {}

    def _rpc(self, name: str) -> Rpc:
        rpc = self._rpcs.get(name)
        if rpc is None:
            rpc = self._rpcs[name] = Rpc.of(self._service.methods_by_name[name])
        return rpc

    async def _unary(
        self,
        name: str,
        answer: type[M],
        request: Message | None,
        fields: Mapping[str, object],
        timeout: float | None,
    ) -> M:
        rpc = self._rpc(name)
        made = await self._caller.unary(rpc, rpc.build(request, fields), timeout)
        return cast("M", made)

    def _paged(
        self,
        name: str,
        request: Message | None,
        fields: Mapping[str, object],
        timeout: float | None,
    ) -> AsyncPager[Any, Any]:
        rpc = self._rpc(name)

        async def fetch(page: Message) -> Message:
            return await self._caller.unary(rpc, page, timeout)

        return AsyncPager(fetch, rpc.build(request, fields), rpc.items)

    def _stream(
        self, name: str, request: Message | None, fields: Mapping[str, object]
    ) -> AsyncStream[Any]:
        rpc = self._rpc(name)
        return self._caller.stream(rpc, rpc.build(request, fields))
