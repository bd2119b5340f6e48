"""Mails and their templates in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.kit.db import Query, Reader, Row
from services.kit.work import UnitOfWork
from services.messaging.app.stores import Settlement, Wording
from services.messaging.domain.mail import ClaimedMail, Mail, MailStatus, MailType, NewMail
from services.messaging.domain.template import Template

_INSERT = Query.text(
    """
    insert into mails (id, user_id, type, variant, variables, reference_id, status, due_at,
                       created_at)
    values (:id, cast(nullif(:user_id, '') as uuid), :type, :variant, :variables,
            cast(nullif(:reference_id, '') as uuid), 'PENDING', :created_at, :created_at)
    """
)

# SKIP LOCKED: two sweeps never hold the same mail, and none waits.
_CLAIM = Query.text(
    """
    with due as (
        select id from mails
        where status in ('PENDING', 'SENDING') and due_at <= :now
        order by due_at
        limit :limit
        for update skip locked
    )
    update mails
    set status = 'SENDING', attempts = attempts + 1, attempted_at = :now, due_at = :claimed_until
    from due
    where mails.id = due.id
    returning mails.id, mails.user_id, mails.type, mails.variant, mails.variables,
              mails.reference_id, mails.attempts
    """
)

# Only while the claim still stands: another sender may have taken over.
_SETTLE = Query.text(
    """
    update mails
    set status = :status, attempts = :attempts, due_at = :due_at, sent_at = :sent_at,
        failure = :failure, subject = coalesce(nullif(:subject, ''), subject)
    where id = :id and status = 'SENDING' and attempts = :attempt
    """
)

_ERASE = Query.text(
    """
    update mails
    set variables = '{}', subject = '',
        failure = case when status = 'SENT' then failure else 'ACCOUNT_DELETED' end,
        status = case when status = 'SENT' then status else 'FAILED' end
    where user_id = :user_id
    """
)

_PAGE = Query.text(
    """
    select totals.total, page.*
    from (select count(*) as total from mails where user_id = :user_id) totals
    left join lateral (
        select id, type, subject, status, created_at, sent_at
        from mails
        where user_id = :user_id and id < :before
        order by id desc
        limit :limit
    ) page on true
    """
)

_TEMPLATES = Query.text(
    """
    select type, locale, variant, subject, text_body, html_body from mail_templates
    where type = any(:types)
    """
)

# Above every UUIDv7.
_LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff"


class MailTable:
    """Keeps mails."""

    async def add(self, work: UnitOfWork, mail: NewMail) -> None:
        """Write the mail down as PENDING and due."""
        await work.execute(
            _INSERT,
            id=mail.id,
            user_id=mail.user_id,
            type=mail.type.value,
            variant=mail.variant,
            variables=dict(mail.variables),
            reference_id=mail.reference_id,
            created_at=mail.created_at,
        )

    async def claim(
        self, work: UnitOfWork, now: datetime, until: datetime, limit: int
    ) -> list[ClaimedMail]:
        """Take up to `limit` mails that are due; they are ours until `until`."""
        rows = await work.fetch(_CLAIM, now=now, claimed_until=until, limit=limit)
        return [_claimed(row) for row in rows]

    async def settle(self, work: UnitOfWork, mail: ClaimedMail, outcome: Settlement) -> bool:
        """Write down what became of a try; False when the claim was lost."""
        settled = await work.execute(
            _SETTLE,
            id=mail.id,
            attempt=mail.attempt,
            attempts=mail.attempt if outcome.counts else mail.attempt - 1,
            status=outcome.status.value,
            due_at=outcome.at,
            sent_at=outcome.at if outcome.status is MailStatus.SENT else None,
            failure=outcome.failure,
            subject=outcome.subject,
        )
        return settled == 1

    async def erase(self, work: UnitOfWork, user_id: str) -> None:
        """Blank the user's mails and give up those that wait."""
        await work.execute(_ERASE, user_id=user_id)

    async def page(
        self, reader: Reader, user_id: str, before: str, limit: int
    ) -> tuple[list[Mail], int]:
        """Return mails to the user below the id `before` (all when empty), and their number."""
        rows = await reader.fetch(_PAGE, user_id=user_id, before=before or _LAST, limit=limit)
        return [_mail(row) for row in rows if row["id"] is not None], int(rows[0]["total"])


class TemplateTable:
    """Keeps the wording of mails."""

    async def of_types(
        self, work: UnitOfWork, types: Sequence[MailType]
    ) -> dict[Wording, Template]:
        """Return the templates of the types."""
        rows = await work.fetch(_TEMPLATES, types=[kind.value for kind in types])
        return {
            (MailType(row["type"]), str(row["locale"]), str(row["variant"])): Template(
                row["subject"], row["text_body"], row["html_body"]
            )
            for row in rows
        }


def _claimed(row: Row) -> ClaimedMail:
    return ClaimedMail(
        id=row["id"],
        user_id=row["user_id"] or "",
        type=MailType(row["type"]),
        variables=row["variables"],
        attempt=row["attempts"],
        reference_id=row["reference_id"] or "",
        variant=row["variant"],
    )


def _mail(row: Row) -> Mail:
    return Mail(
        id=row["id"],
        type=MailType(row["type"]),
        subject=row["subject"],
        status=MailStatus(row["status"]),
        created_at=row["created_at"],
        sent_at=row["sent_at"],
    )
