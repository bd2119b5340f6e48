"""Identities of providers in Postgres."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from services.auth.app.stores import Source
from services.auth.domain.providers import Identity
from services.auth.store.tables import identities
from services.kit.db import Query, Row
from services.kit.work import UnitOfWork

_INSERT = Query(insert(identities).on_conflict_do_nothing(constraint="identities_subject"))
_FIND = Query(
    select(identities).where(
        identities.c.provider == bindparam("provider"),
        identities.c.subject == bindparam("subject"),
    )
)
_OF_USER = Query(
    select(identities)
    .where(identities.c.user_id == bindparam("user_id"))
    .order_by(identities.c.linked_at, identities.c.id)
)
_REMOVE = Query(
    delete(identities).where(
        identities.c.user_id == bindparam("user_id"), identities.c.id == bindparam("id")
    )
)


class PostgresIdentities:
    """Keeps which providers' accounts sign in to which users'."""

    async def add(self, work: UnitOfWork, identity: Identity) -> bool:
        """Add an identity; False when its provider's account is linked already."""
        added = await work.execute(
            _INSERT,
            id=identity.id,
            user_id=identity.user_id,
            provider=identity.provider,
            subject=identity.subject,
            email=identity.email,
            linked_at=identity.linked_at,
        )
        return added == 1

    async def find(self, source: Source, provider: str, subject: str) -> Identity | None:
        """Return the identity of a provider's account."""
        row = await source.fetch_one(_FIND, provider=provider, subject=subject)
        return _identity(row) if row else None

    async def of_user(self, source: Source, user_id: str) -> list[Identity]:
        """Return a user's identities, oldest first."""
        rows = await source.fetch(_OF_USER, user_id=user_id)
        return [_identity(row) for row in rows]

    async def remove(self, work: UnitOfWork, user_id: str, identity_id: str) -> bool:
        """Remove one of a user's identities; False when the user has no such one."""
        return await work.execute(_REMOVE, user_id=user_id, id=identity_id) == 1


def _identity(row: Row) -> Identity:
    return Identity(
        id=row["id"],
        user_id=row["user_id"],
        provider=row["provider"],
        subject=row["subject"],
        email=row["email"],
        linked_at=row["linked_at"],
    )
