"""What the demo found out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison: what should be and what is, in words, and whether they are the same."""

    what: str
    expected: str
    found: str
    ok: bool


def same(what: str, expected: ValueT, found: ValueT, show: Callable[[ValueT], str] = str) -> Check:
    """Compare two values; `show` puts them in words."""
    return Check(what, show(expected), show(found), expected == found)


@dataclass(slots=True)
class DemoReport:
    """The figures of one run. Amounts are in micro-euros."""

    company_id: str
    job_id: str
    # Whether this run loaded the sample data and walked the whole flow.
    first_run: bool
    candidates: int
    indexed: int
    # Applications to the demo's job, of all runs.
    applications: int
    funded: int
    spent: int
    balance: int
    # Mails of the story that the mailbox holds.
    mails: int
    checks: list[Check] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)
