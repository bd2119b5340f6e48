"""The journal in binary: what the hash chain covers, and the only bytes it is made of.

Every row of a table has the same width, so a block's rows are a slice of the
stream and numpy reads the columns where they lie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from services.kit.pool import Connection

Rows: TypeAlias = "np.ndarray[Any, np.dtype[np.void]]"

# What `copy ... with (format binary)` begins and ends with.
_HEADER = 19
_TRAILER = b"\xff\xff"
_CHUNK_BYTES = 8 * 2**20
_TYPES = {"seq": ">i8", "id": "V16", "text": "V32", "small": ">i2"}


class NotTheJournal(Exception):
    """Postgres sent something else than rows of the width that was asked for."""


@dataclass(frozen=True)
class Table:
    """How a table goes into the journal."""

    name: str
    # Rows with $1 < seq <= $2, in order.
    sql: str
    dtype: np.dtype[np.void]

    async def read(
        self,
        connection: Connection,
        after: int,
        last: int,
        take: Callable[[Rows], None],
    ) -> None:
        """Give the rows to `take`, some tens of thousands at a time, in order."""
        chunks = _Chunks(self.dtype, take)
        await connection.copy_from_query(self.sql, after, last, output=chunks.add, format="binary")
        chunks.end()


class _Chunks:
    """Cuts the stream into arrays of whole rows."""

    def __init__(self, dtype: np.dtype[np.void], take: Callable[[Rows], None]) -> None:
        self._dtype = dtype
        self._take = take
        self._buffer = bytearray()
        self._begun = False

    async def add(self, data: bytes) -> None:
        """Take what has come from the server."""
        self._buffer += data
        if not self._begun and len(self._buffer) >= _HEADER:
            del self._buffer[:_HEADER]
            self._begun = True
        if len(self._buffer) >= _CHUNK_BYTES:
            self._give(len(self._buffer) // self._dtype.itemsize - 1)

    def end(self) -> None:
        """Give what is left. Raises NotTheJournal unless that is rows and the end mark."""
        rows, rest = divmod(len(self._buffer), self._dtype.itemsize)
        if rest != len(_TRAILER) or self._buffer[-rest:] != _TRAILER:
            raise NotTheJournal
        self._give(rows)

    def _give(self, count: int) -> None:
        size = count * self._dtype.itemsize
        rows = np.frombuffer(bytes(self._buffer[:size]), dtype=self._dtype)
        del self._buffer[:size]
        if not count:
            return
        if (rows["_fields"] != rows["_fields"][0]).any():
            raise NotTheJournal
        self._take(rows)


def _table(name: str, columns: str, order: str, **kinds: str) -> Table:
    fields: list[tuple[str, str]] = [("_fields", ">i2")]
    for field, kind in kinds.items():
        fields += [(f"_{field}", ">i4"), (field, _TYPES[kind])]
    sql = f"select {columns} from {name} where seq > $1 and seq <= $2 order by {order}"  # noqa: S608
    return Table(name, sql, np.dtype(fields))


# Of an action, what never changes: not how far it has come, and not who did it.
ACTIONS = _table(
    "action_log",
    """
    seq, id, created_at, coalesce(happened_at, created_at),
    sha256(convert_to(concat_ws('|', type, job_id, company_id, application_id,
        coalesce(points, -1), amount, length(receipt_id), receipt_id,
        encode(request_hash, 'hex')), 'UTF8'))
    """,
    "seq",
    seq="seq", id="id", created_at="seq", happened_at="seq", text="text",
)  # fmt: skip
TRANSACTIONS = _table(
    "ledger_transactions",
    """
    seq, id, created_at, coalesce(reverses, '00000000-0000-0000-0000-000000000000'),
    sha256(convert_to(concat_ws('|', length(key), key, encode(request_hash, 'hex'),
        length(reference), reference, length(receipt_id), receipt_id, length(note), note), 'UTF8'))
    """,
    "seq",
    seq="seq", id="id", created_at="seq", reverses="id", text="text",
)  # fmt: skip
# Version and balance are 0 on a shared account.
ENTRIES = _table(
    "ledger_entries",
    """
    seq, place, id, transaction_id, sha256(convert_to(account, 'UTF8')),
    coalesce(account_version, 0), amount, coalesce(balance, 0)
    """,
    "seq, place",
    seq="seq", place="small", id="id", transaction_id="id", account="text",
    version="seq", amount="seq", balance="seq",
)  # fmt: skip
TABLES = (ACTIONS, TRANSACTIONS, ENTRIES)
