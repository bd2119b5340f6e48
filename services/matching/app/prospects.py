"""People whom a company sourced and who are not registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.ids import Ids
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork, UnitsOfWork
from services.matching.app.ports import Encoder
from services.matching.app.stores import IndexStore, Reads
from services.matching.domain.errors import (
    ProfileNotIndexed,
    ProspectConverted,
    ProspectNotFound,
)
from services.matching.domain.query import Vector, profile_text
from services.matching.domain.scoring.facts import ProfileFacts
from services.matching.domain.search.entry import profile_titles

_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Prospect:
    """A prospect. `candidate_id` is None until the person has registered."""

    id: str
    version: int
    company_id: str
    candidate_id: str | None
    reference: str
    city: str
    locale: str
    salary: int
    available: int
    """Days since 1970; 0 means now, or not known."""
    facts: ProfileFacts
    created_at: datetime


class ProspectStore(Protocol):
    """Keeps prospects."""

    async def add(self, work: UnitOfWork, prospect: Prospect) -> None:
        """Write a prospect, without a vector."""

    async def lock(self, work: UnitOfWork, company_id: str, prospect_id: str) -> Prospect | None:
        """Return a company's prospect, to be changed."""

    async def convert(self, work: UnitOfWork, prospect: Prospect) -> None:
        """Write who the prospect became, and the version."""

    async def delete(self, work: UnitOfWork, prospect_id: str) -> None:
        """Delete a prospect, from searches too."""

    async def page(self, reads: Reads, company_id: str, page: Page) -> Listing[Prospect]:
        """Return a company's prospects, the newest first."""

    async def without_vector(self, work: UnitOfWork, count: int) -> list[Prospect]:
        """Return some that were not embedded yet; others take other ones meanwhile."""

    async def put_vectors(self, work: UnitOfWork, vectors: Mapping[str, Vector]) -> None:
        """Write vectors by id."""


class Prospects:
    """Writes prospects down, embeds them in batches, and ties them to candidates."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        store: ProspectStore,
        index: IndexStore,
        encoder: Encoder,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._reader = reader
        self._store = store
        self._index = index
        self._encoder = encoder
        self._clock = clock
        self._ids = ids

    async def create(self, told: Prospect) -> Prospect:
        """Write a prospect down; id, version and time are set here."""
        prospect = replace(
            told, id=self._ids.new(), version=1, candidate_id=None, created_at=self._clock.now()
        )
        async with self._work() as work:
            await self._store.add(work, prospect)
        return prospect

    async def page(self, company_id: str, page: Page) -> Listing[Prospect]:
        """Return a company's prospects, the newest first."""
        return await self._store.page(self._reader, company_id, page)

    async def convert(self, company_id: str, prospect_id: str, candidate_id: str) -> Prospect:
        """Tie a prospect to a candidate. Raises ProspectNotFound, ProspectConverted and
        ProfileNotIndexed.
        """
        async with self._work() as work:
            prospect = await self._locked(work, company_id, prospect_id)
            if prospect.candidate_id == candidate_id:
                return prospect
            if prospect.candidate_id is not None:
                raise ProspectConverted(prospect_id=prospect_id)
            if not await self._index.standing_profiles(work, [candidate_id]):
                raise ProfileNotIndexed(candidate_id=candidate_id)
            after = replace(prospect, candidate_id=candidate_id, version=prospect.version + 1)
            await self._store.convert(work, after)
        return after

    async def delete(self, company_id: str, prospect_id: str) -> None:
        """Forget a prospect; raise ProspectNotFound."""
        async with self._work() as work:
            await self._locked(work, company_id, prospect_id)
            await self._store.delete(work, prospect_id)

    async def embed(self) -> None:
        """Embed what was written since the last time; runs off the request path."""
        async with self._work() as work:
            waiting = await self._store.without_vector(work, _AT_ONCE)
            if not waiting:
                return
            vectors = await self._encoder.encode([profile_text(one.facts) for one in waiting])
            await self._put_names(work, [one.facts for one in waiting])
            by_id = dict(zip((one.id for one in waiting), vectors, strict=True))
            await self._store.put_vectors(work, by_id)

    async def _put_names(self, work: UnitOfWork, facts: Sequence[ProfileFacts]) -> None:
        names = dict.fromkeys(
            name for one in facts for name in (*profile_titles(one), *one.skills) if name
        )
        known = await self._index.known_names(work, list(names))
        missing = [name for name in names if name not in known]
        if missing:
            vectors = await self._encoder.encode(missing)
            await self._index.put_names(work, dict(zip(missing, vectors, strict=True)))

    async def _locked(self, work: UnitOfWork, company_id: str, prospect_id: str) -> Prospect:
        prospect = await self._store.lock(work, company_id, prospect_id)
        if prospect is None:
            raise ProspectNotFound(prospect_id=prospect_id)
        return prospect
