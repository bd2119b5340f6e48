"""The index in memory, kept in step with its tables: the scan of the engine "pgvector".

Before each search the rows are read that were written since: by transactions that had not ended
when the tables were last looked at (`changed` against `pg_snapshot_xmin`). No committed row is
missed, whatever order transactions end in; rows read twice are known by their versions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from services.kit.clock import Clock
from services.kit.db import Query, Row
from services.matching.app.stores import Reads
from services.matching.domain.scoring.facts import Month
from services.matching.domain.search.collection import Collection, Model
from services.matching.domain.search.entry import Entry
from services.matching.domain.search.search import Request, Result, search
from services.matching.store.entries import job_entry, profile_entry
from services.matching.store.index import PostgresIndex
from services.matching.store.tables import DIMENSIONS

_AT_ONCE = 1000
_NOTHING = np.zeros(DIMENSIONS, np.float32)
Done = TypeVar("Done")
_FIRST = "0"
# One row at least, so that the horizon always comes.
CHANGED_PROFILES = Query.text(
    """
    select upto, c.* from (
        select cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as upto
    ) horizon left join (
        select candidate_id as id, version, false as gone from indexed_profiles
        where changed >= cast(cast(:seen as text) as xid8)
        union all select id, version, candidate_id is not null from prospects
        where experiences is not null and changed >= cast(cast(:seen as text) as xid8)
        union all select candidate_id, 0, true from erased_profiles
        where changed >= cast(cast(:seen as text) as xid8)
    ) c on true
    """
)
CHANGED_JOBS = Query.text(
    """
    select upto, c.* from (
        select cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as upto
    ) horizon left join (
        select job_id as id, version, not open as gone from indexed_jobs
        where changed >= cast(cast(:seen as text) as xid8)
    ) c on true
    """
)
FULL_PROFILES = Query.text(
    """
    select candidate_id as id, version, city, locale, facts, null as company_id, 0 as salary,
           0 as available, vector_send(experiences) as vector
    from indexed_profiles where candidate_id = any(cast(:ids as uuid[]))
    union all
    select id, version, city, locale, facts, company_id, salary, available,
           vector_send(experiences)
    from prospects
    where id = any(cast(:ids as uuid[])) and candidate_id is null and experiences is not null
    """
)
FULL_JOBS = Query.text(
    """
    select job_id as id, version, city, locale, facts, company_id, salary, 0 as available,
           vector_send(experiences) as vector
    from indexed_jobs where open and job_id = any(cast(:ids as uuid[]))
    """
)


Read = Callable[[Row, int], Entry]


class Board:
    """Two collections in memory. One thread works on them, so that none is seen half written."""

    name = "pgvector"

    def __init__(self, index: PostgresIndex, clock: Clock, model: Model | None = None) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search")
        model = model or Model()
        tools = _Tools(index, clock, self._thread)
        self._profiles = _Followed(tools, CHANGED_PROFILES, FULL_PROFILES, profile_entry, model)
        self._jobs = _Followed(tools, CHANGED_JOBS, FULL_JOBS, job_entry, model)

    async def use(self, reads: Reads, model: Model) -> None:
        """Compare titles by another model; the tables are read again while searches go on."""
        await self._profiles.renew(reads, model)
        await self._jobs.renew(reads, model)

    async def profiles(self, reads: Reads, request: Request) -> Result:
        """Return profiles and prospects, best first."""
        return await self._profiles.search(reads, request)

    async def jobs(self, reads: Reads, request: Request) -> Result:
        """Return open jobs, best first."""
        return await self._jobs.search(reads, request)

    async def warm(self, reads: Reads) -> None:
        """Read what is new, so that the next search need not."""
        await self._profiles.follow(reads)
        await self._jobs.follow(reads)

    @property
    def size(self) -> int:
        """Bytes of memory of vectors and postings."""
        return self._profiles.collection.size + self._jobs.collection.size

    async def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Tools:
    index: PostgresIndex
    clock: Clock
    thread: ThreadPoolExecutor

    async def run(self, work: Callable[[], Done]) -> Done:
        """Run in the one thread."""
        return await asyncio.get_running_loop().run_in_executor(self.thread, work)


class _Followed:
    """A collection and how far its tables were read."""

    def __init__(
        self, tools: _Tools, changed: Query, full: Query, read: Read, model: Model
    ) -> None:
        self.collection = Collection(model)
        self._tools = tools
        self._changed = changed
        self._full = full
        self._read = read
        self._seen = _FIRST
        self._lock = asyncio.Lock()

    async def search(self, reads: Reads, request: Request) -> Result:
        """Search what is committed by now."""
        await self.follow(reads)
        collection = self.collection
        return await self._tools.run(lambda: search(collection, request))

    async def follow(self, reads: Reads) -> None:
        """Read what changed since the last time."""
        async with self._lock:
            self._seen = await self._catch_up(reads, self.collection, self._seen)

    async def renew(self, reads: Reads, model: Model) -> None:
        """Build the collection anew beside the one in use, then take its place."""
        fresh = Collection(model)
        seen = await self._catch_up(reads, fresh, _FIRST)
        async with self._lock:
            self._seen = await self._catch_up(reads, fresh, seen)
            self.collection = fresh

    async def _catch_up(self, reads: Reads, collection: Collection, seen: str) -> str:
        rows = await reads.fetch(self._changed, seen=seen)
        told = [row for row in rows if row["id"] is not None]
        gone = [row["id"] for row in told if row["gone"] and collection.entry(row["id"])]
        stale = [row["id"] for row in told if not row["gone"] and _is_new(collection, row)]
        if gone:
            await self._tools.run(lambda: collection.remove(gone))
        for start in range(0, len(stale), _AT_ONCE):
            await self._put(reads, collection, stale[start : start + _AT_ONCE])
        return str(rows[0]["upto"])

    async def _put(self, reads: Reads, collection: Collection, ids: Sequence[str]) -> None:
        rows = await reads.fetch(self._full, ids=list(ids))
        now = month_of(self._tools.clock)
        entries = await self._tools.run(lambda: [self._read(row, now) for row in rows])
        titles, skills = collection.new_texts(entries)
        vectors = await self._tools.index.names(reads, [*titles, *skills])
        # A name whose vector is not there is like no other; its letters and words still count.
        known = {name: vectors.get(name, _NOTHING) for name in (*titles, *skills)}
        await self._tools.run(lambda: collection.put(entries, known))


def _is_new(collection: Collection, row: Row) -> bool:
    entry = collection.entry(row["id"])
    return entry is None or bool(entry.version != row["version"])


def month_of(clock: Clock) -> int:
    """The current month, up to which work that lasts is counted."""
    today = clock.now().date()
    return Month(today.year, today.month).index
