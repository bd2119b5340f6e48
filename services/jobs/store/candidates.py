"""Profiles in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from services.jobs.domain.candidates import CalendarDate, Experience, Profile
from services.jobs.store.jobs import languages, languages_json
from services.jobs.store.tables import candidates
from services.kit.db import Query, Reader, Row
from services.kit.work import UnitOfWork

_COLUMNS = [column.name for column in candidates.columns if column.name != "erased_at"]
_PLAIN = ("title", "summary", "city", "postal_code", "country", "locale", "version", "updated_at")
_insert = insert(candidates).values({name: bindparam(name) for name in _COLUMNS})
_SAVE = Query(
    _insert.on_conflict_do_update(
        index_elements=["id"],
        set_={name: _insert.excluded[name] for name in _COLUMNS if name != "id"},
        where=candidates.c.erased_at.is_(None),
    )
)
_ONE = "select * from candidates where erased_at is null and id = cast(:id as uuid)"
_GET = Query.text(_ONE)
_LOCK = Query.text(f"{_ONE} for update")
_MANY = Query.text(
    "select * from candidates where erased_at is null and id = any(cast(:ids as uuid[]))"
)


class PgCandidateStore:
    """The CandidateStore on Postgres."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def get(self, candidate_id: str) -> Profile | None:
        """Return a profile."""
        row = await self._reader.fetch_one(_GET, id=candidate_id)
        return _profile(row) if row else None

    async def many(self, candidate_ids: Sequence[str]) -> list[Profile]:
        """Return those of the profiles that exist."""
        return [_profile(row) for row in await self._reader.fetch(_MANY, ids=list(candidate_ids))]

    async def lock(self, work: UnitOfWork, candidate_id: str) -> Profile | None:
        """Return a profile and keep others from changing it until the commit."""
        row = await work.fetch_one(_LOCK, id=candidate_id)
        return _profile(row) if row else None

    async def save(self, work: UnitOfWork, profile: Profile) -> bool:
        """Write a profile, new or changed; False when it was erased with the account."""
        return await work.execute(_SAVE, **_values(profile)) == 1


def _profile(row: Row) -> Profile:
    return Profile(
        candidate_id=row["id"],
        experiences=tuple(_experience(item) for item in row["experiences"]),
        skills=tuple(row["skills"]),
        languages=languages(row["languages"]),
        contract_types=tuple(row["contract_types"]),
        **{name: row[name] for name in _PLAIN},
    )


def _experience(item: Mapping[str, Any]) -> Experience:
    end = item["end"]
    return Experience(
        title=item["title"],
        company=item["company"],
        start=CalendarDate(**item["start"]),
        end=CalendarDate(**end) if end else None,
        contract_type=item["contract_type"],
        description=item["description"],
    )


def _values(profile: Profile) -> Mapping[str, Any]:
    return {
        "id": profile.candidate_id,
        "experiences": [asdict(experience) for experience in profile.experiences],
        "skills": list(profile.skills),
        "languages": languages_json(profile.languages),
        "contract_types": list(profile.contract_types),
        **{name: getattr(profile, name) for name in _PLAIN},
    }
