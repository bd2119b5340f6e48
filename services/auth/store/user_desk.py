"""What staff sees and does of users, in Postgres."""

from __future__ import annotations

from datetime import datetime

from services.auth.app.staff_stores import UserFilter, UserList
from services.auth.app.stores import Source
from services.auth.domain.users import UserStatus
from services.auth.store.users import user_of
from services.kit.db import Query
from services.kit.work import UnitOfWork

_FITS = """
    (cast(:status as text) is null or status = cast(:status as text))
    and (cast(:pattern as text) is null
         or email ilike cast(:pattern as text)
         or first_name || ' ' || last_name ilike cast(:pattern as text))
"""
# The total stands in a row of its own side, so that an empty page has it too.
_PAGE = Query.text(
    f"""
    select t.total, p.*
    from (select count(*) as total from users where {_FITS}) t
    left join (
        select *
        from users
        where {_FITS}
          and (cast(:after_at as timestamptz) is null
               or (created_at, id) < (cast(:after_at as timestamptz), cast(:after_id as uuid)))
        order by created_at desc, id desc
        limit :limit
    ) p on true
    order by p.created_at desc, p.id desc
    """  # noqa: S608 - made of constants
)
_SET_STATUS = Query.text("update users set status = :status where id = :id")


class PostgresUserDesk:
    """Lists and bans users in Postgres."""

    async def page(
        self, source: Source, wanted: UserFilter, after: tuple[datetime, str] | None, limit: int
    ) -> UserList:
        """Return users after a position, newest first, in one statement."""
        after_at, after_id = after or (None, None)
        rows = await source.fetch(
            _PAGE,
            status=wanted.status.value if wanted.status else None,
            pattern=_pattern(wanted.query),
            after_at=after_at,
            after_id=after_id,
            limit=limit,
        )
        people = [user_of(row) for row in rows if row["id"] is not None]
        return UserList(people, rows[0]["total"])

    async def set_status(self, work: UnitOfWork, user_id: str, status: UserStatus) -> None:
        """Ban an account or let it in again."""
        await work.execute(_SET_STATUS, id=user_id, status=status.value)


def _pattern(query: str) -> str | None:
    """Return the pattern of texts that contain `query`; None for all."""
    if not query:
        return None
    for special in ("\\", "%", "_"):
        query = query.replace(special, f"\\{special}")
    return f"%{query}%"
