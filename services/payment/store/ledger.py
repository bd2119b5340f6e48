"""Transactions, entries and the balances of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from services.kit.db import Query, Reader, Row
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork
from services.payment.app.stores import (
    EntryRow,
    KnownTransaction,
    LedgerFigures,
    LedgerProblem,
    Posted,
)
from services.payment.domain.errors import BalanceTooLow
from services.payment.domain.ledger import NotPosted

_OPEN = Query.text(
    """
    insert into accounts (name, balance, version)
    select name, 0, 0 from unnest(cast(:names as text[])) as name
    on conflict do nothing
    """
)
_KNOWN = Query.text(
    "select id, key, request_hash from ledger_transactions where key = any(cast(:keys as text[]))"
)
# One statement for any number of transactions; what was posted before is left
# out, with its lines. Each line gets the balance that the lines before it make:
# the account's old balance and a running sum. Shared accounts have none: they
# are not even locked. Accounts are locked by name, so that no two wait for each other.
_POST = Query.text(
    """
    with posted as (
        insert into ledger_transactions
            (id, key, request_hash, reference, receipt_id, note, reverses, created_at)
        select given.id, given.key, given.request_hash, given.reference, given.receipt_id,
               given.note, original.id, :now
        from unnest(cast(:ids as uuid[]), cast(:keys as text[]), cast(:hashes as bytea[]),
                    cast(:refs as text[]), cast(:receipts as text[]), cast(:notes as text[]),
                    cast(:reverses as text[]))
             as given(id, key, request_hash, reference, receipt_id, note, reverses)
        left join ledger_transactions original
            on given.reverses <> '' and original.key = given.reverses
        on conflict (key) do nothing
        returning id
    ), line as (
        select given.*, accounts.shared,
               cast(sum(amount) over earlier as bigint) as running,
               row_number() over earlier as nth
        from unnest(cast(:line_ids as uuid[]), cast(:owners as uuid[]),
                    cast(:places as smallint[]), cast(:accounts as text[]),
                    cast(:amounts as bigint[]))
             with ordinality as given(id, transaction_id, place, account, amount, nr)
        join posted on posted.id = given.transaction_id
        join accounts on accounts.name = given.account
        window earlier as (partition by given.account order by given.nr)
    ), total as (
        select account, cast(sum(amount) as bigint) as amount, count(*) as lines
        from line where not shared group by account
    ), locked as (
        select name from accounts where name in (select account from total)
        order by name for update
    ), moved as (
        update accounts set balance = accounts.balance + total.amount,
                            version = accounts.version + total.lines
        from total join locked on locked.name = total.account
        where accounts.name = total.account
        returning accounts.name, accounts.balance - total.amount as balance_before,
                  accounts.version - total.lines as version_before
    ), written as (
        insert into ledger_entries
            (id, transaction_id, place, account, account_version, amount, balance, created_at)
        select line.id, line.transaction_id, line.place, line.account,
               moved.version_before + line.nth, line.amount,
               moved.balance_before + line.running, :now
        from line left join moved on moved.name = line.account
        where line.shared or moved.name is not null
        returning 1
    )
    select id, (select count(*) from written) as lines from posted
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
    with sealed(seq) as (
        select coalesce(max(last_seq), 0) from ledger_blocks
    ), counted as (
        select entry.account, sum(entry.amount) as balance, count(*) as lines
        from ledger_entries entry
        join ledger_transactions posted on posted.id = entry.transaction_id
        where entry.account_version is not null or posted.seq <= (select seq from sealed)
        group by entry.account
    ), running as (
        select id, balance, account_version,
               sum(amount) over line as expected, row_number() over line as place
        from ledger_entries where account_version is not null
        window line as (partition by account order by account_version)
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

    async def open(self, work: UnitOfWork, names: Sequence[str]) -> None:
        """Open the accounts that are not open yet."""
        await work.execute(_OPEN, names=list(names))

    async def known(self, work: UnitOfWork, keys: Sequence[str]) -> dict[str, KnownTransaction]:
        """Return what was posted under `keys`, by key."""
        rows = await work.fetch(_KNOWN, keys=list(keys))
        return {row["key"]: KnownTransaction(row["id"], bytes(row["request_hash"])) for row in rows}

    async def post(self, work: UnitOfWork, postings: Sequence[Posted], now: datetime) -> set[str]:
        """Write transactions, their lines and the balances of their accounts, in this order.

        Returns the ids of those that are new: a key that was posted before is
        left alone. Raises NotPosted when an account does not exist, BalanceTooLow
        when one would fall below zero that may not.
        """
        lines = [
            (line_id, posted.id, place, line.account, line.amount)
            for posted in postings
            for place, (line_id, line) in enumerate(
                zip(posted.line_ids, posted.transaction.lines, strict=True), start=1
            )
        ]
        columns = zip(*lines, strict=True)
        line_ids, owners, places, accounts, amounts = (list(column) for column in columns)
        transactions = [posted.transaction for posted in postings]
        rows = await self._write(
            work,
            line_ids=line_ids,
            owners=owners,
            places=places,
            accounts=accounts,
            amounts=amounts,
            ids=[posted.id for posted in postings],
            keys=[transaction.key for transaction in transactions],
            hashes=[transaction.request_hash for transaction in transactions],
            refs=[transaction.reference for transaction in transactions],
            receipts=[transaction.receipt_id for transaction in transactions],
            notes=[transaction.note for transaction in transactions],
            reverses=[transaction.reverses for transaction in transactions],
            now=now,
        )
        new = {row["id"] for row in rows}
        wanted = sum(len(posted.line_ids) for posted in postings if posted.id in new)
        # Fewer lines than asked for. The caller's unit is rolled back whole.
        if rows and rows[0]["lines"] != wanted:
            raise NotPosted(", ".join(transaction.key for transaction in transactions))
        return new

    async def _write(self, work: UnitOfWork, **values: object) -> list[Row]:
        try:
            return await work.fetch(_POST, **values)
        except asyncpg.CheckViolationError as error:
            if error.constraint_name == "accounts_never_below_zero":
                raise BalanceTooLow from error
            raise

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
