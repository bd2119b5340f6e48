"""The write-ahead log of all jobs, and its figures."""

from __future__ import annotations

from datetime import datetime

from services.kit.db import Query, Reader
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork
from services.payment.app.billing_stores import DayRevenue, Stats
from services.payment.app.stores import ActionRow
from services.payment.domain.actions import ActionStatus
from services.payment.store.actions import action_row

_LIST = Query.text(
    """
    select (select count(*) from action_log
            where cast(:status as text) is null or status = :status) as list_size, page.*
    from (values (1)) as always
    left join (
        select * from action_log
        where (cast(:status as text) is null or status = :status)
          and (cast(:before as uuid) is null or id < :before)
        order by id desc limit :size offset :skip
    ) as page on true
    order by page.id desc
    """
)
# Revenue is what was debited: premium and free actions are PROCESSED without it.
_TOTALS = Query.text(
    """
    select count(*) filter (where status = 'PROCESSED') as processed,
           count(*) filter (where status = 'PENDING') as pending,
           count(*) filter (where status = 'FAILED') as failed,
           cast(coalesce(sum(amount) filter (
               where status = 'PROCESSED' and transaction_id is not null), 0) as bigint) as revenue
    from action_log
    """
)
_DAYS = Query.text(
    """
    select cast(timezone('Europe/Paris', processed_at) as date) as day,
           cast(sum(amount) as bigint) as revenue, count(*) as actions
    from action_log
    where status = 'PROCESSED' and transaction_id is not null
      and processed_at >= :start and processed_at < :end
    group by 1 order by 1
    """
)
_LOCK = Query.text("select * from action_log where id = :id for update")
_REVIVE = Query.text(
    """
    update action_log set status = 'PENDING', retry_count = 0, last_error = '', waits_for = null,
        next_attempt_at = :now
    where id = :id
    """
)


class Administration:
    """`action_log`, over all jobs."""

    async def list_all(
        self, reader: Reader, status: ActionStatus | None, page: Page
    ) -> Listing[ActionRow]:
        """List actions of all jobs, newest first, keyed by id."""
        rows = await reader.fetch(
            _LIST,
            status=status.value if status else None,
            before=page.after[0] if page.after else None,
            size=page.fetch,
            skip=page.skip,
        )
        return Listing([action_row(row) for row in rows if row["id"]], rows[0]["list_size"])

    async def stats(self, reader: Reader, start: datetime, end: datetime) -> Stats:
        """Count, and add up what was debited; days from `start` up to `end`."""
        totals = await reader.fetch(_TOTALS)
        days = await reader.fetch(_DAYS, start=start, end=end)
        return Stats(
            processed=totals[0]["processed"],
            pending=totals[0]["pending"],
            failed=totals[0]["failed"],
            revenue=totals[0]["revenue"],
            days=[DayRevenue(row["day"], row["revenue"], row["actions"]) for row in days],
        )

    async def lock_action(self, work: UnitOfWork, action_id: str) -> ActionRow | None:
        """Return an action, locked."""
        row = await work.fetch_one(_LOCK, id=action_id)
        return action_row(row) if row else None

    async def revive(self, work: UnitOfWork, action_id: str, now: datetime) -> None:
        """Make an action PENDING and due, with all its tries before it."""
        await work.execute(_REVIVE, id=action_id, now=now)
