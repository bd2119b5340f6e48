"""Refunds and disputes of charges, and what a reconciliation reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services.kit.db import Query, Reader, Row
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork
from services.payment.app.card_stores import Movement
from services.payment.domain.accounts import CLEARING
from services.payment.domain.charges import Dispute, DisputeStatus, Refund, RefundStatus

_ADD = Query.text(
    """
    insert into refunds (id, charge_id, amount, reason, status, source, provider_id, created_at,
                         next_try_at)
    values (:id, :charge_id, :amount, :reason, :status, :source, :provider_id, :created_at,
            :next_try_at)
    """
)
_FIND = Query.text(
    """
    select * from refunds
    where id = cast(nullif(:id, '') as uuid) or provider_id = nullif(:provider_id, '')
    """
)
_LOCK = Query.text("select * from refunds where id = :id for update")
_SAVE = Query.text(
    """
    update refunds set status = :status, provider_id = :provider_id, failure = :failure,
        generation = :generation, tries = :tries, next_try_at = :next_try_at
    where id = :id
    """
)
_CLAIM = Query.text(
    """
    update refunds set next_try_at = :until
    where id in (
        select id from refunds where status = 'PENDING' and next_try_at <= :now
        order by next_try_at, id limit :size for update skip locked
    )
    returning *
    """
)
_OF_CHARGE = Query.text("select * from refunds where charge_id = :charge_id order by id")
_DISPUTE = Query.text("select * from disputes where id = :id for update")
_PUT_DISPUTE = Query.text(
    """
    insert into disputes (id, charge_id, amount, reason, status, opened_at, closed_at)
    values (:id, :charge_id, :amount, :reason, :status, :opened_at, :closed_at)
    on conflict (id) do update set status = excluded.status, closed_at = excluded.closed_at
    """
)
_DISPUTES = Query.text(
    """
    with page as (
        select * from disputes
        where (cast(:before as timestamptz) is null or opened_at < :before)
        order by opened_at desc, id desc offset :skip limit :size
    )
    select (select count(*) from disputes) as list_size, page.*
    from (values (1)) as always left join page on true
    order by page.opened_at desc, page.id desc
    """
)
_MOVEMENTS = Query.text(
    """
    select posted.key, posted.reference, entry.amount, posted.created_at
    from ledger_entries entry join ledger_transactions posted on posted.id = entry.transaction_id
    where entry.account = :account and posted.created_at >= :since
    order by posted.created_at
    """
)
_BALANCE = Query.text(
    """
    select cast(coalesce(sum(amount), 0) as bigint) as balance
    from ledger_entries where account = :account
    """
)
_OPEN = Query.text(
    """
    select coalesce(intent_id, cast(id as text)) as id, status from charges
    where status in ('PENDING', 'PROCESSING', 'REQUIRES_ACTION')
    union all
    select cast(id as text), status from refunds where status = 'PENDING'
    """
)
_UNTOLD = Query.text(
    """
    select cast(id as text) as id, subject from outbox
    where starts_with(subject, 'payment.') and created_at < :before order by created_at limit 100
    """
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RefundTable:
    """`refunds` and `disputes`."""

    async def add_refund(self, work: UnitOfWork, refund: Refund, next_try: datetime) -> None:
        """Write a new refund down."""
        await work.execute(
            _ADD,
            id=refund.id,
            charge_id=refund.charge_id,
            amount=refund.amount,
            reason=refund.reason,
            status=refund.status.value,
            source=refund.source,
            provider_id=refund.provider_id or None,
            created_at=refund.created_at,
            next_try_at=next_try,
        )

    async def find(self, work: UnitOfWork, refund_id: str, provider_id: str) -> Refund | None:
        """Return the refund with our id or the processor's; empty ids name none."""
        row = await work.fetch_one(_FIND, id=refund_id, provider_id=provider_id)
        return _refund(row) if row else None

    async def lock(self, work: UnitOfWork, refund_id: str) -> Refund | None:
        """Return a refund; nobody else changes it before this unit ends. Lock its charge first."""
        row = await work.fetch_one(_LOCK, id=refund_id)
        return _refund(row) if row else None

    async def save_refund(self, work: UnitOfWork, refund: Refund, next_try: datetime) -> None:
        """Write a refund over itself."""
        await work.execute(
            _SAVE,
            id=refund.id,
            status=refund.status.value,
            provider_id=refund.provider_id or None,
            failure=refund.failure,
            generation=refund.generation,
            tries=refund.tries,
            next_try_at=next_try,
        )

    async def claim_refunds(
        self, work: UnitOfWork, now: datetime, until: datetime, limit: int
    ) -> list[Refund]:
        """Take refunds that are due for this runner alone until `until`."""
        rows = await work.fetch(_CLAIM, now=now, until=until, size=limit)
        return [_refund(row) for row in rows]

    async def refunds_of(self, reader: Reader | UnitOfWork, charge_id: str) -> list[Refund]:
        """Return the refunds of a charge, oldest first."""
        return [_refund(row) for row in await reader.fetch(_OF_CHARGE, charge_id=charge_id)]

    async def dispute(self, work: UnitOfWork, dispute_id: str) -> Dispute | None:
        """Return a dispute, locked."""
        row = await work.fetch_one(_DISPUTE, id=dispute_id)
        return _dispute(row) if row else None

    async def put_dispute(self, work: UnitOfWork, dispute: Dispute) -> None:
        """Write a dispute, new or over itself."""
        await work.execute(
            _PUT_DISPUTE,
            id=dispute.id,
            charge_id=dispute.charge_id,
            amount=dispute.amount,
            reason=dispute.reason,
            status=dispute.status.value,
            opened_at=dispute.opened_at,
            closed_at=dispute.closed_at,
        )

    async def list_disputes(self, reader: Reader, page: Page) -> Listing[Dispute]:
        """List disputes, newest first, keyed by opened_at in microseconds."""
        before = _EPOCH + timedelta(microseconds=page.after[0]) if page.after else None
        rows = await reader.fetch(_DISPUTES, before=before, skip=page.skip, size=page.fetch)
        found = [_dispute(row) for row in rows if row["id"] is not None]
        return Listing(found, rows[0]["list_size"])


