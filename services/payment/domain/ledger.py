"""The double-entry ledger: transactions whose lines add up to zero."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.payment.domain import accounts

_MAX = 2**63 - 1


class Unbalanced(ValueError):
    """The lines are no double entry. A mistake of the program, never of a caller."""


class NotPosted(Exception):
    """An account does not exist. Nothing is to be committed."""


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
    # The id of the transaction that this one takes back; empty where there is none.
    reverses: str = ""
    # Why, in the words of who did it; empty where there is nothing to say.
    note: str = ""
    # What else belongs to the request, for the hash alone.
    details: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        names = {line.account for line in self.lines}
        if len(names) < 2 or len(names) != len(self.lines):  # noqa: PLR2004 - double entry
            raise Unbalanced(f"{self.key}: a line each on two accounts or more")
        if any(not line.amount or abs(line.amount) > _MAX for line in self.lines):
            raise Unbalanced(f"{self.key}: an amount is zero or too large")
        if sum(line.amount for line in self.lines):
            raise Unbalanced(f"{self.key}: the lines do not add up to zero")

    @property
    def request_hash(self) -> bytes:
        """Tell two requests under one key apart: SHA-256 over what was asked for."""
        lines = sorted(f"{line.account}={line.amount}" for line in self.lines)
        cited = (self.receipt_id, self.reverses) if self.reverses else (self.receipt_id,)
        return fingerprint(self.key, *lines, *cited, *self.details)


def lines_of(movements: Iterable[tuple[str, int]]) -> tuple[Line, ...]:
    """Return the lines for (account, micro-euros)."""
    return tuple(Line(account, amount) for account, amount in movements)


def fingerprint(*parts: str) -> bytes:
    """Return the SHA-256 over `parts`, each with its length, so that none runs into the next."""
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).digest()


def funding(request_id: str, job_id: str, amount: int, method: str, charge_id: str) -> Transaction:
    """Move `amount` from the card's clearing account into the job's budget."""
    return Transaction(
        key=funding_key(request_id),
        lines=(Line(accounts.CLEARING, -amount), Line(accounts.budget(job_id), amount)),
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
        lines=(Line(accounts.budget(job_id), -amount), Line(accounts.REVENUE, amount)),
        receipt_id=receipt_id,
    )
