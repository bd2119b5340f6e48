"""Arithmetic over the journal, a chunk of rows at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from services.payment.app.verifying import LedgerProblem
from services.payment.domain.chain import Part
from services.payment.store.journal import Rows

Ints: TypeAlias = "npt.NDArray[np.int64]"
_MOST_PROBLEMS = 1000
_FEWEST_LINES = 2


class Hasher:
    """Hashes rows block by block. `ends` are the last numbers of the blocks."""

    def __init__(self, ends: Sequence[int]) -> None:
        self._ends = np.array(ends, dtype=np.int64)
        self._parts: list[Part] = []
        self._digest = hashlib.sha256()
        self._count = 0
        self.rows = 0

    @property
    def unsealed(self) -> int:
        """How many rows come after the last block."""
        return self.rows - sum(part.rows for part in self._parts)

    def take(self, rows: Rows) -> None:
        """Add rows, in the journal's order."""
        self.rows += len(rows)
        seqs = rows["seq"].astype(np.int64)
        done = 0
        # The end of each block that ends before the last row here.
        ends = self._ends[len(self._parts) :]
        for cut in np.searchsorted(seqs, ends[ends < seqs[-1]], side="right"):
            self._add(rows[done:cut])
            self._close()
            done = int(cut)
        self._add(rows[done:])

    def end(self) -> None:
        """Close the blocks that are still open."""
        while len(self._parts) < len(self._ends):
            self._close()

    def parts(self) -> list[Part]:
        """Return one part for each block."""
        return self._parts

    def _add(self, rows: Rows) -> None:
        self._count += len(rows)
        self._digest.update(rows.tobytes())

    def _close(self) -> None:
        self._parts.append(Part(self._count, self._digest.digest()))
        self._count, self._digest = 0, hashlib.sha256()


class Counter(Hasher):
    """Hashes the lines, and adds them up: by transaction, by account, line after line."""

    def __init__(self, ends: Sequence[int]) -> None:
        super().__init__(ends)
        self._last_sealed = ends[-1] if ends else 0
        self._problems: list[LedgerProblem] = []
        # What is left of the last chunk: the lines of a transaction that may go on.
        self._rest: Rows | None = None
        self.transactions = 0
        # Balance and number of lines by account.
        self.totals: dict[int, tuple[int, int]] = {}
        # The same of shared accounts, up to the last block.
        self.sealed: dict[int, tuple[int, int]] = {}
        self.shared: set[int] = set()

    def take(self, rows: Rows) -> None:
        """Add lines, in the journal's order."""
        super().take(rows)
        if self._rest is not None:
            rows = np.concatenate([self._rest, rows])
        begins = np.flatnonzero(rows["seq"][1:] != rows["seq"][:-1])
        cut = int(begins[-1]) + 1 if len(begins) else 0
        self._rest = rows[cut:]
        if cut:
            self._count_lines(rows[:cut])

    def end(self) -> None:
        """Count what is left."""
        super().end()
        if self._rest is not None:
            self._count_lines(self._rest)
            self._rest = None

    def problems(self) -> list[LedgerProblem]:
        """Return what does not add up."""
        return self._problems[:_MOST_PROBLEMS]

    def _count_lines(self, rows: Rows) -> None:
        seqs, amounts = rows["seq"].astype(np.int64), rows["amount"].astype(np.int64)
        self._transactions(rows, seqs, amounts)
        codes = _codes(rows)
        versions = rows["version"].astype(np.int64)
        own = versions > 0
        self._running(rows[own], codes[own], versions[own], amounts[own])
        common = ~own
        self.shared.update(int(code) for code in np.unique(codes[common]))
        self._add_up(self.sealed, codes, amounts, common & (seqs <= self._last_sealed))

    def _transactions(self, rows: Rows, seqs: Ints, amounts: Ints) -> None:
        starts = np.flatnonzero(np.r_[True, seqs[1:] != seqs[:-1]])
        sizes = np.diff(np.r_[starts, len(rows)])
        # Whole numbers only: a wrap around 2**64 would need amounts that no column holds.
        totals = np.add.reduceat(amounts, starts)
        owners = rows["transaction_id"]
        strange = np.r_[False, (owners[1:] != owners[:-1]) & (seqs[1:] == seqs[:-1])]
        wrong = (totals != 0) | (sizes < _FEWEST_LINES) | np.logical_or.reduceat(strange, starts)
        self.transactions += len(starts)
        for place in np.flatnonzero(wrong)[:_MOST_PROBLEMS]:
            owner = _uuid(owners[starts[place]])
            self._problems.append(LedgerProblem("transaction", owner, int(totals[place]), 0))

    def _running(self, rows: Rows, codes: Any, versions: Ints, amounts: Ints) -> None:
        """Compare each balance with the one before on the same account."""
        if not len(rows):
            return
        order = np.argsort(codes, kind="stable")
        codes, versions, amounts = codes[order], versions[order], amounts[order]
        balances = rows["balance"].astype(np.int64)[order]
        starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
        before_balance, before_version = np.r_[0, balances[:-1]], np.r_[0, versions[:-1]]
        known = [self.totals.get(int(codes[start]), (0, 0)) for start in starts]
        before_balance[starts] = [balance for balance, _ in known]
        before_version[starts] = [version for _, version in known]
        expected = before_balance + amounts
        wrong = (balances != expected) | (versions != before_version + 1)
        for place in np.flatnonzero(wrong)[:_MOST_PROBLEMS]:
            entry = _uuid(rows["id"][order[place]])
            found = LedgerProblem("entry", entry, int(balances[place]), int(expected[place]))
            self._problems.append(found)
        self._add_up(self.totals, codes, amounts, np.ones(len(codes), dtype=bool))

    def _add_up(
        self, totals: dict[int, tuple[int, int]], codes: Any, amounts: Ints, these: Any
    ) -> None:
        unique, places = np.unique(codes[these], return_inverse=True)
        sums = np.zeros(len(unique), dtype=np.int64)
        np.add.at(sums, places, amounts[these])
        counts = np.bincount(places, minlength=len(unique))
        for code, amount, count in zip(unique, sums, counts, strict=True):
            balance, lines = totals.get(int(code), (0, 0))
            totals[int(code)] = (balance + int(amount), lines + int(count))


def _codes(rows: Rows) -> Any:
    """Return the first eight bytes of each account's hash: enough to tell accounts apart."""
    account = np.ascontiguousarray(rows["account"])
    return account.view(">u8").reshape(len(rows), 4)[:, 0].astype(np.uint64)


def _uuid(raw: Any) -> str:
    text = bytes(raw).hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
