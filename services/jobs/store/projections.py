"""Other services' facts in Postgres."""

from __future__ import annotations

from collections.abc import Sequence

from services.jobs.app.stores import Contact
from services.kit.db import Query
from services.kit.work import UnitOfWork

_PUT_COMPANY = Query.text(
    """
    insert into companies (id, name) values (cast(:id as uuid), :name)
    on conflict (id) do update set name = excluded.name
    """
)
_PUT_PEOPLE = Query.text(
    """
    insert into people (user_id, email, first_name)
    select * from unnest(cast(:ids as uuid[]), cast(:emails as text[]), cast(:names as text[]))
        as told (id, email, first_name)
    where not exists (
        select from candidates c where c.id = told.id and c.erased_at is not null
    )
    on conflict (user_id) do update
    set email = excluded.email, first_name = excluded.first_name
    """
)


class PgProjectionStore:
    """The ProjectionStore on Postgres."""

    async def put_company(self, work: UnitOfWork, company_id: str, name: str) -> None:
        """Keep a company's name."""
        await work.execute(_PUT_COMPANY, id=company_id, name=name)

    async def put_people(self, work: UnitOfWork, people: Sequence[Contact]) -> None:
        """Keep names and addresses."""
        await work.execute(
            _PUT_PEOPLE,
            ids=[person.user_id for person in people],
            emails=[person.email for person in people],
            names=[person.first_name for person in people],
        )
