"""Forgetting a person whose account was deleted."""

from __future__ import annotations

from weneeds.jobs.events.v1.events_pb2 import ApplicationMoved, ProfileErased

from services.jobs.app.stores import ApplicationStore, ErasureStore
from services.kit.clock import Clock
from services.kit.work import UnitsOfWork


class Erasures:
    """Erases what tells of a person; the company's books keep applications and scores."""

    def __init__(
        self,
        work: UnitsOfWork,
        store: ErasureStore,
        applications: ApplicationStore,
        clock: Clock,
    ) -> None:
        self._work = work
        self._store = store
        self._applications = applications
        self._clock = clock

    async def erase(self, user_id: str, *, candidate: bool) -> None:
        """Forget a person. Open applications count as withdrawn: nobody is there to answer."""
        async with self._work() as work:
            await self._store.forget(work, user_id)
            if not candidate:
                return
            for before in await self._store.open_applications(work, user_id):
                after = before.withdrawn()
                await self._applications.save(work, after)
                work.publish(
                    ApplicationMoved(
                        application_id=after.id,
                        job_id=after.job_id,
                        company_id=after.company_id,
                        candidate_id=after.candidate_id,
                        status=after.status.name,
                    )
                )
            await self._store.blank_profile(work, user_id, self._clock.now())
            work.publish(ProfileErased(candidate_id=user_id))
