"""Recounts the books from zero, set by set: numpy reads the journal, SQL compares the tables.

Nothing is held in memory but the chunk at hand, one hash for each block and one
sum for each account.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from services.kit.db import Database, acquire
from services.kit.pool import Connection
from services.payment.app.verifying import LedgerFigures, LedgerProblem
from services.payment.domain.chain import GENESIS, Block, Part, seal
from services.payment.store.counting import Counter, Hasher
from services.payment.store.journal import ACTIONS, ENTRIES, TRANSACTIONS, NotTheJournal, Table

_MAX = 2**63 - 1
# Nobody reads more; the books are wrong all the same.
_MOST_PROBLEMS = 1000
_BLOCKS = "select * from ledger_blocks order by number"
_ACCOUNTS = "select name, balance, version, shared from accounts"
# Each transaction has a first line of its own; each charged action its fee, out of the
# budget of its job; each fee its action.
_PAIRS = """
    select case when action.id is null then 'transaction' else 'action' end as kind,
           coalesce(action.id, posted.id)::text as id,
           coalesce(-first.amount, 0) as found, coalesce(action.amount, 0) as expected
    from ledger_transactions posted
    left join ledger_entries first
        on first.seq = posted.seq and first.place = 1 and first.transaction_id = posted.id
    full join (select * from action_log where transaction_id is not null) action
        on action.transaction_id = posted.id
    where (posted.id is not null and first.id is null)
       or (action.id is null and starts_with(posted.key, 'action:'))
       or (action.id is not null
           and (posted.id is null or action.status <> 'PROCESSED'
                or posted.key <> concat('action:', action.type, ':', action.application_id)
                or first.account <> concat('budget:', action.job_id)
                or first.amount <> -action.amount))
    limit 1000
"""
_BUDGETS = """
    select 'budget' as kind, job_id::text as id, budgets.balance as found,
           coalesce(accounts.balance, 0) as expected
    from budgets left join accounts on accounts.name = concat('budget:', job_id)
    where budgets.balance <> coalesce(accounts.balance, 0)
    union all
    select 'hold', name, balance, coalesce(sum(amount), 0)
    from accounts left join holds
        on name = concat('held:', job_id) and holds.status = 'PLACED'
    where starts_with(name, 'held:')
    group by name, balance having balance <> coalesce(sum(amount), 0)
    limit 1000
"""


class Recount:
    """Proves the books. Reads only, in one snapshot, from several connections at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def figures(self) -> LedgerFigures:
        """Recompute every sum, every balance and every hash from the rows alone."""
        async with self._snapshots(3) as (first, second, third):
            blocks = [_block(row) for row in await first.fetch(_BLOCKS)]
            ends = [block.last_seq for block in blocks]
            actions, transactions = Hasher(ends), Hasher(ends)
            entries = Counter(ends)

            async def other_tables() -> None:
                await _read(TRANSACTIONS, second, transactions)
                await _read(ACTIONS, second, actions)

            async def compared() -> list[LedgerProblem]:
                rows = [*await third.fetch(_PAIRS), *await third.fetch(_BUDGETS)]
                return [LedgerProblem(*row) for row in rows]

            *_, problems = await asyncio.gather(
                _read(ENTRIES, first, entries), other_tables(), compared()
            )
            accounts = await first.fetch(_ACCOUNTS)
            budgets = await first.fetchval("select count(*) from budgets")
        problems += entries.problems()
        problems += _accounts(accounts, entries)
        problems += _chain(blocks, [actions.parts(), transactions.parts(), entries.parts()])
        if entries.transactions != transactions.rows:
            found, expected = entries.transactions, transactions.rows
            problems.append(LedgerProblem("ledger", "transactions with lines", found, expected))
        return LedgerFigures(
            transactions=transactions.rows,
            entries=entries.rows,
            actions=actions.rows,
            accounts=len(accounts),
            budgets=budgets,
            blocks=len(blocks),
            unsealed=transactions.unsealed,
            problems=sorted(problems[:_MOST_PROBLEMS], key=lambda one: (one.kind, one.id)),
        )

    @asynccontextmanager
    async def _snapshots(self, count: int) -> AsyncIterator[Sequence[Connection]]:
        """Open connections that all see the same moment."""
        async with AsyncExitStack() as stack:
            opened: list[Connection] = []
            shared = ""
            for _ in range(count):
                connection = await stack.enter_async_context(acquire(self._database.reader_pool))
                transaction = connection.transaction(isolation="repeatable_read", readonly=True)
                await stack.enter_async_context(transaction)
                if not shared:
                    shared = await connection.fetchval("select pg_export_snapshot()")
                else:
                    await connection.execute(f"set transaction snapshot '{shared}'")
                opened.append(connection)
            yield opened


async def _read(table: Table, connection: Connection, reader: Hasher) -> None:
    try:
        await table.read(connection, -1, _MAX, reader.take)
    except NotTheJournal as error:
        raise RuntimeError(f"{table.name} cannot be read as a journal") from error
    reader.end()


def _accounts(rows: Sequence[Connection], entries: Counter) -> list[LedgerProblem]:
    problems = []
    for name, balance, version, shared in rows:
        code = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
        total = entries.sealed if shared else entries.totals
        expected, lines = total.pop(code, (0, 0))
        if (balance, version) != (expected, lines):
            problems.append(LedgerProblem("account", name, balance, expected))
    # Lines of accounts that there are not.
    if entries.totals.keys() - entries.shared or entries.sealed:
        problems.append(LedgerProblem("ledger", "accounts", 0, 1))
    return problems


def _chain(blocks: Sequence[Block], columns: Sequence[Sequence[Part]]) -> list[LedgerProblem]:
    previous, last, problems = GENESIS, 0, []
    for place, block in enumerate(blocks):
        parts = [column[place] for column in columns]
        right = (
            block.number == place + 1
            and block.last_seq > last
            and block.previous == previous
            and block.rows == tuple(part.rows for part in parts)
            and block.hash == seal(block.number, block.last_seq, previous, parts)
        )
        if not right:
            found, expected = sum(block.rows), sum(part.rows for part in parts)
            problems.append(LedgerProblem("block", str(block.number), found, expected))
        previous, last = block.hash, block.last_seq
    return problems


def _block(row: Connection) -> Block:
    return Block(
        number=row["number"],
        last_seq=row["last_seq"],
        rows=(row["actions"], row["transactions"], row["entries"]),
        previous=bytes(row["previous"]),
        hash=bytes(row["hash"]),
        sealed_at=row["sealed_at"],
    )
