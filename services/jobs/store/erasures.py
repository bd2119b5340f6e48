"""Erasing people in Postgres."""

from __future__ import annotations

from datetime import datetime

from services.jobs.domain.applications import Application, ApplicationStatus
from services.jobs.store.applications import application_of
from services.kit.db import Query
from services.kit.work import UnitOfWork

_FORGET = (
    Query.text("delete from people where user_id = :user_id"),
    # Kept answers of the person's own calls name them.
    Query.text("delete from idempotency where caller = cast(:user_id as text)"),
    Query.text(
        """
        delete from meetings using applications a
        where a.id = meetings.application_id and a.candidate_id = :user_id
        """
    ),
)
_OPEN = Query.text(
    """
    select * from applications
    where candidate_id = :user_id and status = any(cast(:open as smallint[]))
    order by id
    for update
    """
)
# A row is written even if there was none: a late change of the profile finds it closed.
_BLANK = Query.text(
    """
    insert into candidates (id, title, summary, experiences, skills, languages, city, postal_code,
                            country, contract_types, locale, version, updated_at, erased_at)
    values (:user_id, '', '', '[]', '{}', '[]', '', '', '', '{}', 'fr', 1, :at, :at)
    on conflict (id) do update
    set title = '', summary = '', experiences = '[]', skills = '{}', languages = '[]', city = '',
        postal_code = '', country = '', contract_types = '{}', locale = 'fr',
        version = candidates.version + 1, updated_at = excluded.updated_at,
        erased_at = excluded.erased_at
    """
)
_OPEN_STATUSES = [
    ApplicationStatus.RECEIVED.value,
    ApplicationStatus.SHORTLISTED.value,
    ApplicationStatus.INTERVIEWED.value,
]


class PgErasureStore:
    """The ErasureStore on Postgres."""

    async def forget(self, work: UnitOfWork, user_id: str) -> None:
        """Delete name, address and appointments of a person."""
        for query in _FORGET:
            await work.execute(query, user_id=user_id)

    async def open_applications(self, work: UnitOfWork, user_id: str) -> list[Application]:
        """Return a candidate's open applications and keep others from changing them."""
        rows = await work.fetch(_OPEN, user_id=user_id, open=_OPEN_STATUSES)
        return [application_of(row) for row in rows]

    async def blank_profile(self, work: UnitOfWork, user_id: str, at: datetime) -> None:
        """Blank a profile for good."""
        await work.execute(_BLANK, user_id=user_id, at=at)
