"""Search by words over jobs and profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from services.kit.db import Reader
from services.kit.paging import Page
from services.matching.app.ports import KnownJob, KnownProfile
from services.matching.app.stores import IndexStore, Searcher
from services.matching.domain.fusion import TEXT
from services.matching.domain.search.entry import Sought
from services.matching.domain.search.facets import CANDIDATE, Filter
from services.matching.domain.search.search import Request, Result
from services.matching.domain.search.texts import tokens

Found = TypeVar("Found", KnownJob, KnownProfile)


@dataclass(frozen=True, slots=True)
class FoundPage(Generic[Found]):
    """One page, best first."""

    found: list[Found]
    next_token: str
    total: int


class TextSearch:
    """Finds what holds a word of the query: the rarer the word, the higher."""

    def __init__(self, reader: Reader, store: IndexStore, engine: Searcher) -> None:
        self._reader = reader
        self._store = store
        self._engine = engine

    async def jobs(self, query: str, page: Page, wanted: Filter) -> FoundPage[KnownJob]:
        """Find open jobs."""
        result = await self._engine.jobs(self._reader, _request(query, page, wanted))
        return _page(page, result, await self._store.jobs(self._reader, _ids(result, page)))

    async def candidates(self, query: str, page: Page, wanted: Filter) -> FoundPage[KnownProfile]:
        """Find candidates; nobody's prospects."""
        wanted = replace(wanted, groups=frozenset({CANDIDATE}))
        result = await self._engine.profiles(self._reader, _request(query, page, wanted))
        return _page(page, result, await self._store.profiles(self._reader, _ids(result, page)))


def _request(query: str, page: Page, wanted: Filter) -> Request:
    after = None if page.after is None else (page.after[0], page.after[1])
    sought = Sought("", (), tokens([query]), None)
    return Request(sought, TEXT, {}, wanted, page.fetch, after, matching=True)


def _ids(result: Result, page: Page) -> list[str]:
    return [hit.entry.id for hit in result.hits[: page.size]]


def _page(page: Page, result: Result, rows: Mapping[str, Found]) -> FoundPage[Found]:
    shown = result.hits[: page.size]
    key = (shown[-1].fused.rank, shown[-1].entry.id) if shown else ()
    found = [rows[hit.entry.id] for hit in shown if hit.entry.id in rows]
    return FoundPage(found, page.next_token(result.hits, key), result.total)
