"""Accounts in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from services.auth.app.stores import Contact, Credentials, Holder, Member, Source
from services.auth.domain.companies import CompanyRole, Membership
from services.auth.domain.users import EmailTaken, User, UserRole, UserStatus
from services.auth.store.session_ends import ends_of
from services.auth.store.tables import users
from services.kit.db import Query, Row
from services.kit.errors import VersionConflict
from services.kit.work import UnitOfWork

_ACCOUNT = tuple(column for column in users.columns if column.name != "password_hash")
_INSERT = Query(insert(users).on_conflict_do_nothing(constraint="users_email"))
_BY_ID = Query(select(*_ACCOUNT).where(users.c.id == bindparam("id")))
_BY_EMAIL = Query(select(*_ACCOUNT).where(users.c.email == bindparam("email")))
_CREDENTIALS = Query(select(users).where(users.c.email == bindparam("email")))
_REHASH = Query(
    update(users)
    .where(users.c.id == bindparam("user_id"), users.c.password_hash == bindparam("old"))
    .values(password_hash=bindparam("new"))
)
_CREDENTIALS_OF = Query(select(users).where(users.c.id == bindparam("id")))
# Leaves room for rows that refer to the account, but for no other change of it.
_LOCK = Query(select(users).where(users.c.id == bindparam("id")).with_for_update(key_share=True))
# Waits for a change that is under way, and keeps others from beginning one.
_SETTLED = Query(select(users).where(users.c.id == bindparam("id")).with_for_update(read=True))
_SAVE = Query.text(
    """
    update users
    set email = :email, first_name = :first_name, last_name = :last_name, locale = :locale,
        email_verified_at = cast(:email_verified_at as timestamptz)
    where id = :id
    """
)
_SET_PASSWORD = Query.text("update users set password_hash = :password_hash where id = :id")
_VERIFY = Query.text(
    """
    update users set email_verified_at = coalesce(email_verified_at, :at)
    where id = :id and email = :email
    """
)
_ERASE = Query.text("delete from users where id = :id")
_MEMBER = Query.text(
    """
    select u.id, u.email, u.first_name, u.last_name, u.role, u.status, u.locale, u.created_at,
           u.email_verified_at, m.company_id, m.role as company_role, c.name as company_name,
           exists (
               select 1 from authenticators a
               where a.user_id = u.id and a.confirmed_at is not null
           ) or exists (select 1 from passkeys p where p.user_id = u.id) as factor_enrolled,
           exists (
               select 1 from ended_sessions e where e.id = cast(:session_id as uuid)
           ) as session_ended,
           s.began_at as epoch_began_at, s.kept_id as epoch_kept_id
    from users u
    left join memberships m on m.user_id = u.id
    left join companies c on c.id = m.company_id
    left join session_epochs s on s.account_id = u.id
    where u.id = :id
    order by c.name, m.company_id
    """
)
_HOLDER = Query.text(
    """
    select u.id, u.email, u.first_name, u.last_name, u.role, u.status, u.locale, u.created_at,
           u.email_verified_at, exists (
               select 1 from ended_sessions e where e.id = cast(:session_id as uuid)
           ) as session_ended,
           s.began_at as epoch_began_at, s.kept_id as epoch_kept_id
    from users u
    left join session_epochs s on s.account_id = u.id
    where u.id = :id
    """
)
_CONTACTS = Query.text(
    """
    select id, email, first_name, locale
    from users
    where id = any(cast(:ids as uuid[]))
    order by id
    """
)


class PostgresUsers:
    """Keeps accounts in Postgres."""

    async def add(self, work: UnitOfWork, user: User, password_hash: str | None) -> bool:
        """Add an account; False when another has the e-mail."""
        added = await work.execute(
            _INSERT,
            id=user.id,
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
            role=user.role.value,
            status=user.status.value,
            locale=user.locale,
            password_hash=password_hash,
            created_at=user.created_at,
            email_verified_at=user.email_verified_at,
        )
        return added == 1

    async def get(self, source: Source, user_id: str) -> User | None:
        """Return an account."""
        row = await source.fetch_one(_BY_ID, id=user_id)
        return user_of(row) if row else None

    async def by_email(self, source: Source, email: str) -> User | None:
        """Return the account with a normalised e-mail."""
        row = await source.fetch_one(_BY_EMAIL, email=email)
        return user_of(row) if row else None

    async def credentials(self, source: Source, email: str) -> Credentials | None:
        """Return the account with a normalised e-mail, and its password's hash."""
        row = await source.fetch_one(_CREDENTIALS, email=email)
        return Credentials(user_of(row), row["password_hash"]) if row else None

    async def holder(self, source: Source, user_id: str, session_id: str) -> Holder | None:
        """Return an account and the ends of a session, in one statement."""
        row = await source.fetch_one(_HOLDER, id=user_id, session_id=session_id)
        return Holder(user_of(row), ends_of(row)) if row else None

    async def member(
        self, source: Source, user_id: str, session_id: str | None = None
    ) -> Member | None:
        """Return an account with its memberships and the ends of a session, in one statement."""
        rows = await source.fetch(_MEMBER, id=user_id, session_id=session_id)
        if not rows:
            return None
        held = [_membership(row) for row in rows if row["company_id"] is not None]
        return Member(user_of(rows[0]), held, rows[0]["factor_enrolled"], ends_of(rows[0]))

    async def contacts(self, source: Source, user_ids: Sequence[str]) -> list[Contact]:
        """Return how to reach people, in one statement."""
        rows = await source.fetch(_CONTACTS, ids=list(user_ids))
        return [Contact(row["id"], row["email"], row["first_name"], row["locale"]) for row in rows]

    async def rehash(self, work: UnitOfWork, user_id: str, old: str, new: str) -> None:
        """Replace a password's hash, unless it changed meanwhile."""
        await work.execute(_REHASH, user_id=user_id, old=old, new=new)

    async def credentials_of(self, source: Source, user_id: str) -> Credentials | None:
        """Return an account and its password's hash."""
        row = await source.fetch_one(_CREDENTIALS_OF, id=user_id)
        return Credentials(user_of(row), row["password_hash"]) if row else None

    async def lock(self, work: UnitOfWork, user_id: str) -> Credentials | None:
        """Return an account and keep others from changing it until the commit."""
        row = await work.fetch_one(_LOCK, id=user_id)
        return Credentials(user_of(row), row["password_hash"]) if row else None

    async def settled(self, work: UnitOfWork, user_id: str) -> Credentials | None:
        """Return an account as it is once a change that is under way was committed."""
        row = await work.fetch_one(_SETTLED, id=user_id)
        return Credentials(user_of(row), row["password_hash"]) if row else None

    async def save(self, work: UnitOfWork, user: User) -> None:
        """Write what a person can change; raise EmailTaken on the field `user.email`."""
        try:
            await work.execute(
                _SAVE,
                id=user.id,
                email=user.email,
                first_name=user.first_name,
                last_name=user.last_name,
                locale=user.locale,
                email_verified_at=user.email_verified_at,
            )
        except asyncpg.UniqueViolationError as error:
            raise EmailTaken(field="user.email") from error

    async def set_password(self, work: UnitOfWork, user_id: str, password_hash: str) -> None:
        """Replace a password's hash."""
        await work.execute(_SET_PASSWORD, id=user_id, password_hash=password_hash)

    async def verify_email(self, work: UnitOfWork, user_id: str, email: str, at: datetime) -> bool:
        """Write down that the e-mail was proved; False when it is not the account's any more."""
        return await work.execute(_VERIFY, id=user_id, email=email, at=at) == 1

    async def erase(self, work: UnitOfWork, user_id: str) -> None:
        """Delete an account without memberships; raise VersionConflict when it just got one."""
        try:
            await work.execute(_ERASE, id=user_id)
        except asyncpg.ForeignKeyViolationError as error:
            raise VersionConflict from error


def user_of(row: Row) -> User:
    """Return a row of `users` as an account."""
    return User(
        id=row["id"],
        email=row["email"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        role=UserRole(row["role"]),
        status=UserStatus(row["status"]),
        locale=row["locale"],
        created_at=row["created_at"],
        email_verified_at=row["email_verified_at"],
    )


def _membership(row: Row) -> Membership:
    return Membership(row["company_id"], row["company_name"], CompanyRole(row["company_role"]))