class ProcessorAccount:
    """What the ledger says of the processor's account, and what waits."""

    async def movements(self, reader: Reader, since: datetime) -> Sequence[Movement]:
        """Return the postings on the processor's account since then."""
        rows = await reader.fetch(_MOVEMENTS, account=CLEARING, since=since)
        return [
            Movement(row["key"], row["reference"], row["amount"], row["created_at"]) for row in rows
        ]

    async def balance(self, reader: Reader) -> int:
        """Return the sum of all postings on the processor's account."""
        row = await reader.fetch_one(_BALANCE, account=CLEARING)
        return int(row["balance"]) if row else 0

    async def open_charges(self, reader: Reader) -> dict[str, str]:
        """Return intent or charge id -> status of charges and refunds without an end."""
        return {row["id"]: row["status"] for row in await reader.fetch(_OPEN)}

    async def untold(self, reader: Reader, before: datetime) -> Sequence[tuple[str, str]]:
        """Return (event id, subject) of events about money that wait in the outbox for too long."""
        rows = await reader.fetch(_UNTOLD, before=before)
        return [(row["id"], row["subject"]) for row in rows]


def _refund(row: Row | Any) -> Refund:
    return Refund(
        id=row["id"],
        charge_id=row["charge_id"],
        amount=row["amount"],
        reason=row["reason"],
        status=RefundStatus(row["status"]),
        source=row["source"],
        created_at=row["created_at"],
        provider_id=row["provider_id"] or "",
        failure=row["failure"],
        generation=row["generation"],
        tries=row["tries"],
    )


def _dispute(row: Row | Any) -> Dispute:
    return Dispute(
        id=row["id"],
        charge_id=row["charge_id"],
        amount=row["amount"],
        reason=row["reason"],
        status=DisputeStatus(row["status"]),
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
    )
