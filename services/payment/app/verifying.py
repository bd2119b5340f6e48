"""What a recount of the books finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LedgerProblem:
    """One thing in the books that does not add up."""

    # "transaction", "entry", "account", "budget", "hold", "action", "block" or "ledger".
    kind: str
    id: str
    # What is written down and what it should be: micro-euros, rows for "block" and "ledger".
    found: int
    expected: int


@dataclass(frozen=True, slots=True)
class LedgerFigures:
    """What a recount of the books found."""

    transactions: int
    entries: int
    actions: int
    accounts: int
    budgets: int
    blocks: int
    # Transactions that came after the last block; the sealer takes them within seconds.
    unsealed: int
    problems: Sequence[LedgerProblem]

    @property
    def sound(self) -> bool:
        """Whether every cent is explained."""
        return not self.problems


class Recounting(Protocol):
    """Reads the books from zero."""

    async def figures(self) -> LedgerFigures:
        """Recompute every sum, every balance and every hash from the rows alone."""
