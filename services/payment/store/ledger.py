"""Transactions, entries and the balances of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.kit.db import Query, Reader
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork
from services.payment.app.stores import EntryRow, LedgerFigures, LedgerProblem, Posted
from services.payment.domain.ledger import NotPosted

_HASH = Query.text("select request_hash from ledger_transactions where key = :key")
# One statement for any number of transactions. Each line gets the balance that
# the lines before it make: the account's old balance and a running sum.
_POST = Query.text(
    """
    with line as (
        select given.*,
               cast(sum(amount) over earlier as bigint) as running,
               row_number() over earlier as nth
        from unnest(cast(:line_ids as uuid[]), cast(:owners as uuid[]),
                    cast(:accounts as text[]), cast(:amounts as bigint[]))
             with ordinality as given(id, transaction_id, account, amount, place)
        window earlier as (partition by account order by place)
    ), posted as (
        insert into ledger_transactions (id, key, request_hash, reference, receipt_id, created_at)
        select given.*, :now
        from unnest(cast(:ids as uuid[]), cast(:keys as text[]), cast(:hashes as bytea[]),
                    cast(:refs as text[]), cast(:receipts as text[]))
             as given(id, key, request_hash, reference, receipt_id)
        on conflict (key) do nothing
        returning id
    ), total as (
        select account, cast(sum(amount) as bigint) as amount, count(*) as lines
        from line group by account
    ), moved as (
        update accounts set balance = accounts.balance + total.amount,
                            version = accounts.version + total.lines
        from total where accounts.name = total.account
        returning accounts.name, accounts.balance - total.amount as balance_before,
                  accounts.version - total.lines as version_before
    )
    insert into ledger_entries
        (id, transaction_id, account, account_version, amount, balance, created_at)
    select line.id, line.transaction_id, line.account, moved.version_before + line.nth,
           line.amount, moved.balance_before + line.running, :now
    from line
    join posted on posted.id = line.transaction_id
    join moved on moved.name = line.account
    """
)
_LIST = Query.text(
    """
    with page as (
        select * from ledger_entries
        where account = :account and account_version < :before
        order by account_version desc limit :size
    )
    select (select count(*) from ledger_entries where account = :account) as list_size,
           page.*, posted.key, posted.receipt_id
    from (values (1)) as always
    left join (page join ledger_transactions posted on posted.id = page.transaction_id) on true
    order by page.account_version desc
    """
)
# The sums start from the entries alone; what the other tables say is compared.
_RECOUNT = Query.text(
    """
    with counted as (
        select account, sum(amount) as balance, count(*) as lines
        from ledger_entries group by account
    ), running as (
        select id, balance, account_version,
               sum(amount) over line as expected, row_number() over line as place
        from ledger_entries window line as (partition by account order by account_version)
    ), by_transaction as (
        select posted.id, coalesce(sum(entry.amount), 0) as total, count(entry.id) as lines
        from ledger_transactions posted
        left join ledger_entries entry on entry.transaction_id = posted.id
        group by posted.id
    ), problem(kind, id, found, expected) as (
        select 'transaction', cast(id as text), total, 0
        from by_transaction where total <> 0 or lines < 2
        union all
        select 'entry', cast(id as text), balance, expected
        from running where balance <> expected or account_version <> place
        union all
        select 'account', accounts.name, accounts.balance, coalesce(counted.balance, 0)
        from accounts left join counted on counted.account = accounts.name
        where accounts.balance <> coalesce(counted.balance, 0)
           or accounts.version <> coalesce(counted.lines, 0)
        union all
        select 'budget', cast(job_id as text), budgets.balance, coalesce(counted.balance, 0)
        from budgets left join counted on counted.account = concat('budget:', job_id)
        where budgets.balance <> coalesce(counted.balance, 0)
        union all
        select 'action', cast(action.id as text), action.amount, coalesce(entry.amount, 0)
        from action_log action
        left join ledger_transactions posted on posted.id = action.transaction_id
            and posted.key = concat('action:', action.type, ':', action.application_id)
        left join ledger_entries entry on entry.transaction_id = posted.id
            and entry.account = 'revenue:fees'
        where action.transaction_id is not null
          and (action.status <> 'PROCESSED' or action.amount <> coalesce(entry.amount, 0))
        union all
        select 'transaction', cast(posted.id as text), 1, 0
        from ledger_transactions posted
        left join action_log action on action.transaction_id = posted.id
        where starts_with(posted.key, 'action:') and action.id is null
        union all
        select 'ledger', 'all accounts', sum(balance), 0 from accounts having sum(balance) <> 0
    )
    select (select count(*) from ledger_transactions) as transactions,
           (select count(*) from ledger_entries) as entries,
           (select count(*) from accounts) as accounts,
           (select count(*) from budgets) as budgets,
           problem.kind, problem.id,
           cast(problem.found as bigint) as found, cast(problem.expected as bigint) as expected
    from (values (1)) as always left join problem on true
    order by problem.kind, problem.id
    """
)
_NEWEST = 2**63 - 1


class LedgerTables:
    """`accounts`, `ledger_transactions` and `ledger_entries`. The last two only grow."""

    async def request_hash(self, work: UnitOfWork, key: str) -> bytes | None:
        """Return what the transaction under `key` was asked to do; None without one."""
        row = await work.fetch_one(_HASH, key=key)
        return bytes(row["request_hash"]) if row else None

    async def post(self, work: UnitOfWork, postings: Sequence[Posted], now: datetime) -> None:
        """Write transactions, their lines and the balances of their accounts, in this order.

        Raises NotPosted when a key was posted before or an account does not exist.
        """
        lines = [
            (line_id, posted.id, line.account, line.amount)
            for posted in postings
            for line_id, line in zip(posted.line_ids, posted.transaction.lines, strict=True)
        ]
        line_ids, owners, accounts, amounts = (list(column) for column in zip(*lines, strict=True))
        written = await work.execute(
            _POST,
            line_ids=line_ids,
            owners=owners,
            accounts=accounts,
            amounts=amounts,
            ids=[posted.id for posted in postings],
            keys=[posted.transaction.key for posted in postings],
            hashes=[posted.transaction.request_hash for posted in postings],
            refs=[posted.transaction.reference for posted in postings],
            receipts=[posted.transaction.receipt_id for posted in postings],
            now=now,
        )
        # Fewer lines than asked for. The caller's unit is rolled back whole.
        if written != len(lines):
            raise NotPosted(", ".join(posted.transaction.key for posted in postings))

    async def list_entries(self, reader: Reader, account: str, page: Page) -> Listing[EntryRow]:
        """List the lines on an account, newest first, keyed by account_version."""
        before = page.after[0] if page.after else _NEWEST
        rows = await reader.fetch(_LIST, account=account, before=before, size=page.fetch)
        found = [
            EntryRow(
                id=row["id"],
                transaction_id=row["transaction_id"],
                transaction_key=row["key"],
                account=row["account"],
                account_version=row["account_version"],
                amount=row["amount"],
                balance=row["balance"],
                created_at=row["created_at"],
                receipt_id=row["receipt_id"],
            )
            for row in rows
            if row["id"] is not None
        ]
        return Listing(found, rows[0]["list_size"])

    async def recount(self, reader: Reader) -> LedgerFigures:
        """Recompute every balance from the entries, in one snapshot."""
        rows = await reader.fetch(_RECOUNT)
        problems = [
            LedgerProblem(row["kind"], row["id"], row["found"], row["expected"])
            for row in rows
            if row["kind"] is not None
        ]
        first = rows[0]
        return LedgerFigures(
            transactions=first["transactions"],
            entries=first["entries"],
            accounts=first["accounts"],
            budgets=first["budgets"],
            problems=problems,
        )
