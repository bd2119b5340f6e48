"""What billing wants from the stores: dues, wallets, profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from services.kit.db import Reader
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork
from services.payment.app.stores import ActionRow
from services.payment.domain.actions import ActionStatus
from services.payment.domain.charges import Purpose


@dataclass(frozen=True, slots=True)
class Due:
    """Money that is to be collected by card, in micro-euros."""

    # The natural key of the charge.
    key: str
    purpose: Purpose
    company_id: str
    # The budget that is topped up; empty for what a company owes.
    job_id: str
    amount: int
    cycle_starts_at: datetime


@dataclass(frozen=True, slots=True)
class Debtor:
    """A company that owes something, in micro-euros."""

    company_id: str
    owed: int
    # How many charges for what it owes there were; the next one's number.
    charges: int
    # Whether one of them is on its way.
    in_flight: bool
    # When the last one failed; None when it did not.
    unpaid_at: datetime | None
    # Whether a cycle ended since the last charge.
    cycle_ended: bool


class DueStore(Protocol):
    """What is to be collected, and who owes."""

    async def add(self, work: UnitOfWork, due: Due, now: datetime) -> None:
        """Write a due down as IN_FLIGHT."""

    async def in_flight(self, reader: Reader | UnitOfWork, limit: int) -> list[Due]:
        """Return what is IN_FLIGHT, oldest first."""

    async def end(self, work: UnitOfWork, key: str, paid: bool, now: datetime) -> bool:
        """Mark a due as PAID or UNPAID; return False when it was PAID before."""

    async def top_ups(
        self, work: UnitOfWork, job_id: str, since: datetime
    ) -> tuple[int, int, bool]:
        """Return, of a budget's top-ups: how many ever, what was paid or is on its way
        since `since`, and whether one is on its way."""

    async def cycle_ended(self, work: UnitOfWork, company_id: str, now: datetime) -> None:
        """Note that what a company owes is to be collected."""

    async def collected(self, work: UnitOfWork, company_id: str) -> None:
        """Take that note away."""

    async def debtors(self, reader: Reader, threshold: int, limit: int) -> list[str]:
        """Return companies with such a note, and those that owe `threshold` or more."""

    async def debtor(self, work: UnitOfWork, company_id: str) -> Debtor:
        """Return what a company owes, from its accounts and budgets."""

    async def wallet(self, reader: Reader | UnitOfWork, company_id: str) -> tuple[int, int]:
        """Return a company's wallet, and what it owes."""

    async def lend_to(self, work: UnitOfWork, company_id: str) -> list[str]:
        """Return a company's jobs whose budgets are billed per cycle and not closed."""


@dataclass(frozen=True, slots=True)
class DayRevenue:
    """What a day in Paris earned, in micro-euros."""

    day: date
    revenue: int
    actions: int


@dataclass(frozen=True, slots=True)
class Stats:
    """The write-ahead log in figures. Amounts in micro-euros."""

    processed: int
    pending: int
    failed: int
    revenue: int
    days: Sequence[DayRevenue]


class AdministrationStore(Protocol):
    """The write-ahead log of all jobs, as staff sees it."""

    async def list_all(
        self, reader: Reader, status: ActionStatus | None, page: Page
    ) -> Listing[ActionRow]:
        """List actions of all jobs, newest first, keyed by id."""

    async def stats(self, reader: Reader, start: datetime, end: datetime) -> Stats:
        """Count, and add up what was debited; days from `start` up to `end`."""

    async def lock_action(self, work: UnitOfWork, action_id: str) -> ActionRow | None:
        """Return an action, locked."""

    async def revive(self, work: UnitOfWork, action_id: str, now: datetime) -> None:
        """Make an action PENDING and due, with all its tries before it."""
