"""Makes the next block of the hash chain."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime

from services.kit.db import Database, acquire
from services.kit.pool import Connection
from services.payment.domain.chain import GENESIS, Block, Part, seal
from services.payment.store.journal import TABLES, Rows, Table

# A block holds at most so many numbers: one hash is computed in a moment.
MAX_BLOCK = 50_000
_POLL_SECONDS = 0.02
_LAST = "select number, last_seq, hash from ledger_blocks order by number desc limit 1"
_INSERT = """
    insert into ledger_blocks
        (number, last_seq, actions, transactions, entries, previous, hash, sealed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_FOLD = """
    update accounts set balance = balance + added.amount, version = version + added.lines
    from (select account, cast(sum(amount) as bigint) as amount, count(*) as lines
          from ledger_entries
          where seq > $1 and seq <= $2 and account_version is null group by account) as added
    where accounts.name = added.account
"""
# Any number will do as long as nobody else of this schema uses it.
_LOCK = "select pg_advisory_xact_lock(hashtextextended(current_schema || '.ledger_blocks', 0))"


class _Rows:
    """Hashes the rows of one table."""

    def __init__(self) -> None:
        self.rows = 0
        self._digest = hashlib.sha256()

    def take(self, rows: Rows) -> None:
        """Add rows."""
        self.rows += len(rows)
        self._digest.update(rows.tobytes())

    def part(self) -> Part:
        """Return what was added."""
        return Part(self.rows, self._digest.digest())


class Blocks:
    """`ledger_blocks`, and the balances of the shared accounts as of the last block."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def cut(self, patience: float) -> int | None:
        """Return a number up to which every writer has ended.

        A number is drawn by who has a transaction id already. So whoever drew one
        up to the last has a smaller id than the one drawn here afterwards, and
        once no smaller one runs, all of them are in the books or gone for good.
        None when that takes longer than `patience` seconds.
        """
        async with acquire(self._database.writer) as connection:
            async with connection.transaction():
                last = await connection.fetchval("select last_value from journal_seq")
                mine = await connection.fetchval("select pg_current_xact_id()")
            try:
                async with asyncio.timeout(patience):
                    while not await self._ended(connection, mine):
                        await asyncio.sleep(_POLL_SECONDS)
            except TimeoutError:
                return None
        return int(last)

    async def seal(self, last: int, now: datetime) -> Block | None:
        """Write the next block, with all that is numbered up to `last`; None when nothing is.

        One sealer at a time, whoever calls.
        """
        async with acquire(self._database.writer) as connection, connection.transaction():
            await connection.execute(_LOCK)
            before = await connection.fetchrow(_LAST)
            number, after, previous = tuple(before) if before else (0, 0, GENESIS)
            upto = min(last, after + MAX_BLOCK)
            parts = [await self._part(connection, table, after, upto) for table in TABLES]
            if upto <= after or (upto == last and not any(part.rows for part in parts)):
                return None
            rows = tuple(part.rows for part in parts)
            digest = seal(number + 1, upto, bytes(previous), parts)
            block = Block(number + 1, upto, rows, bytes(previous), digest, now)
            await connection.execute(
                _INSERT, block.number, upto, *rows, block.previous, block.hash, now
            )
            await connection.execute(_FOLD, after, upto)
            return block

    async def _ended(self, connection: Connection, transaction_id: int) -> bool:
        return bool(
            await connection.fetchval(
                "select pg_snapshot_xmin(pg_current_snapshot()) >= $1",
                transaction_id,
            )
        )

    async def _part(self, connection: Connection, table: Table, after: int, last: int) -> Part:
        part = _Rows()
        await table.read(connection, after, last, part.take)
        return part.part()
