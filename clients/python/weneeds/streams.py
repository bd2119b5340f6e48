"""Streams that go on after the connection broke."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar, cast

from google.protobuf.message import Message

MessageT = TypeVar("MessageT")


class Stream(Generic[MessageT]):
    """A server stream. Iterate over it; leave the `with` block, or close it, to end it."""

    def __init__(self, messages: Iterator[Message], cancel: Callable[[], None]) -> None:
        self._messages = messages
        self._cancel = cancel

    def __iter__(self) -> Iterator[MessageT]:
        """Return the stream itself: it can be read once."""
        return self

    def __next__(self) -> MessageT:
        """Return the next message; wait for it."""
        return cast("MessageT", next(self._messages))

    def close(self) -> None:
        """End the stream; another thread that waits for a message is let go."""
        self._cancel()

    def __enter__(self) -> Self:
        """Return the stream itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the stream."""
        self.close()


class AsyncStream(Generic[MessageT]):
    """The same for `async for`."""

    def __init__(self, messages: AsyncIterator[Message], cancel: Callable[[], None]) -> None:
        self._messages = messages
        self._cancel = cancel

    def __aiter__(self) -> AsyncIterator[MessageT]:
        """Return the stream itself: it can be read once."""
        return self

    async def __anext__(self) -> MessageT:
        """Return the next message; wait for it."""
        return cast("MessageT", await anext(self._messages))

    async def close(self) -> None:
        """End the stream; a task that waits for a message is let go."""
        self._cancel()

    async def __aenter__(self) -> Self:
        """Return the stream itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the stream."""
        await self.close()
