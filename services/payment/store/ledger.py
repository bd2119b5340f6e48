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
    Posted,
)
from services.payment.domain.errors import BalanceTooLow
from services.payment.domain.ledger import NotPosted

_NEVER_BELOW_ZERO = "accounts_never_below_zero"
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
# are not even locked. The others are, by name so that no two units wait for each
# other, and before numbers are drawn: an account's lines stand in the journal in
# the order of its balances.
_POST = Query.text(
    """
    with asked as (
        select * from unnest(cast(:line_ids as uuid[]), cast(:owners as uuid[]),
                             cast(:places as smallint[]), cast(:accounts as text[]),
                             cast(:amounts as bigint[]))
                      with ordinality as asked(id, transaction_id, place, account, amount, nr)
    ), locked as (
        select name from accounts
        where name = any(cast(:accounts as text[])) and not shared
        order by name for update
    ), posted as (
        insert into ledger_transactions
            (id, key, request_hash, reference, receipt_id, note, reverses, created_at)
        select given.id, given.key, given.request_hash, given.reference, given.receipt_id,
               given.note, given.reverses, :now
        from unnest(cast(:ids as uuid[]), cast(:keys as text[]), cast(:hashes as bytea[]),
                    cast(:refs as text[]), cast(:receipts as text[]), cast(:notes as text[]),
                    cast(:reverses as uuid[]))
             as given(id, key, request_hash, reference, receipt_id, note, reverses)
        where (select count(*) from locked) >= 0
        on conflict (key) do nothing
        returning id, seq
    ), line as (
        select asked.*, posted.seq, locked.name is null as shared,
               cast(sum(amount) over earlier as bigint) as running,
               row_number() over earlier as nth
        from asked join posted on posted.id = asked.transaction_id
        left join locked on locked.name = asked.account
        window earlier as (partition by account order by nr)
    ), total as (
        select account, cast(sum(amount) as bigint) as amount, count(*) as lines
        from line where not shared group by account
    ), moved as (
        update accounts set balance = accounts.balance + total.amount,
                            version = accounts.version + total.lines
        from total where accounts.name = total.account
        returning accounts.name, accounts.balance - total.amount as balance_before,
                  accounts.version - total.lines as version_before
    ), written as (
        insert into ledger_entries (id, transaction_id, seq, place, account, account_version,
                                    amount, balance, created_at)
        select line.id, line.transaction_id, line.seq, line.place, line.account,
               moved.version_before + line.nth, line.amount,
               moved.balance_before + line.running, :now
        from line left join moved on moved.name = line.account
    )
    select posted.id from posted
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
    left join (page join ledger_transactions posted on posted.seq = page.seq) on true
    order by page.account_version desc
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
            reverses=[transaction.reverses or None for transaction in transactions],
            now=now,
        )
        return {row["id"] for row in rows}

    async def _write(self, work: UnitOfWork, **values: object) -> list[Row]:
        try:
            return await work.fetch(_POST, **values)
        except asyncpg.CheckViolationError as error:
            if error.constraint_name == _NEVER_BELOW_ZERO:
                raise BalanceTooLow from error
            raise
        except asyncpg.ForeignKeyViolationError as error:
            raise NotPosted from error

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
