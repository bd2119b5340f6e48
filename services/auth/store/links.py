"""Links of mails and invitations in Postgres."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.auth.app.stores import Invitations, Source
from services.auth.domain.companies import CompanyRole
from services.auth.domain.links import Invitation, Link, Purpose
from services.auth.store.tables import invitations, mail_links
from services.kit.db import Query, Row
from services.kit.work import UnitOfWork

_ADD = Query(insert(mail_links))
_GET = Query(select(mail_links).where(mail_links.c.id == bindparam("id")))
_TAKE = Query(delete(mail_links).where(mail_links.c.id == bindparam("id")).returning(mail_links))
_DROP = Query.text(
    """
    delete from mail_links
    where email = :email
      and (cast(:purpose as text) is null or purpose = cast(:purpose as text))
    """
)
_DROP_OF_USER = Query(delete(mail_links).where(mail_links.c.user_id == bindparam("of_user")))
_EXPIRED = (
    Query(delete(mail_links).where(mail_links.c.expires_at <= bindparam("now"))),
    Query(delete(invitations).where(invitations.c.expires_at <= bindparam("now"))),
)

_put = upsert(invitations)
_PUT = Query(
    _put.on_conflict_do_update(
        constraint="invitations_once",
        set_={
            name: _put.excluded[name]
            for name in ("id", "role", "locale", "created_at", "expires_at")
        },
    )
)
_INVITATION = Query(select(invitations).where(invitations.c.id == bindparam("id")))
_TAKE_INVITATION = Query(
    delete(invitations).where(invitations.c.id == bindparam("id")).returning(invitations)
)
_REVOKE = Query(
    delete(invitations).where(
        invitations.c.id == bindparam("id"), invitations.c.company_id == bindparam("company_id")
    )
)
_TO_EMAIL = Query(
    select(invitations)
    .where(invitations.c.email == bindparam("email"), invitations.c.expires_at > bindparam("now"))
    .order_by(invitations.c.id)
)
_DROP_TO_EMAIL = Query(delete(invitations).where(invitations.c.email == bindparam("email")))
# The total stands in a row of its own side, so that an empty page has it too.
_OPEN = Query.text(
    """
    select t.total, p.*
    from (
        select count(*) as total from invitations
        where company_id = :of_company and expires_at > :now
    ) t
    left join (
        select * from invitations
        where company_id = :of_company and expires_at > :now
          and (cast(:before_at as timestamptz) is null
               or (created_at, id)
                  < (cast(:before_at as timestamptz), cast(:before_id as uuid)))
        order by created_at desc, id desc
        limit :limit
    ) p on true
    order by p.created_at desc, p.id desc
    """
)


class PostgresLinks:
    """Keeps links in Postgres."""

    async def add(self, work: UnitOfWork, link: Link) -> None:
        """Add a link."""
        await work.execute(
            _ADD,
            id=link.id,
            purpose=link.purpose.value,
            email=link.email,
            user_id=link.user_id,
            created_at=link.created_at,
            expires_at=link.expires_at,
        )

    async def get(self, source: Source, link_id: str) -> Link | None:
        """Return a link."""
        row = await source.fetch_one(_GET, id=link_id)
        return _link(row) if row else None

    async def take(self, work: UnitOfWork, link_id: str) -> Link | None:
        """Delete a link and return it: of many who take it, one gets it."""
        row = await work.fetch_one(_TAKE, id=link_id)
        return _link(row) if row else None

    async def drop(self, work: UnitOfWork, email: str, purpose: Purpose | None = None) -> None:
        """Delete the links to an address, of one purpose or of all."""
        await work.execute(_DROP, email=email, purpose=purpose.value if purpose else None)

    async def drop_of_user(self, work: UnitOfWork, user_id: str) -> None:
        """Delete a user's links, to whatever address."""
        await work.execute(_DROP_OF_USER, of_user=user_id)

    async def drop_expired(self, work: UnitOfWork, now: datetime) -> None:
        """Delete links and invitations that have run out."""
        for query in _EXPIRED:
            await work.execute(query, now=now)


class PostgresInvitations:
    """Keeps invitations in Postgres."""

    async def put(self, work: UnitOfWork, invitation: Invitation) -> None:
        """Add an invitation, in place of the company's former one to the same e-mail."""
        await work.execute(
            _PUT,
            id=invitation.id,
            company_id=invitation.company_id,
            email=invitation.email,
            role=invitation.role.value,
            locale=invitation.locale,
            created_at=invitation.created_at,
            expires_at=invitation.expires_at,
        )

    async def get(self, source: Source, invitation_id: str) -> Invitation | None:
        """Return an invitation."""
        row = await source.fetch_one(_INVITATION, id=invitation_id)
        return _invitation(row) if row else None

    async def take(self, work: UnitOfWork, invitation_id: str) -> Invitation | None:
        """Delete an invitation and return it: of many who take it, one gets it."""
        row = await work.fetch_one(_TAKE_INVITATION, id=invitation_id)
        return _invitation(row) if row else None

    async def revoke(self, work: UnitOfWork, company_id: str, invitation_id: str) -> None:
        """Delete an invitation of the company; succeeds when there is none."""
        await work.execute(_REVOKE, id=invitation_id, company_id=company_id)

    async def open_of(
        self,
        source: Source,
        company_id: str,
        now: datetime,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> Invitations:
        """Return a company's open invitations below a position, in one statement."""
        before_at, before_id = before or (None, None)
        rows = await source.fetch(
            _OPEN,
            of_company=company_id,
            now=now,
            before_at=before_at,
            before_id=before_id,
            limit=limit,
        )
        return Invitations(
            [_invitation(row) for row in rows if row["id"] is not None], rows[0]["total"]
        )

    async def to_email(self, source: Source, email: str, now: datetime) -> list[Invitation]:
        """Return the open invitations to an address."""
        return [_invitation(row) for row in await source.fetch(_TO_EMAIL, email=email, now=now)]

    async def drop(self, work: UnitOfWork, email: str) -> None:
        """Delete all invitations to an address."""
        await work.execute(_DROP_TO_EMAIL, email=email)


def _link(row: Row) -> Link:
    return Link(
        id=row["id"],
        purpose=Purpose(row["purpose"]),
        email=row["email"],
        user_id=row["user_id"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


def _invitation(row: Row) -> Invitation:
    return Invitation(
        id=row["id"],
        company_id=row["company_id"],
        email=row["email"],
        role=CompanyRole(row["role"]),
        locale=row["locale"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )
