"""A channel that is opened anew when what it was opened with has changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import grpc

_LOOK_SECONDS = 1.0
_MARGIN_SECONDS = 1.0


class RenewedChannel(grpc.aio.Channel):
    """New calls go over a channel of the newest `version`; older ones may finish.

    `connect` opens a channel; `version` says what it would be opened with. It
    is asked at most once a second. The replaced channel is closed once calls
    of `grace_seconds` must have ended.
    """

    def __init__(
        self,
        connect: Callable[[], grpc.aio.Channel],
        version: Callable[[], object],
        *,
        grace_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._version = version
        self._grace = grace_seconds
        self._monotonic = monotonic
        self._looked_at = monotonic()
        self._opened_with = version()
        self._channel = connect()
        self._leaving: dict[grpc.aio.Channel, asyncio.Task[None]] = {}

    @property
    def current(self) -> grpc.aio.Channel:
        """The channel for a call that begins now."""
        now = self._monotonic()
        if now - self._looked_at < _LOOK_SECONDS:
            return self._channel
        self._looked_at = now
        version = self._version()
        if version != self._opened_with:
            old, self._channel = self._channel, self._connect()
            self._opened_with = version
            self._leaving[old] = asyncio.create_task(self._leave(old))
        return self._channel

    async def _leave(self, channel: grpc.aio.Channel) -> None:
        await asyncio.sleep(self._grace + _MARGIN_SECONDS)
        await channel.close()
        del self._leaving[channel]

    async def close(self, grace: float | None = None) -> None:
        """Close the channel and those that it replaced."""
        for channel, task in list(self._leaving.items()):
            task.cancel()
            await channel.close(grace)
        self._leaving.clear()
        await self._channel.close(grace)

    async def __aenter__(self) -> RenewedChannel:
        return self

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        await self.close()

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """Return how the present connection is."""
        return self.current.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Return when the present connection is in another state."""
        await self.current.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Return when the present connection stands."""
        await self.current.channel_ready()

    def unary_unary(self, *about: Any, **more: Any) -> Any:
        """Return what makes calls of a method, each over the channel of its moment."""
        return self._calls("unary_unary", about, more)

    def unary_stream(self, *about: Any, **more: Any) -> Any:
        """As `unary_unary`."""
        return self._calls("unary_stream", about, more)

    def stream_unary(self, *about: Any, **more: Any) -> Any:
        """As `unary_unary`."""
        return self._calls("stream_unary", about, more)

    def stream_stream(self, *about: Any, **more: Any) -> Any:
        """As `unary_unary`."""
        return self._calls("stream_stream", about, more)

    def _calls(self, kind: str, about: Any, more: Any) -> Callable[..., Any]:
        def on(channel: grpc.aio.Channel) -> Any:
            return getattr(channel, kind)(*about, **more)

        known, callable_ = self._channel, on(self._channel)

        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal known, callable_
            channel = self.current
            if channel is not known:
                known, callable_ = channel, on(channel)
            return callable_(*arguments, **named)

        return call
