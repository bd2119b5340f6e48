"""Lists that turn their own pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any, Generic, TypeVar, cast

from google.protobuf.message import Message

PageT = TypeVar("PageT")
ItemT = TypeVar("ItemT")


class Pager(Generic[PageT, ItemT]):
    """A list of the contract, read page by page as you iterate.

    Iterate over it for the items, over `pages()` for whole answers, or take
    one answer with `page()`. Each iteration starts at the first page asked for.
    """

    def __init__(self, fetch: Callable[[Message], Message], request: Message, items: str) -> None:
        self._fetch = fetch
        self._request = request
        self._items = items

    def __iter__(self) -> Iterator[ItemT]:
        """Return an iterator over all items, from page to page."""
        for page in self.pages():
            yield from getattr(page, self._items)

    def page(self) -> PageT:
        """Return one answer: the page that the request names."""
        return cast("PageT", self._fetch(self._request))

    def pages(self) -> Iterator[PageT]:
        """Return an iterator over the answers."""
        request: Message | None = self._request
        while request is not None:
            answer = self._fetch(request)
            yield cast("PageT", answer)
            request = _following(request, answer)


class AsyncPager(Generic[PageT, ItemT]):
    """The same for `async for`. Awaiting the pager itself gives one answer."""

    def __init__(
        self, fetch: Callable[[Message], Awaitable[Message]], request: Message, items: str
    ) -> None:
        self._fetch = fetch
        self._request = request
        self._items = items

    async def __aiter__(self) -> AsyncIterator[ItemT]:
        """Return an iterator over all items, from page to page."""
        async for page in self.pages():
            for item in getattr(page, self._items):
                yield item

    def __await__(self) -> Generator[Any, None, PageT]:
        """Give one answer, like `page()`."""
        return self.page().__await__()

    async def page(self) -> PageT:
        """Return one answer: the page that the request names."""
        return cast("PageT", await self._fetch(self._request))

    async def pages(self) -> AsyncIterator[PageT]:
        """Return an iterator over the answers."""
        request: Message | None = self._request
        while request is not None:
            answer = await self._fetch(request)
            yield cast("PageT", answer)
            request = _following(request, answer)


def _following(request: Message, answer: Message) -> Message | None:
    """Return the request for the next page, or None after the last one."""
    following = getattr(answer, "next_page_token")  # noqa: B009
    if not following:
        return None
    after = type(request)()
    after.CopyFrom(request)
    setattr(after, "page_token", following)  # noqa: B010
    # The number to skip counts from the start of the list, not of each page.
    if "skip" in request.DESCRIPTOR.fields_by_name:
        after.ClearField("skip")
    return after
