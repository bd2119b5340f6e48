"""What matching consumes: events about jobs and profiles refresh the index or erase from it."""

from __future__ import annotations

from collections.abc import Sequence

from weneeds.jobs.events.v1.events_pb2 import (
    OfferClosed,
    OfferCreated,
    OfferUpdated,
    ProfileErased,
    ProfileUpdated,
)

from services.matching.app.erasures import Erasures
from services.matching.app.indexing import Indexing

OfferEvent = OfferCreated | OfferUpdated | OfferClosed


class Events:
    """Hands events to the index, a batch at a time."""

    def __init__(self, indexing: Indexing, erasures: Erasures) -> None:
        self._indexing = indexing
        self._erasures = erasures

    async def offer(self, event: OfferEvent) -> None:
        """A job was published, changed or closed."""
        await self.offers([event])

    async def offers(self, events: Sequence[OfferEvent]) -> None:
        """Jobs were published, changed or closed."""
        await self._indexing.refresh_jobs([event.job_id for event in events])

    async def profile(self, event: ProfileUpdated) -> None:
        """A candidate wrote or changed a profile."""
        await self.profiles([event])

    async def profiles(self, events: Sequence[ProfileUpdated]) -> None:
        """Candidates wrote or changed their profiles."""
        await self._indexing.refresh_profiles([event.candidate_id for event in events])

    async def profile_erased(self, event: ProfileErased) -> None:
        """A candidate's account was deleted."""
        await self._erasures.erase(event.candidate_id)
