"""The write-ahead log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.kit.db import Query, Reader, Row
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork
from services.payment.app.stores import ActionRow, DueAction, PendingAction, Settled, Waiting
from services.payment.domain.actions import (
    Action,
    ActionStatus,
    Failure,
    LoggedAction,
    action_key,
)
from services.payment.store.jobs import job_ref

_INSERT = Query.text(
    """
    with given as (
        select * from unnest(
            cast(:ids as uuid[]), cast(:types as text[]), cast(:jobs as uuid[]),
            cast(:companies as uuid[]), cast(:applications as uuid[]), cast(:points as smallint[]),
            cast(:amounts as bigint[]), cast(:receipts as text[]), cast(:payloads as jsonb[]),
            cast(:hashes as bytea[]), cast(:moments as timestamptz[]))
        as given(id, type, job_id, company_id, application_id, points, amount, receipt_id,
                 payload, request_hash, happened_at)
    ), written as (
        insert into action_log (id, type, job_id, company_id, application_id, points, amount,
                                receipt_id, payload, request_hash, happened_at,
                                trace, created_at, next_attempt_at)
        select given.*, cast(:trace as jsonb), :now, :now from given
        on conflict (type, application_id) do nothing
        returning id
    )
    select type, application_id from given where id not in (select id from written)
    """
)
_HASHES = Query.text(
    "select type, application_id, request_hash from action_log where (type, application_id) in"
    " (select * from unnest(cast(:types as text[]), cast(:applications as uuid[])))"
)
# An action that waits for money is due again once its job can pay: whoever
# funds, resumes or makes premium need not know of it.
_CAN_PAY = """
    (action.waits_for is null
     or exists (select from budgets where job_id = action.job_id and status = 'ACTIVE')
     or exists (select from job_refs where job_id = action.job_id and premium))
"""
_DUE = Query.text(
    f"""
    select action.id, action.job_id from action_log action
    where action.job_id = :job_id and action.status = 'PENDING'
      and action.next_attempt_at <= :now and {_CAN_PAY}
    order by action.id limit :size
    """  # noqa: S608 - a constant of this module
)
_CLAIM = Query.text(
    f"""
    with taken as (
        select action.id from action_log action
        where action.status = 'PENDING' and action.next_attempt_at <= :now and {_CAN_PAY}
        order by action.next_attempt_at, action.id limit :size
        for update of action skip locked
    ), leased as (
        update action_log set next_attempt_at = :until
        from taken where action_log.id = taken.id
        returning action_log.id, action_log.job_id
    )
    select id, job_id from leased order by id
    """  # noqa: S608 - a constant of this module
)
_WITH_JOB = """
    select action.*, job.job_id as known_job, job.company_id as job_company,
           job.recruiter_id, job.title, job.premium
    from action_log action left join job_refs job on job.job_id = action.job_id
    where action.status = 'PENDING'
