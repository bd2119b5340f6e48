"""Charges: one row each, from the wish to the end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.kit.db import Query, Reader, Row
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork
from services.payment.domain.charges import (
    Attempt,
    Charge,
    ChargeOrder,
    ChargeStatus,
    Purpose,
)

_ADD = Query.text(
    """
    insert into charges (id, key, request_hash, company_id, job_id, amount, purpose, method_asked,
                         reference, customer_id, method_id, status, created_at, next_try_at)
    values (:id, :key, :hash, :company_id, :job_id, :amount, :purpose, :asked,
            :reference, :customer_id, :method_id, :status, :created_at, :next_try_at)
    on conflict (key) do nothing
    """
)
_FIND = Query.text("select * from charges where id = :id")
_LOCK = Query.text("select * from charges where id = :id for update")
_BY_KEY = Query.text("select * from charges where key = :key")
_BY_INTENT = Query.text("select * from charges where intent_id = :intent_id")
_SAVE = Query.text(
    """
    update charges set status = :status, intent_id = :intent_id, link = :link,
        decline_code = :decline_code, refunded = :refunded, generation = :generation,
        tries = :tries, next_try_at = :next_try_at,
        settled_at = case when :status = 'SUCCEEDED'
                          then coalesce(settled_at, cast(:now as timestamptz)) end
    where id = :id
    """
)
_CLAIM = Query.text(
    """
    update charges set next_try_at = :until
    where id in (
        select id from charges
        where status in ('PENDING', 'PROCESSING', 'REQUIRES_ACTION') and next_try_at <= :now
        order by next_try_at, id limit :size for update skip locked
    )
    returning *
    """
)
_NOTE_PAUSE = Query.text("update charges set paused = :paused where id = :id")
_PAUSES = Query.text("select paused from charges where id = :id")
_LIST = Query.text(
    """
    with page as (
        select * from charges
        where company_id = :company_id
          and (cast(:before as uuid) is null or id < cast(:before as uuid))
        order by id desc offset :skip limit :size
    )
    select (select count(*) from charges where company_id = :company_id) as list_size, page.*
    from (values (1)) as always left join page on true order by page.id desc
    """
)


class ChargeTable:
    """`charges`."""

    async def add(self, work: UnitOfWork, attempt: Attempt) -> Attempt | None:
        """Write a new charge down; return the one that has its key already."""
        charge, order = attempt.charge, attempt.charge.order
        written = await work.execute(
            _ADD,
            id=charge.id,
            key=order.key,
            hash=order.request_hash,
            company_id=order.company_id,
            job_id=order.job_id or None,
            amount=order.amount,
            purpose=order.purpose.value,
            asked=order.payment_method,
            reference=order.reference,
            customer_id=attempt.customer_id,
            method_id=attempt.method_id,
            status=charge.status.value,
            created_at=attempt.created_at,
            next_try_at=attempt.next_try_at,
        )
        return None if written else await self.by_key(work, order.key)

    async def by_key(self, work: UnitOfWork, key: str) -> Attempt | None:
        """Return the charge under a key."""
        return _maybe(await work.fetch_one(_BY_KEY, key=key))

    async def find(self, reader: Reader | UnitOfWork, charge_id: str) -> Attempt | None:
        """Return a charge."""
        return _maybe(await reader.fetch_one(_FIND, id=charge_id))

    async def by_intent(self, work: UnitOfWork, intent_id: str) -> Attempt | None:
        """Return the charge behind a PaymentIntent."""
        return _maybe(await work.fetch_one(_BY_INTENT, intent_id=intent_id))

    async def lock(self, work: UnitOfWork, charge_id: str) -> Attempt | None:
        """Return a charge; nobody else changes it before this unit ends."""
        return _maybe(await work.fetch_one(_LOCK, id=charge_id))

    async def save(self, work: UnitOfWork, attempt: Attempt, now: datetime) -> None:
        """Write a locked charge over itself."""
        charge = attempt.charge
        await work.execute(
            _SAVE,
            id=charge.id,
            status=charge.status.value,
            intent_id=charge.intent_id or None,
            link=charge.link,
            decline_code=charge.decline_code,
            refunded=charge.refunded,
            generation=attempt.generation,
            tries=attempt.tries,
            next_try_at=attempt.next_try_at,
            now=now,
        )

    async def claim(
        self, work: UnitOfWork, now: datetime, until: datetime, limit: int
    ) -> list[Attempt]:
        """Take what is due for this runner alone until `until`, longest due first."""
        rows = await work.fetch(_CLAIM, now=now, until=until, size=limit)
        return sorted((_attempt(row) for row in rows), key=lambda one: one.charge.id)

    async def note_pause(self, work: UnitOfWork, charge_id: str, paused: bool) -> None:
        """Note whether the budget waits for the charge."""
        await work.execute(_NOTE_PAUSE, id=charge_id, paused=paused)

    async def pauses(self, work: UnitOfWork, charge_id: str) -> bool:
        """Whether the budget waits for the charge."""
        row = await work.fetch_one(_PAUSES, id=charge_id)
        return bool(row and row["paused"])

    async def list_charges(self, reader: Reader, company_id: str, page: Page) -> Listing[Attempt]:
        """List a company's charges, newest first, keyed by id."""
        before = page.after[0] if page.after else None
        rows = await reader.fetch(
            _LIST, company_id=company_id, before=before, skip=page.skip, size=page.fetch
        )
        found = [_attempt(row) for row in rows if row["id"] is not None]
        return Listing(found, rows[0]["list_size"])


def _maybe(row: Row | None) -> Attempt | None:
    return _attempt(row) if row else None


def _attempt(row: Any) -> Attempt:
    order = ChargeOrder(
        key=row["key"],
        company_id=row["company_id"],
        amount=row["amount"],
        purpose=Purpose(row["purpose"]),
        job_id=row["job_id"] or "",
        payment_method=row["method_asked"],
        reference=row["reference"],
    )
    charge = Charge(
        id=row["id"],
        order=order,
        status=ChargeStatus(row["status"]),
        intent_id=row["intent_id"] or "",
        decline_code=row["decline_code"],
        link=row["link"],
        refunded=row["refunded"],
    )
    return Attempt(
        charge=charge,
        customer_id=row["customer_id"],
        method_id=row["method_id"],
        created_at=row["created_at"],
        next_try_at=row["next_try_at"],
        generation=row["generation"],
        tries=row["tries"],
    )
