"""Companies and their collaborators in Postgres."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.auth.app.stores import Collaborators, Source
from services.auth.domain.companies import Collaborator, Company, CompanyRole
from services.auth.store.tables import companies, memberships
from services.kit.db import Query, Row
from services.kit.work import UnitOfWork

_INSERT = Query(insert(companies))
_BY_ID_STATEMENT = select(companies).where(companies.c.id == bindparam("id"))
_BY_ID = Query(_BY_ID_STATEMENT)
_LOCK = Query(_BY_ID_STATEMENT.with_for_update(key_share=True))
_ADD = Query(upsert(memberships).on_conflict_do_nothing(index_elements=["company_id", "user_id"]))
_HAS = Query(
    select(memberships.c.role).where(
        memberships.c.company_id == bindparam("company_id"),
        memberships.c.user_id == bindparam("user_id"),
    )
)
_ADMINS = Query(
    select(memberships.c.user_id).where(
        memberships.c.company_id == bindparam("company_id"),
        memberships.c.role == CompanyRole.ADMIN.value,
    )
)
_REMOVE = Query(
    delete(memberships).where(
        memberships.c.company_id == bindparam("company_id"),
        memberships.c.user_id == bindparam("user_id"),
    )
)
# The total stands in a row of its own side, so that an empty page has it too.
_COLLABORATORS = Query.text(
    """
    select t.total, p.*
    from (select count(*) as total from memberships where company_id = :company_id) t
    left join (
        select m.user_id, m.role, m.added_at, u.email, u.first_name, u.last_name
        from memberships m
        join users u on u.id = m.user_id
        where m.company_id = :company_id
          and (cast(:after_at as timestamptz) is null
               or (m.added_at, m.user_id)
                  > (cast(:after_at as timestamptz), cast(:after_id as uuid)))
        order by m.added_at, m.user_id
        limit :limit
    ) p on true
    order by p.added_at, p.user_id
    """
)


class PostgresCompanies:
    """Keeps companies and their collaborators in Postgres."""

    async def add(self, work: UnitOfWork, company: Company) -> None:
        """Add a company."""
        await work.execute(
            _INSERT,
            id=company.id,
            name=company.name,
            siret=company.siret,
            city=company.city,
            created_at=company.created_at,
        )

    async def get(self, source: Source, company_id: str) -> Company | None:
        """Return a company."""
        row = await source.fetch_one(_BY_ID, id=company_id)
        return _company(row) if row else None

    async def lock(self, work: UnitOfWork, company_id: str) -> Company | None:
        """Return a company and keep others from changing its people meanwhile."""
        row = await work.fetch_one(_LOCK, id=company_id)
        return _company(row) if row else None

    async def add_collaborator(
        self, work: UnitOfWork, company_id: str, user_id: str, role: CompanyRole, at: datetime
    ) -> bool:
        """Give a person a role; False when they have one already."""
        added = await work.execute(
            _ADD, company_id=company_id, user_id=user_id, role=role.value, added_at=at
        )
        return added == 1

    async def has(self, source: Source, company_id: str, user_id: str) -> bool:
        """Tell whether the company gave the person a role."""
        row = await source.fetch_one(_HAS, company_id=company_id, user_id=user_id)
        return row is not None

    async def admins(self, source: Source, company_id: str) -> set[str]:
        """Return the user ids of a company's admins."""
        rows = await source.fetch(_ADMINS, company_id=company_id)
        return {row["user_id"] for row in rows}

    async def remove_collaborator(self, work: UnitOfWork, company_id: str, user_id: str) -> bool:
        """Take a person's role away; False when they have none."""
        return await work.execute(_REMOVE, company_id=company_id, user_id=user_id) == 1

    async def collaborators(
        self, source: Source, company_id: str, after: tuple[datetime, str] | None, limit: int
    ) -> Collaborators:
        """Return a company's people after a position, oldest first, in one statement."""
        after_at, after_id = after or (None, None)
        rows = await source.fetch(
            _COLLABORATORS,
            company_id=company_id,
            after_at=after_at,
            after_id=after_id,
            limit=limit,
        )
        people = [_collaborator(row) for row in rows if row["user_id"] is not None]
        return Collaborators(people, rows[0]["total"])


def _company(row: Row) -> Company:
    return Company(row["id"], row["name"], row["siret"], row["city"], row["created_at"])


def _collaborator(row: Row) -> Collaborator:
    return Collaborator(
        user_id=row["user_id"],
        email=row["email"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        role=CompanyRole(row["role"]),
        added_at=row["added_at"],
    )
