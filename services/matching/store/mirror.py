"""The index in a search server, kept in step with its tables: the engine "weaviate".

As the board does, it reads what was written since the last look before each search, and hands it
on. A server that is new or was emptied is filled from the tables, a portion at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from services.kit.clock import Clock
from services.kit.db import Query, Row
from services.matching.app.stores import Reads
from services.matching.domain.scoring.inputs import job_from_json, profile_from_json
from services.matching.domain.search.arrays import Floats, unit
from services.matching.domain.search.entry import Entry, Texts, job_texts, profile_texts
from services.matching.domain.search.search import Request, Result
from services.matching.store.board import (
    CHANGED_JOBS,
    CHANGED_PROFILES,
    FULL_JOBS,
    FULL_PROFILES,
    month_of,
)
from services.matching.store.entries import job_entry, profile_entry
from services.matching.store.index import PostgresIndex

_AT_ONCE = 200
_FIRST = "0"
Vectors = dict[str, list[float]]


class Server(Protocol):
    """A collection of a search server."""

    async def ensure(self) -> None:
        """Create it, unless it is there."""

    async def put(self, rows: Sequence[tuple[Entry, Texts, Vectors]]) -> None:
        """Write entries, with their texts and their vectors by name."""

    async def delete(self, ids: Sequence[str]) -> None:
        """Delete entries."""

    async def search(self, request: Request) -> Result:
        """Search."""


class Mirror:
    """Two collections of a search server."""

    name = "weaviate"

    def __init__(self, index: PostgresIndex, clock: Clock, profiles: Server, jobs: Server) -> None:
        self._profiles = _Mirrored(
            index, clock, profiles, CHANGED_PROFILES, FULL_PROFILES, profile_entry, _of_profile
        )
        self._jobs = _Mirrored(index, clock, jobs, CHANGED_JOBS, FULL_JOBS, job_entry, _of_job)

    async def profiles(self, reads: Reads, request: Request) -> Result:
        """Return profiles and prospects, best first."""
        return await self._profiles.search(reads, request)

    async def jobs(self, reads: Reads, request: Request) -> Result:
        """Return open jobs, best first."""
        return await self._jobs.search(reads, request)


class _Mirrored:
    def __init__(
        self,
        index: PostgresIndex,
        clock: Clock,
        server: Server,
        changed: Query,
        full: Query,
        read: Callable[[Row, int], Entry],
        texts: Callable[[Row], Texts],
    ) -> None:
        self._index = index
        self._clock = clock
        self._server = server
        self._changed = changed
        self._full = full
        self._read = read
        self._texts = texts
        self._seen = _FIRST
        self._versions: dict[str, int] = {}
        self._lock = asyncio.Lock()

    async def search(self, reads: Reads, request: Request) -> Result:
        async with self._lock:
            await self._follow(reads)
        return await self._server.search(request)

    async def _follow(self, reads: Reads) -> None:
        if self._seen == _FIRST:
            await self._server.ensure()
        rows = await reads.fetch(self._changed, seen=self._seen)
        told = [row for row in rows if row["id"] is not None]
        gone = [row["id"] for row in told if row["gone"]]
        stale = [
            row["id"]
            for row in told
            if not row["gone"] and self._versions.get(row["id"]) != row["version"]
        ]
        # A server keeps what it had when this process was not there, so all that is gone is said.
        for start in range(0, len(gone), _AT_ONCE):
            await self._server.delete(gone[start : start + _AT_ONCE])
        for start in range(0, len(stale), _AT_ONCE):
            await self._put(reads, stale[start : start + _AT_ONCE])
        for key in gone:
            self._versions.pop(key, None)
        self._seen = str(rows[0]["upto"])

    async def _put(self, reads: Reads, ids: Sequence[str]) -> None:
        rows = await reads.fetch(self._full, ids=list(ids))
        entries = [self._read(row, month_of(self._clock)) for row in rows]
        names = {name for one in entries for name in (*one.titles, *one.skills)}
        vectors = await self._index.names(reads, sorted(names))
        await self._server.put(
            [
                (one, self._texts(row), _named(one, vectors))
                for one, row in zip(entries, rows, strict=True)
            ]
        )
        self._versions |= {one.id: one.version for one in entries}


def _named(entry: Entry, vectors: Mapping[str, Floats]) -> Vectors:
    """The vectors that the server keeps apart: of the title, the experiences and the skills.

    A title that was not embedded and skills that are not there have none.
    """
    found = {"experiences": entry.vector.tolist()}
    for name, texts in (("title", entry.titles[:1]), ("skills", entry.skills)):
        if rows := [vectors[text] for text in texts if text in vectors]:
            found[name] = _middle(rows)
    return found


def _of_profile(row: Row) -> Texts:
    return profile_texts(profile_from_json(row["facts"]))


def _of_job(row: Row) -> Texts:
    return job_texts(job_from_json(row["facts"]))


def _middle(rows: Sequence[Floats]) -> list[float]:
    middle: list[float] = unit(np.mean(rows, axis=0, keepdims=True))[0].tolist()
    return middle
