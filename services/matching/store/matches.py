"""Matches in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from services.kit.db import Query, Row
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork
from services.matching.app.matches import Match, Placed
from services.matching.app.stores import Reads
from services.matching.domain.fusion import Fused, Part
from services.matching.domain.scoring.completeness import Reliability
from services.matching.domain.scoring.reasons import Reason
from services.matching.domain.scoring.score import Dimensions

# The profile is held while its match is written: an erasure waits and then deletes both, or was
# first and leaves nothing to write. A score without a ranking keeps the place that was known.
_PUT = Query.text(
    """
    insert into matches (job_id, candidate_id, job_version, profile_version, final_score,
                         dimensions, reliability, reasons, ranking, updated_at)
    select cast(:job_id as uuid), candidate_id, cast(:job_version as bigint),
           cast(:profile_version as bigint), cast(:final_score as smallint),
           cast(:dimensions as jsonb), cast(:reliability as text), cast(:reasons as jsonb),
           nullif(cast(:ranking as jsonb), 'null'), cast(:updated_at as timestamptz)
    from indexed_profiles where candidate_id = cast(:candidate_id as uuid) for key share
    on conflict (job_id, candidate_id) do update
    set job_version = excluded.job_version, profile_version = excluded.profile_version,
        final_score = excluded.final_score, dimensions = excluded.dimensions,
        reliability = excluded.reliability, reasons = excluded.reasons,
        ranking = coalesce(excluded.ranking, matches.ranking), updated_at = excluded.updated_at
    where matches.job_version <= excluded.job_version
        and matches.profile_version <= excluded.profile_version
    """
)
_ERASE = Query.text("delete from matches where candidate_id = :candidate_id")
_GET = Query.text("select * from matches where job_id = :job_id and candidate_id = :candidate_id")
_PAGE = Query.text(
    """
    select (select count(*) from matches where job_id = :job_id) as total, m.*
    from (select 1) one left join (
        select * from matches
        where job_id = :job_id and (
            cast(:score as integer) is null or final_score < :score
            or (final_score = :score and candidate_id < cast(:candidate as uuid))
        )
        order by final_score desc, candidate_id desc limit :limit
    ) m on true
    """
)


class PostgresMatches:
    """Keeps matches."""

    async def put(self, work: UnitOfWork, matches: Sequence[Match]) -> None:
        """Write matches of indexed profiles, except over newer versions."""
        await work.execute_many(_PUT, [_values(match) for match in matches])

    async def erase(self, work: UnitOfWork, candidate_id: str) -> None:
        """Delete a person's matches; after the profile, so that none comes meanwhile."""
        await work.execute(_ERASE, candidate_id=candidate_id)

    async def get(self, reads: Reads, job_id: str, candidate_id: str) -> Match | None:
        """Return a match."""
        row = await reads.fetch_one(_GET, job_id=job_id, candidate_id=candidate_id)
        return _match(row) if row else None

    async def page(self, reads: Reads, job_id: str, page: Page) -> Listing[Match]:
        """Return a job's matches, the highest score first."""
        score, candidate = page.after or (None, None)
        rows = await reads.fetch(
            _PAGE, job_id=job_id, score=score, candidate=candidate, limit=page.fetch
        )
        found = [_match(row) for row in rows if row["job_id"] is not None]
        return Listing(found, rows[0]["total"])


def _values(match: Match) -> dict[str, Any]:
    return {
        "job_id": match.job_id,
        "candidate_id": match.candidate_id,
        "job_version": match.job_version,
        "profile_version": match.profile_version,
        "final_score": match.final,
        "dimensions": asdict(match.dimensions),
        "reliability": match.reliability.value,
        "reasons": [asdict(reason) for reason in match.reasons],
        "ranking": asdict(match.placed) if match.placed else None,
        "updated_at": match.updated_at,
    }


def _match(row: Row) -> Match:
    return Match(
        job_id=row["job_id"],
        candidate_id=row["candidate_id"],
        job_version=row["job_version"],
        profile_version=row["profile_version"],
        final=row["final_score"],
        dimensions=Dimensions(**row["dimensions"]),
        reliability=Reliability(row["reliability"]),
        reasons=tuple(_reason(told) for told in row["reasons"]),
        placed=_placed(row["ranking"]),
        updated_at=row["updated_at"],
    )


def _reason(told: dict[str, Any]) -> Reason:
    lists = {name: tuple(told[name]) for name in ("held", "missing")}
    return Reason(**{**told, **lists})


def _placed(told: dict[str, Any] | None) -> Placed | None:
    if told is None:
        return None
    parts = tuple(Part(**part) for part in told["fused"]["parts"])
    return Placed(told["profile"], Fused(parts, told["fused"]["rank"]))
