"""What rankings and scores told of a candidate for a job, kept for later readers.

It is written beside the answers, never in their way: what was told waits in a bounded queue, and a
task writes it in batches. A process that ends loses what waits; the next answer tells it again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from services.kit.db import Reader
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork, UnitsOfWork
from services.matching.app.stores import Reads
from services.matching.domain.errors import MatchNotFound
from services.matching.domain.fusion import Fused
from services.matching.domain.scoring.completeness import Reliability
from services.matching.domain.scoring.reasons import Reason
from services.matching.domain.scoring.score import Dimensions

log = logging.getLogger(__name__)

_MOST_WAITING = 5_000
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a ranking put a candidate: by which profile ("classic/2"), and why there."""

    profile: str
    fused: Fused


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate for a job: the score, and the place where one was given."""

    job_id: str
    candidate_id: str
    job_version: int
    profile_version: int
    final: int
    dimensions: Dimensions
    reliability: Reliability
    reasons: tuple[Reason, ...]
    placed: Placed | None
    updated_at: datetime


class MatchStore(Protocol):
    """Keeps the latest match of each pair."""

    async def put(self, work: UnitOfWork, matches: Sequence[Match]) -> None:
        """Write matches of indexed profiles, except over newer versions."""

    async def erase(self, work: UnitOfWork, candidate_id: str) -> None:
        """Delete a person's matches."""

    async def get(self, reads: Reads, job_id: str, candidate_id: str) -> Match | None:
        """Return a match."""

    async def page(self, reads: Reads, job_id: str, page: Page) -> Listing[Match]:
        """Return a job's matches, the highest score first."""


class Matches:
    """Notes matches and reads them."""

    def __init__(self, work: UnitsOfWork, reader: Reader, store: MatchStore) -> None:
        self._work = work
        self._reader = reader
        self._store = store
        self._waiting: OrderedDict[tuple[str, str], Match] = OrderedDict()
        self._told = asyncio.Event()

    def note(self, matches: Sequence[Match]) -> None:
        """Have matches written soon. Of too many the oldest are let go."""
        for match in matches:
            key = (match.job_id, match.candidate_id)
            before = self._waiting.pop(key, None)
            if match.placed is None and before is not None:
                match = replace(match, placed=before.placed)  # noqa: PLW2901
            self._waiting[key] = match
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)
        self._told.set()

    async def run(self) -> None:
        """Write what is noted, until cancelled."""
        while True:
            await self._told.wait()
            self._told.clear()
            while self._waiting:
                await self.write()

    async def write(self) -> None:
        """Write a batch. One that cannot be written is let go: it would only come again."""
        keys = list(self._waiting)[:_AT_ONCE]
        # In one order, so that two writers wait for each other and never both ways.
        batch = [self._waiting.pop(key) for key in sorted(keys)]
        try:
            async with self._work() as work:
                await self._store.put(work, batch)
        except Exception:
            log.warning("matches were not kept", extra={"count": len(batch)}, exc_info=True)

    async def get(self, job_id: str, candidate_id: str) -> Match:
        """Return what was told last; raise MatchNotFound."""
        found = await self._store.get(self._reader, job_id, candidate_id)
        if found is None:
            raise MatchNotFound(candidate_id=candidate_id)
        return found

    async def page(self, job_id: str, page: Page) -> Listing[Match]:
        """Return a job's matches, the highest score first."""
        return await self._store.page(self._reader, job_id, page)
