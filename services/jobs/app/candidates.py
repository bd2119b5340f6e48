"""Use cases on profiles."""

from __future__ import annotations

from typing import Any

from weneeds.jobs.events.v1.events_pb2 import ProfileUpdated

from services.jobs.app.stores import CandidateStore
from services.jobs.domain.candidates import Profile
from services.jobs.domain.errors import ProfileMissing
from services.kit.call import User
from services.kit.clock import Clock
from services.kit.errors import SessionEnded
from services.kit.work import UnitsOfWork


class Candidates:
    """Writes and reads the caller's own profile."""

    def __init__(self, work: UnitsOfWork, store: CandidateStore, clock: Clock) -> None:
        self._work = work
        self._store = store
        self._clock = clock

    async def update(self, user: User, changes: dict[str, Any], version: int) -> Profile:
        """Write fields of the profile, creating it the first time.

        Raises SessionEnded when the account was deleted a moment ago.
        """
        async with self._work() as work:
            now = self._clock.now()
            before = await self._store.lock(work, user.id)
            if before is None:
                before = Profile(candidate_id=user.id, updated_at=now)
            profile = before.changed(changes, version, now)
            if not await self._store.save(work, profile):
                raise SessionEnded
            work.publish(ProfileUpdated(candidate_id=user.id, version=profile.version))
        return profile

    async def get(self, user: User) -> Profile:
        """Read the profile; raise ProfileMissing before the first write."""
        profile = await self._store.get(user.id)
        if profile is None:
            raise ProfileMissing
        return profile
