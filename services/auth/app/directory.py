"""What the other services may know about people."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.auth.app.ports import Sessions
from services.auth.app.stores import CompanyStore, Contact, Member, UserStore
from services.kit.db import Reader

_MOST_PEOPLE = 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """What a session may do at this moment."""

    session_alive: bool
    # None when no such account exists.
    member: Member | None
    # When the session last proved a second factor; None: never.
    factor_at: datetime | None = None


class Directory:
    """Answers for sessions and tells how to reach people."""

    def __init__(
        self, reader: Reader, users: UserStore, companies: CompanyStore, sessions: Sessions
    ) -> None:
        self._reader = reader
        self._companies = companies
        self._users = users
        self._sessions = sessions

    async def standing(self, user_id: str, session_id: str) -> Standing:
        """Return what a session may do.

        Another user's session counts as dead. Raises DependencyDown when a
        store does not answer: nobody is let in on a guess.
        """
        session, member = await asyncio.gather(
            self._sessions.load(session_id),
            self._users.member(self._reader, user_id, session_id),
        )
        if session is None or session.user_id != user_id or member is None:
            return Standing(False, member)
        if member.ends.cover(session):
            return Standing(False, member)
        return Standing(True, member, session.factor_at)

    async def contacts(self, user_ids: Sequence[str]) -> list[Contact]:
        """Return how to reach people; unknown ids are left out."""
        return await self._users.contacts(self._reader, user_ids)

    async def people(self, company_id: str) -> list[str]:
        """Return the ids of those who have a role in a company, oldest first: at most 1,000."""
        found = await self._companies.collaborators(self._reader, company_id, None, _MOST_PEOPLE)
        return [person.user_id for person in found.rows]
