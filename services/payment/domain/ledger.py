"""The double-entry ledger: transactions whose lines add up to zero."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

CLEARING = "clearing:card"
REVENUE = "revenue:fees"
_MAX = 2**63 - 1


class Unbalanced(ValueError):
    """The lines are no double entry. A mistake of the program, never of a caller."""


class NotPosted(Exception):
    """A key was posted before, or an account does not exist. Nothing is to be committed."""


def budget_account(job_id: str) -> str:
    """Return the account that holds a job's budget."""
    return f"budget:{job_id}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a negative amount goes out of the account."""

    account: str
    amount: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """A movement of money under a natural key, posted once.

    Raises Unbalanced unless there are at least two lines on different
    accounts, none of them zero, that add up to zero.
    """

    key: str
    lines: tuple[Line, ...]
    # What the fee cites; empty where there is none.
    receipt_id: str = ""
    # The name of the movement at an outside provider (a card charge).
    reference: str = ""
    # What else belongs to the request, for the hash alone.
    details: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        accounts = {line.account for line in self.lines}
        if len(accounts) < 2 or len(accounts) != len(self.lines):  # noqa: PLR2004 - double entry
            raise Unbalanced(f"{self.key}: a line each on two accounts or more")
        if any(not line.amount or abs(line.amount) > _MAX for line in self.lines):
            raise Unbalanced(f"{self.key}: an amount is zero or too large")
        if sum(line.amount for line in self.lines):
            raise Unbalanced(f"{self.key}: the lines do not add up to zero")

    @property
    def request_hash(self) -> bytes:
        """Tell two requests under one key apart: SHA-256 over what was asked for."""
        lines = sorted(f"{line.account}={line.amount}" for line in self.lines)
        return fingerprint(self.key, *lines, self.receipt_id, *self.details)


def fingerprint(*parts: str) -> bytes:
    """Return the SHA-256 over `parts`, each with its length, so that none runs into the next."""
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).digest()


def funding(request_id: str, job_id: str, amount: int, method: str, charge_id: str) -> Transaction:
    """Move `amount` from the card's clearing account into the job's budget."""
    return Transaction(
        key=funding_key(request_id),
        lines=(Line(CLEARING, -amount), Line(budget_account(job_id), amount)),
        reference=charge_id,
        details=(method,),
    )


def funding_key(request_id: str) -> str:
    """Return the natural key of a funding."""
    return f"fund:{request_id}"


def fee(key: str, job_id: str, amount: int, receipt_id: str) -> Transaction:
    """Move a fee of `amount` from the job's budget to the revenue."""
    return Transaction(
        key=key,
        lines=(Line(budget_account(job_id), -amount), Line(REVENUE, amount)),
        receipt_id=receipt_id,
    )