"""
_LOCK = Query.text(
    f"{_WITH_JOB} and action.id = any(cast(:ids as uuid[]))"
    " order by action.id for update of action skip locked"
)
_LOCK_DUE = Query.text(
    f"{_WITH_JOB} and action.job_id = :job_id and action.next_attempt_at <= :now and {_CAN_PAY}"
    " order by action.id limit :size for update of action skip locked"
)
_PROCESSED = Query.text(
    """
    update action_log set status = 'PROCESSED', processed_at = :now, waits_for = null,
        last_error = '', transaction_id = settled.transaction_id
    from unnest(cast(:ids as uuid[]), cast(:transactions as uuid[]))
         as settled(id, transaction_id)
    where action_log.id = settled.id
    """
)
_WAIT = Query.text(
    """
    update action_log set waits_for = waiting.waits_for, next_attempt_at = :now
    from unnest(cast(:ids as uuid[]), cast(:waits as text[])) as waiting(id, waits_for)
    where action_log.id = waiting.id
    """
)
_LOCK_FOR_FAILURE = Query.text(
    "select retry_count from action_log where id = :id and status = 'PENDING' for update"
)
_FAILED = Query.text(
    """
    update action_log set status = :status, retry_count = :tries, last_error = :error,
        next_attempt_at = :next_attempt_at
    where id = :id
    """
)
_FORGET = Query.text(
    """
    update action_log set payload = '{}', trace = '{}'
    where id in (
        select id from action_log
        where created_at < :before and processed_at < :before
          and (payload <> '{}' or trace <> '{}')
        limit :size for update skip locked)
    """
)
_LIST = Query.text(
    """
    select (select count(*) from action_log
            where job_id = :job_id and (cast(:status as text) is null or status = :status)
           ) as list_size, page.*
    from (values (1)) as always
    left join (
        select * from action_log
        where job_id = :job_id and (cast(:status as text) is null or status = :status)
          and (cast(:before as uuid) is null or id < :before)
        order by id desc limit :size
    ) as page on true
    order by page.id desc
    """
)


class ActionLog:
    """`action_log`, one row an action; (type, application_id) is unique."""

    async def insert(
        self,
        work: UnitOfWork,
        logged: Sequence[LoggedAction],
        trace: Mapping[str, str],
        now: datetime,
    ) -> dict[str, bytes]:
        """Write actions down as PENDING, in this order.

        Returns the request hashes of those whose key was there already, by key:
        what stands in the log, not what was given.
        """
        actions = [one.action for one in logged]
        known = await work.fetch(
            _INSERT,
            ids=[one.id for one in logged],
            types=[action.type for action in actions],
            jobs=[action.job_id for action in actions],
            companies=[action.company_id for action in actions],
            applications=[action.application_id for action in actions],
            points=[action.points for action in actions],
            amounts=[one.amount for one in logged],
            receipts=[action.receipt_id for action in actions],
            payloads=[_payload(action) for action in actions],
            hashes=[action.request_hash for action in actions],
            moments=[action.happened_at for action in actions],
            trace=dict(trace),
            now=now,
        )
        if not known:
            return {}
        # A statement of its own: it sees what another unit has committed meanwhile.
        rows = await work.fetch(
            _HASHES,
            types=[row["type"] for row in known],
            applications=[row["application_id"] for row in known],
        )
        return {
            action_key(row["type"], row["application_id"]): bytes(row["request_hash"])
            for row in rows
        }

    async def due(
        self, work: UnitOfWork, job_id: str, now: datetime, limit: int
    ) -> list[DueAction]:
        """Return what can be tried of one job now, oldest first."""
        rows = await work.fetch(_DUE, job_id=job_id, now=now, size=limit)
        return [DueAction(row["id"], row["job_id"]) for row in rows]

    async def claim(
        self, work: UnitOfWork, now: datetime, until: datetime, limit: int
    ) -> list[DueAction]:
        """Take what is due for this runner alone until `until`, longest due first."""
        rows = await work.fetch(_CLAIM, now=now, until=until, size=limit)
        return [DueAction(row["id"], row["job_id"]) for row in rows]

    async def lock(self, work: UnitOfWork, action_ids: Sequence[str]) -> list[PendingAction]:
        """Lock those that are pending and that nobody else has, oldest first."""
        return [_pending(row) for row in await work.fetch(_LOCK, ids=list(action_ids))]

    async def lock_due(
        self, work: UnitOfWork, job_id: str, now: datetime, limit: int
    ) -> list[PendingAction]:
        """Lock what can be tried of one job now and what nobody else has, oldest first."""
        rows = await work.fetch(_LOCK_DUE, job_id=job_id, now=now, size=limit)
        return [_pending(row) for row in rows]

    async def processed(self, work: UnitOfWork, settled: Sequence[Settled], now: datetime) -> None:
        """Mark locked actions PROCESSED."""
        ids = [one.action_id for one in settled]
        transactions = [one.transaction_id for one in settled]
        await work.execute(_PROCESSED, ids=ids, transactions=transactions, now=now)

    async def wait(self, work: UnitOfWork, waiting: Sequence[Waiting], now: datetime) -> None:
        """Note what locked actions wait for; they are due as soon as that has come."""
        ids = [one.action_id for one in waiting]
        waits = [one.wait.value for one in waiting]
        await work.execute(_WAIT, ids=ids, waits=waits, now=now)

    async def lock_for_failure(self, work: UnitOfWork, action_id: str) -> int | None:
        """Lock a pending action; return how often it failed, None when it is not pending."""
        row = await work.fetch_one(_LOCK_FOR_FAILURE, id=action_id)
        return int(row["retry_count"]) if row else None

    async def failed(self, work: UnitOfWork, action_id: str, failure: Failure) -> None:
        """Note a failure."""
        await work.execute(
            _FAILED,
            id=action_id,
            tries=failure.tries,
            error=failure.reason,
            status=failure.status.value,
            next_attempt_at=failure.next_attempt_at,
        )

    async def forget(self, work: UnitOfWork, before: datetime, limit: int) -> int:
        """Remove people and traces from actions that ended before; return how many."""
        return await work.execute(_FORGET, before=before, size=limit)

    async def list_actions(
        self, reader: Reader, job_id: str, status: ActionStatus | None, page: Page
    ) -> Listing[ActionRow]:
        """List a job's actions, newest first, keyed by id."""
        rows = await reader.fetch(
            _LIST,
            job_id=job_id,
            status=status.value if status else None,
            before=page.after[0] if page.after else None,
            size=page.fetch,
        )
        found = [action_row(row) for row in rows if row["id"] is not None]
        return Listing(found, rows[0]["list_size"])


def _payload(action: Action) -> dict[str, str]:
    ids = {"recruiter_id": action.recruiter_id, "user_id": action.user_id}
    return {name: value for name, value in ids.items() if value}


def _pending(row: Row) -> PendingAction:
    payload: Mapping[str, str] = row["payload"]
    action = Action(
        type=row["type"],
        job_id=row["job_id"],
        company_id=row["company_id"],
        application_id=row["application_id"],
        points=row["points"],
        receipt_id=row["receipt_id"],
        recruiter_id=payload.get("recruiter_id", ""),
        user_id=payload.get("user_id", ""),
    )
    logged = LoggedAction(row["id"], action, row["amount"], row["retry_count"])
    if row["known_job"] is None:
        return PendingAction(logged, None, row["trace"])
    job = job_ref({**row, "company_id": row["job_company"]})
    return PendingAction(logged, job, row["trace"])


def action_row(row: Row) -> ActionRow:
    """Return a row of `action_log` as lists show it."""
    return ActionRow(
        id=row["id"],
        type=row["type"],
        job_id=row["job_id"],
        application_id=row["application_id"],
        status=ActionStatus(row["status"]),
        amount=row["amount"],
        retry_count=row["retry_count"],
        created_at=row["created_at"],
        processed_at=row["processed_at"],
        receipt_id=row["receipt_id"],
        last_error=row["last_error"] or row["waits_for"] or "",
    )
