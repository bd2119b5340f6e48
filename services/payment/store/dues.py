"""What is collected by card, and who owes."""

from __future__ import annotations

from datetime import datetime

from services.kit.db import Query, Reader, Row
from services.kit.work import UnitOfWork
from services.payment.app.billing_stores import Debtor, Due
from services.payment.domain import accounts
from services.payment.domain.charges import Purpose

_ADD = Query.text(
    """
    insert into dues (key, purpose, company_id, job_id, amount, cycle_starts_at, created_at)
    values (:key, :purpose, :company_id, :job_id, :amount, :cycle, :now)
    """
)
_IN_FLIGHT = Query.text(
    "select * from dues where status = 'IN_FLIGHT' order by created_at, key limit :size"
)
# A charge that was declined can still be paid, when its owner confirms it.
_END = Query.text(
    """
    update dues set status = :status, finished_at = :now
    where key = :key and status <> 'PAID'
    """
)
_TOP_UPS = Query.text(
    """
    select count(*) as made,
           cast(coalesce(sum(amount) filter (
               where status <> 'UNPAID' and created_at >= :since), 0) as bigint) as paid,
           count(*) filter (where status = 'IN_FLIGHT') > 0 as in_flight
    from dues where job_id = :job_id and purpose = 'TOP_UP'
    """
)
_WANT = Query.text(
    """
    insert into collections_wanted (company_id, since) values (:company_id, :now)
    on conflict do nothing
    """
)
_COLLECTED = Query.text("delete from collections_wanted where company_id = :company_id")
# What a company owes: all that was lent to it and not paid, less what of it lies
# in its budgets unspent.
_OWED = """
    (coalesce((select -balance from accounts
               where name = concat('company:', {company}, '\\:receivable')), 0)
     - coalesce((select cast(sum(least(lent, balance)) as bigint) from budgets
                 where budgets.company_id = {company}), 0))
"""
_DEBTORS = Query.text(
    f"""
    select company_id from collections_wanted
    union
    select lender.company_id
    from (select distinct company_id from budgets where billing_mode = 'PER_CYCLE') lender
    where {_OWED.format(company="lender.company_id")} >= :threshold
    order by company_id limit :size
    """  # noqa: S608 - a constant of this module
)
_DEBTOR = Query.text(
    f"""
    select {_OWED.format(company="cast(:company_id as uuid)")} as owed,
           (select count(*) from dues
            where company_id = :company_id and purpose = 'CYCLE') as charges,
           exists (select 1 from dues where company_id = :company_id
                   and purpose = 'CYCLE' and status = 'IN_FLIGHT') as in_flight,
           (select case when status = 'UNPAID' then finished_at end from dues
            where company_id = :company_id and purpose = 'CYCLE'
            order by created_at desc, key desc limit 1) as unpaid_at,
           exists (select 1 from collections_wanted
                   where company_id = :company_id) as cycle_ended
    """  # noqa: S608 - a constant of this module
)
_WALLET = Query.text(
    f"""
    select coalesce((select balance from accounts where name = :wallet), 0) as balance,
           {_OWED.format(company="cast(:company_id as uuid)")} as owed
    """  # noqa: S608 - a constant of this module
)
_LEND_TO = Query.text(
    """
    select job_id from budgets
    where company_id = :company_id and billing_mode = 'PER_CYCLE' and status <> 'CLOSED'
    order by job_id
    """
)


class Dues:
    """`dues` and `collections_wanted`."""

    async def add(self, work: UnitOfWork, due: Due, now: datetime) -> None:
        """Write a due down as IN_FLIGHT."""
        await work.execute(
            _ADD,
            key=due.key,
            purpose=due.purpose.value,
            company_id=due.company_id,
            job_id=due.job_id or None,
            amount=due.amount,
            cycle=due.cycle_starts_at,
            now=now,
        )

    async def in_flight(self, reader: Reader | UnitOfWork, limit: int) -> list[Due]:
        """Return what is IN_FLIGHT, oldest first."""
        return [_due(row) for row in await reader.fetch(_IN_FLIGHT, size=limit)]

    async def end(self, work: UnitOfWork, key: str, paid: bool, now: datetime) -> bool:
        """Mark a due as PAID or UNPAID; return False when it was PAID before."""
        status = "PAID" if paid else "UNPAID"
        return bool(await work.execute(_END, key=key, status=status, now=now))

    async def top_ups(
        self, work: UnitOfWork, job_id: str, since: datetime
    ) -> tuple[int, int, bool]:
        """Return, of a budget's top-ups: how many ever, what was paid or is on its way
        since `since`, and whether one is on its way."""
        row = await work.fetch_one(_TOP_UPS, job_id=job_id, since=since)
        return (row["made"], row["paid"], row["in_flight"]) if row else (0, 0, False)

    async def cycle_ended(self, work: UnitOfWork, company_id: str, now: datetime) -> None:
        """Note that what a company owes is to be collected."""
        await work.execute(_WANT, company_id=company_id, now=now)

    async def collected(self, work: UnitOfWork, company_id: str) -> None:
        """Take that note away."""
        await work.execute(_COLLECTED, company_id=company_id)

    async def debtors(self, reader: Reader, threshold: int, limit: int) -> list[str]:
        """Return companies with such a note, and those that owe `threshold` or more."""
        rows = await reader.fetch(_DEBTORS, threshold=threshold, size=limit)
        return [row["company_id"] for row in rows]

    async def debtor(self, work: UnitOfWork, company_id: str) -> Debtor:
        """Return what a company owes, from its accounts and budgets."""
        row = await work.fetch_one(_DEBTOR, company_id=company_id)
        if row is None:
            return Debtor(company_id, 0, 0, False, None, False)
        return Debtor(
            company_id=company_id,
            owed=row["owed"],
            charges=row["charges"],
            in_flight=row["in_flight"],
            unpaid_at=row["unpaid_at"],
            cycle_ended=row["cycle_ended"],
        )

    async def wallet(self, reader: Reader | UnitOfWork, company_id: str) -> tuple[int, int]:
        """Return a company's wallet, and what it owes."""
        name = accounts.wallet(company_id)
        row = await reader.fetch_one(_WALLET, wallet=name, company_id=company_id)
        return (row["balance"], row["owed"]) if row else (0, 0)

    async def lend_to(self, work: UnitOfWork, company_id: str) -> list[str]:
        """Return a company's jobs whose budgets are billed per cycle and not closed."""
        return [row["job_id"] for row in await work.fetch(_LEND_TO, company_id=company_id)]


def _due(row: Row) -> Due:
    return Due(
        key=row["key"],
        purpose=Purpose(row["purpose"]),
        company_id=row["company_id"],
        job_id=row["job_id"] or "",
        amount=row["amount"],
        cycle_starts_at=row["cycle_starts_at"],
    )
