"""Prospects in Postgres."""

from __future__ import annotations

from collections.abc import Mapping

from services.kit.db import Query, Row
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork
from services.matching.app.prospects import Prospect
from services.matching.app.stores import Reads
from services.matching.domain.query import Vector
from services.matching.domain.scoring.inputs import profile_from_json, profile_to_json
from services.matching.store.vectors import to_text

_COLUMNS = """
    id, version, company_id, candidate_id, reference, city, locale, salary, available, facts,
    created_at
"""
_ADD = Query.text(
    f"""
    insert into prospects ({_COLUMNS})
    values (:id, :version, :company_id, :candidate_id, :reference, :city, :locale, :salary,
            :available, :facts, :created_at)
    """  # noqa: S608 - the names are a constant of this module
)
_LOCK = Query.text(
    f"""
    select {_COLUMNS} from prospects
    where id = :id and company_id = :company_id for update
    """  # noqa: S608
)
_CONVERT = Query.text(
    "update prospects set candidate_id = :candidate_id, version = :version where id = :id"
)
# What a search has in memory goes when it reads that the id is gone.
_GONE = Query.text("insert into erased_profiles (candidate_id) values (:id) on conflict do nothing")
_DELETE = Query.text("delete from prospects where id = :id")
# Ids are in the order of time.
_PAGE = Query.text(
    f"""
    select (select count(*) from prospects where company_id = :company_id) as total, p.*
    from (select 1) one left join (
        select {_COLUMNS} from prospects
        where company_id = :company_id and (cast(:after as uuid) is null or id < :after)
        order by id desc limit :limit
    ) p on true
    """  # noqa: S608
)
_WITHOUT = Query.text(
    f"""
    select {_COLUMNS} from prospects where experiences is null
    order by id limit :limit for update skip locked
    """  # noqa: S608
)
_PUT = Query.text(
    "update prospects set experiences = cast(cast(:vector as text) as vector) where id = :id"
)


class PostgresProspects:
    """Keeps prospects."""

    async def add(self, work: UnitOfWork, prospect: Prospect) -> None:
        """Write a prospect, without a vector."""
        await work.execute(
            _ADD,
            id=prospect.id,
            version=prospect.version,
            company_id=prospect.company_id,
            candidate_id=prospect.candidate_id,
            reference=prospect.reference,
            city=prospect.city,
            locale=prospect.locale,
            salary=prospect.salary,
            available=prospect.available,
            facts=profile_to_json(prospect.facts),
            created_at=prospect.created_at,
        )

    async def lock(self, work: UnitOfWork, company_id: str, prospect_id: str) -> Prospect | None:
        """Return a company's prospect, to be changed."""
        row = await work.fetch_one(_LOCK, id=prospect_id, company_id=company_id)
        return _prospect(row) if row else None

    async def convert(self, work: UnitOfWork, prospect: Prospect) -> None:
        """Write who the prospect became, and the version."""
        await work.execute(
            _CONVERT,
            id=prospect.id,
            candidate_id=prospect.candidate_id,
            version=prospect.version,
        )

    async def delete(self, work: UnitOfWork, prospect_id: str) -> None:
        """Delete a prospect, from searches too."""
        await work.execute(_GONE, id=prospect_id)
        await work.execute(_DELETE, id=prospect_id)

    async def page(self, reads: Reads, company_id: str, page: Page) -> Listing[Prospect]:
        """Return a company's prospects, the newest first."""
        after = page.after[0] if page.after else None
        rows = await reads.fetch(_PAGE, company_id=company_id, after=after, limit=page.fetch)
        found = [_prospect(row) for row in rows if row["id"] is not None]
        return Listing(found, rows[0]["total"])

    async def without_vector(self, work: UnitOfWork, count: int) -> list[Prospect]:
        """Return some that were not embedded yet; others take other ones meanwhile."""
        return [_prospect(row) for row in await work.fetch(_WITHOUT, limit=count)]

    async def put_vectors(self, work: UnitOfWork, vectors: Mapping[str, Vector]) -> None:
        """Write vectors by id."""
        rows = [{"id": key, "vector": to_text(vector)} for key, vector in sorted(vectors.items())]
        await work.execute_many(_PUT, rows)


def _prospect(row: Row) -> Prospect:
    return Prospect(
        id=row["id"],
        version=row["version"],
        company_id=row["company_id"],
        candidate_id=row["candidate_id"],
        reference=row["reference"],
        city=row["city"],
        locale=row["locale"],
        salary=row["salary"],
        available=row["available"],
        facts=profile_from_json(row["facts"]),
        created_at=row["created_at"],
    )
