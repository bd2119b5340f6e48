"""CVs in Postgres: the latest of each candidate."""

from __future__ import annotations

from dataclasses import asdict

from services.kit.db import Query, Row
from services.kit.work import UnitOfWork
from services.matching.app.cv import Cv
from services.matching.app.stores import Reads
from services.matching.domain.parsing.codec import facts_from_json, facts_to_json, flag_from_json

_PUT = Query.text(
    """
    insert into cvs (candidate_id, id, file_hash, kind, pages, truncated, facts, flags,
                     generated_by, created_at)
    select :candidate_id, :id, :file_hash, :kind, :pages, :truncated, :facts, :flags,
           :generated_by, :created_at
    where not exists (select from erased_profiles where candidate_id = :candidate_id)
    on conflict (candidate_id) do update
    set id = excluded.id, file_hash = excluded.file_hash, kind = excluded.kind,
        pages = excluded.pages, truncated = excluded.truncated, facts = excluded.facts,
        flags = excluded.flags, generated_by = excluded.generated_by,
        created_at = excluded.created_at
    """
)
_OF = Query.text("select * from cvs where candidate_id = :candidate_id")
_ERASE = Query.text("delete from cvs where candidate_id = :candidate_id")


class PostgresCvs:
    """Keeps CVs in Postgres."""

    async def put(self, work: UnitOfWork, cv: Cv) -> bool:
        """Write a CV over the one before; False when the candidate was erased."""
        written = await work.execute(
            _PUT,
            candidate_id=cv.candidate_id,
            id=cv.id,
            file_hash=cv.file_hash,
            kind=cv.kind,
            pages=cv.pages,
            truncated=cv.truncated,
            facts=facts_to_json(cv.facts),
            flags=[asdict(flag) for flag in cv.flags],
            generated_by=cv.generated_by,
            created_at=cv.created_at,
        )
        return written == 1

    async def of(self, reads: Reads, candidate_id: str) -> Cv | None:
        """Return the candidate's CV."""
        row = await reads.fetch_one(_OF, candidate_id=candidate_id)
        return _cv(row) if row is not None else None

    async def erase(self, work: UnitOfWork, candidate_id: str) -> None:
        """Forget the candidate's CV."""
        await work.execute(_ERASE, candidate_id=candidate_id)


def _cv(row: Row) -> Cv:
    return Cv(
        id=row["id"],
        candidate_id=row["candidate_id"],
        file_hash=row["file_hash"],
        kind=row["kind"],
        pages=row["pages"],
        truncated=row["truncated"],
        facts=facts_from_json(row["facts"]),
        flags=tuple(flag_from_json(flag) for flag in row["flags"]),
        generated_by=row["generated_by"],
        created_at=row["created_at"],
    )
