"""Keeps other services' facts at hand for lists."""

from __future__ import annotations

from collections.abc import Sequence

from services.jobs.app.stores import Contacts, ProjectionStore
from services.kit.work import UnitsOfWork

_CHUNK = 200


class Projections:
    """Follows companies and people."""

    def __init__(self, work: UnitsOfWork, store: ProjectionStore, contacts: Contacts) -> None:
        self._work = work
        self._store = store
        self._contacts = contacts

    async def company(self, company_id: str, name: str) -> None:
        """Keep a company's name."""
        async with self._work() as work:
            await self._store.put_company(work, company_id, name)

    async def people(self, user_ids: Sequence[str]) -> None:
        """Keep the names and addresses of people; events carry their ids only."""
        async with self._work() as work:
            for start in range(0, len(user_ids), _CHUNK):
                wanted = user_ids[start : start + _CHUNK]
                await self._store.put_people(work, await self._contacts.contacts(wanted))
