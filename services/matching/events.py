"""What matching consumes: every event about a job or a profile refreshes the index."""

from __future__ import annotations

from collections.abc import Sequence

from weneeds.jobs.events.v1.events_pb2 import (
    OfferClosed,
    OfferCreated,
    OfferUpdated,
    ProfileUpdated,
)

from services.matching.app.indexing import Indexing

OfferEvent = OfferCreated | OfferUpdated | OfferClosed


class Events:
    """Hands events to the index, a batch at a time."""

    def __init__(self, indexing: Indexing) -> None:
        self._indexing = indexing

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
