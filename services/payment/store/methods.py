"""Customers of the processor and their payment methods; the inbox of its webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.kit.db import Query, Reader
from services.kit.work import UnitOfWork
from services.payment.app.card_stores import PaymentMethod

_CUSTOMER = Query.text("select customer_id from customers where company_id = :company_id")
_KEEP_CUSTOMER = Query.text(
    """
    insert into customers (company_id, customer_id, created_at)
    values (:company_id, :customer_id, :now) on conflict (company_id) do nothing
    """
)
# Writers of one company's methods take turns: there is one default, and it is the first.
_TAKE_TURNS = Query.text("select 1 from customers where company_id = :company_id for update")
_ADD = Query.text(
    """
    insert into payment_methods (id, company_id, method_id, brand, last4, exp_month, exp_year,
        is_default, setup_id, mandate_id, terms, accepted_by, accepted_at, created_at)
    values (:id, :company_id, :method_id, :brand, :last4, :exp_month, :exp_year,
        not exists (select 1 from payment_methods where company_id = :company_id and is_default),
        :setup_id, :mandate_id, :terms, :accepted_by, :accepted_at, :created_at)
    on conflict do nothing
    """
)
_LIST = Query.text(
    """
    select * from payment_methods where company_id = :company_id and detached_at is null
    order by id desc limit 100
    """
)
_NO_DEFAULT = Query.text(
    "update payment_methods set is_default = false where company_id = :company_id and is_default"
)
_DEFAULT = Query.text(
    """
    update payment_methods set is_default = true
    where id = :id and company_id = :company_id and detached_at is null
    """
)
_OWNER = Query.text("select company_id from payment_methods where method_id = :method_id")
_DETACH = Query.text(
    """
    update payment_methods set detached_at = :now, is_default = false
    where method_id = :method_id and detached_at is null
    """
)
_PROMOTE = Query.text(
    """
    update payment_methods set is_default = true
    where id = (select id from payment_methods
                where company_id = :company_id and detached_at is null order by id desc limit 1)
      and not exists (select 1 from payment_methods
                      where company_id = :company_id and is_default)
    """
)
_SEEN = Query.text("select 1 from provider_events where id = :id")
_NOTE = Query.text(
    """
    insert into provider_events (id, type, handled_at) values (:id, :type, :now)
    on conflict do nothing
    """
)
_FORGET = Query.text("delete from provider_events where handled_at < :before")


class MethodTable:
    """`customers` and `payment_methods`."""

    async def customer(self, work: UnitOfWork, company_id: str) -> str:
        """Return the provider's customer of a company; empty when there is none."""
        row = await work.fetch_one(_CUSTOMER, company_id=company_id)
        return row["customer_id"] if row else ""

    async def keep_customer(
        self, work: UnitOfWork, company_id: str, customer_id: str, now: datetime
    ) -> str:
        """Keep a new customer; return the one that stands: the first."""
        await work.execute(_KEEP_CUSTOMER, company_id=company_id, customer_id=customer_id, now=now)
        return await self.customer(work, company_id)

    async def add(self, work: UnitOfWork, method: PaymentMethod) -> bool:
        """Write a method down; return False when it is there already.

        The first method of a company is its default.
        """
        await work.fetch(_TAKE_TURNS, company_id=method.company_id)
        written = await work.execute(
            _ADD,
            id=method.id,
            company_id=method.company_id,
            method_id=method.method_id,
            brand=method.brand,
            last4=method.last4,
            exp_month=method.exp_month,
            exp_year=method.exp_year,
            setup_id=method.setup_id,
            mandate_id=method.mandate_id,
            terms=method.terms,
            accepted_by=method.accepted_by,
            accepted_at=method.accepted_at,
            created_at=method.created_at,
        )
        return bool(written)

    async def listed(self, reader: Reader | UnitOfWork, company_id: str) -> list[PaymentMethod]:
        """Return the company's methods, newest first: at most 100."""
        return [_method(row) for row in await reader.fetch(_LIST, company_id=company_id)]

    async def make_default(self, work: UnitOfWork, company_id: str, method_id: str) -> None:
        """Make one of the company's methods the default; `method_id` is ours."""
        await work.fetch(_TAKE_TURNS, company_id=company_id)
        await work.execute(_NO_DEFAULT, company_id=company_id)
        await work.execute(_DEFAULT, company_id=company_id, id=method_id)
        await work.execute(_PROMOTE, company_id=company_id)

    async def detach(self, work: UnitOfWork, provider_id: str, now: datetime) -> str | None:
        """Take a method out of use; return whose it was, None when it is out already.

        When it was the default, the newest one left becomes it.
        """
        row = await work.fetch_one(_OWNER, method_id=provider_id)
        if row is None:
            return None
        company_id: str = row["company_id"]
        await work.fetch(_TAKE_TURNS, company_id=company_id)
        if not await work.execute(_DETACH, method_id=provider_id, now=now):
            return None
        await work.execute(_PROMOTE, company_id=company_id)
        return company_id


class ProviderEvents:
    """`provider_events`."""

    async def seen(self, work: UnitOfWork, event_id: str) -> bool:
        """Whether an event was handled."""
        return await work.fetch_one(_SEEN, id=event_id) is not None

    async def note(self, work: UnitOfWork, event_id: str, kind: str, now: datetime) -> bool:
        """Note an event as handled; return False when it was noted before."""
        return bool(await work.execute(_NOTE, id=event_id, type=kind, now=now))

    async def forget(self, work: UnitOfWork, before: datetime) -> None:
        """Drop what is older than the provider ever sends again."""
        await work.execute(_FORGET, before=before)


def _method(row: Any) -> PaymentMethod:
    return PaymentMethod(
        id=row["id"],
        company_id=row["company_id"],
        method_id=row["method_id"],
        brand=row["brand"],
        last4=row["last4"],
        exp_month=row["exp_month"],
        exp_year=row["exp_year"],
        default=row["is_default"],
        setup_id=row["setup_id"],
        mandate_id=row["mandate_id"],
        terms=row["terms"],
        accepted_by=row["accepted_by"],
        accepted_at=row["accepted_at"],
        created_at=row["created_at"],
    )
