"""Staff in Postgres."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from services.auth.app.staff_stores import AdminCredentials, AdminHolder, AdminList
from services.auth.app.stores import Source
from services.auth.domain.admins import Admin, AdminRole
from services.auth.store.session_ends import ends_of
from services.auth.store.tables import admins
from services.kit.db import Query, Row
from services.kit.work import UnitOfWork

_PERSON = (admins.c.id, admins.c.email, admins.c.name, admins.c.role, admins.c.created_at)
_INSERT = Query(insert(admins).on_conflict_do_nothing(constraint="admins_email"))
_BY_ID = Query(select(*_PERSON).where(admins.c.id == bindparam("id")))
_HOLDER = Query.text(
    """
    select a.id, a.email, a.name, a.role, a.created_at, exists (
               select 1 from ended_sessions e where e.id = cast(:session_id as uuid)
           ) as session_ended,
           s.began_at as epoch_began_at, s.kept_id as epoch_kept_id
    from admins a
    left join session_epochs s on s.account_id = a.id
    where a.id = :id
    """
)
_CREDENTIALS = Query(select(admins).where(admins.c.email == bindparam("email")))
_CREDENTIALS_OF = Query(select(admins).where(admins.c.id == bindparam("id")))
_SET_TOTP = Query.text(
    """
    update admins set totp_secret = cast(:sealed as bytea), totp_last_step = null
    where id = :id
    """
)
# In one order, so that two who lock them do not wait for each other.
_LOCK_SUPER = Query(
    select(admins.c.id)
    .where(admins.c.role == AdminRole.SUPER_ADMIN.value)
    .order_by(admins.c.id)
    .with_for_update()
)
_SPEND = Query.text(
    """
    update admins set totp_last_step = :step
    where id = :id and (totp_last_step is null or totp_last_step < :step)
    """
)
_REHASH = Query(
    update(admins)
    .where(admins.c.id == bindparam("admin_id"), admins.c.password_hash == bindparam("old"))
    .values(password_hash=bindparam("new"))
)
_SET_ROLE = Query.text("update admins set role = :role where id = :id")
_DELETE = Query(delete(admins).where(admins.c.id == bindparam("id")))
# The total stands in a row of its own side, so that an empty page has it too.
_PAGE = Query.text(
    """
    select t.total, p.*
    from (select count(*) as total from admins) t
    left join (
        select id, email, name, role, created_at
        from admins
        where cast(:after_at as timestamptz) is null
           or (created_at, id) > (cast(:after_at as timestamptz), cast(:after_id as uuid))
        order by created_at, id
        limit :limit
    ) p on true
    order by p.created_at, p.id
    """
)


class PostgresAdmins:
    """Keeps the accounts of staff in Postgres."""

    async def add(self, work: UnitOfWork, credentials: AdminCredentials) -> bool:
        """Add an admin; False when another has the e-mail."""
        admin = credentials.admin
        added = await work.execute(
            _INSERT,
            id=admin.id,
            email=admin.email,
            name=admin.name,
            role=admin.role.value,
            password_hash=credentials.password_hash,
            totp_secret=credentials.totp_secret,
            totp_last_step=credentials.totp_last_step,
            created_at=admin.created_at,
        )
        return added == 1

    async def get(self, source: Source, admin_id: str) -> Admin | None:
        """Return an admin."""
        row = await source.fetch_one(_BY_ID, id=admin_id)
        return _admin(row) if row else None

    async def holder(self, source: Source, admin_id: str, session_id: str) -> AdminHolder | None:
        """Return an admin and the ends of a session, in one statement."""
        row = await source.fetch_one(_HOLDER, id=admin_id, session_id=session_id)
        return AdminHolder(_admin(row), ends_of(row)) if row else None

    async def credentials(self, source: Source, email: str) -> AdminCredentials | None:
        """Return the admin with a normalised e-mail, and what proves them."""
        row = await source.fetch_one(_CREDENTIALS, email=email)
        return _credentials(row) if row else None

    async def credentials_of(self, source: Source, admin_id: str) -> AdminCredentials | None:
        """Return an admin and what proves them."""
        row = await source.fetch_one(_CREDENTIALS_OF, id=admin_id)
        return _credentials(row) if row else None

    async def set_totp(self, work: UnitOfWork, admin_id: str, sealed: bytes) -> None:
        """Replace the app's secret; no code of it was accepted yet."""
        await work.execute(_SET_TOTP, id=admin_id, sealed=sealed)

    async def spend(self, work: UnitOfWork, admin_id: str, step: int) -> bool:
        """Keep the time step of an accepted code; False when it or a later one was kept."""
        return await work.execute(_SPEND, id=admin_id, step=step) == 1

    async def rehash(self, work: UnitOfWork, admin_id: str, old: str, new: str) -> None:
        """Replace a password's hash, unless it changed meanwhile."""
        await work.execute(_REHASH, admin_id=admin_id, old=old, new=new)

    async def lock_super_admins(self, work: UnitOfWork) -> set[str]:
        """Return the ids of the super admins; others who ask wait for the commit."""
        return {row["id"] for row in await work.fetch(_LOCK_SUPER)}

    async def set_role(self, work: UnitOfWork, admin_id: str, role: AdminRole) -> None:
        """Give an admin another role."""
        await work.execute(_SET_ROLE, id=admin_id, role=role.value)

    async def delete(self, work: UnitOfWork, admin_id: str) -> bool:
        """Delete an admin; False when there is none."""
        return await work.execute(_DELETE, id=admin_id) == 1

    async def page(
        self, source: Source, after: tuple[datetime, str] | None, limit: int
    ) -> AdminList:
        """Return admins after a position, oldest first, in one statement."""
        after_at, after_id = after or (None, None)
        rows = await source.fetch(_PAGE, after_at=after_at, after_id=after_id, limit=limit)
        people = [_admin(row) for row in rows if row["id"] is not None]
        return AdminList(people, rows[0]["total"])


def _admin(row: Row) -> Admin:
    return Admin(row["id"], row["email"], row["name"], AdminRole(row["role"]), row["created_at"])


def _credentials(row: Row) -> AdminCredentials:
    secret, last_step = row["totp_secret"], row["totp_last_step"]
    return AdminCredentials(_admin(row), row["password_hash"], secret, last_step)
