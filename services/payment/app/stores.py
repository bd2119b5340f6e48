"""What the use cases want from the stores. `store` holds the implementations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from services.kit.db import Reader
from services.kit.ids import Ids
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork
from services.payment.domain.actions import ActionStatus, Failure, LoggedAction, Wait
from services.payment.domain.budgets import Budget
from services.payment.domain.jobs import JobRef
from services.payment.domain.ledger import Transaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DueAction:
    """A pending action that can be tried now."""

    id: str
    job_id: str


@dataclass(frozen=True, slots=True)
class PendingAction:
    """A pending action, locked, with what is known of its job."""

    logged: LoggedAction
    # None when no event told of the job yet.
    job: JobRef | None
    # The trace that the action came with.
    trace: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Posted:
    """A transaction with the ids under which it is written."""

    id: str
    line_ids: tuple[str, ...]
    transaction: Transaction

    @classmethod
    def of(cls, transaction: Transaction, ids: Ids) -> Posted:
        """Name a transaction and its lines."""
        return cls(ids.new(), tuple(ids.new() for _ in transaction.lines), transaction)


@dataclass(frozen=True, slots=True)
class KnownTransaction:
    """A transaction that is in the books."""

    id: str
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class Settled:
    """An action that is done. Without a transaction nothing was debited."""

    action_id: str
    transaction_id: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An action that cannot be charged yet."""

    action_id: str
    wait: Wait


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One line on an account, for a list. Amounts in micro-euros."""

    id: str
    transaction_id: str
    transaction_key: str
    account: str
    # Counts the lines of the account: the order in which they were posted.
    account_version: int
    amount: int
    balance: int
    created_at: datetime
    receipt_id: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action in the write-ahead log, for a list. The amount in micro-euros."""

    id: str
    type: str
    job_id: str
    application_id: str
    status: ActionStatus
    amount: int
    retry_count: int
    created_at: datetime
    processed_at: datetime | None
    receipt_id: str
    last_error: str


class JobRefStore(Protocol):
    """The read model of jobs."""

    async def find(self, work: UnitOfWork, job_id: str) -> JobRef | None:
        """Return what is known of a job."""

    async def save_published(self, work: UnitOfWork, job: JobRef, version: int) -> None:
        """Keep a job; a later version of it that is known already stays."""

    async def save_change(
        self, work: UnitOfWork, job_id: str, company_id: str, premium: bool, version: int
    ) -> None:
        """Keep whether a job is premium, unless a later version is known already."""


class BudgetStore(Protocol):
    """Budgets by job."""

    async def find(self, reader: Reader | UnitOfWork, job_id: str) -> Budget | None:
        """Return a job's budget."""

    async def lock(self, work: UnitOfWork, job_id: str) -> Budget | None:
        """Return a job's budget; nobody else changes it before this unit ends."""

    async def open(self, work: UnitOfWork, budget: Budget) -> None:
        """Insert a budget and its account, unless the job has them."""

    async def save(self, work: UnitOfWork, budget: Budget, version_before: int) -> None:
        """Write a budget over `version_before`; raise VersionConflict where that has gone."""

    async def configure(self, work: UnitOfWork, budget: Budget) -> None:
        """Write the settings of a budget whose row is locked; the rest is `save`'s."""

    async def over(self, reader: Reader, now: datetime, limit: int) -> list[str]:
        """Return jobs whose budget's cycle is over, longest over first."""


class LedgerStore(Protocol):
    """Transactions and their entries. Append-only."""

    async def open(self, work: UnitOfWork, names: Sequence[str]) -> None:
        """Open the accounts that are not open yet."""

    async def known(self, work: UnitOfWork, keys: Sequence[str]) -> dict[str, KnownTransaction]:
        """Return what was posted under `keys`, by key."""

    async def post(self, work: UnitOfWork, postings: Sequence[Posted], now: datetime) -> set[str]:
        """Write transactions, their lines and the balances of their accounts, in this order.

        Returns the ids of those that are new: a key that was posted before is
        left alone. Whoever posts to a budget's account holds the budget's row.
        Raises NotPosted when an account does not exist.
        """

    async def list_entries(self, reader: Reader, account: str, page: Page) -> Listing[EntryRow]:
        """List the lines on an account, newest first, keyed by account_version."""


class ActionStore(Protocol):
    """The write-ahead log."""

    async def insert(
        self,
        work: UnitOfWork,
        logged: Sequence[LoggedAction],
        trace: Mapping[str, str],
        now: datetime,
    ) -> dict[str, bytes]:
        """Write actions down as PENDING, in this order.

        Returns the request hashes of those whose key was there already, by key:
        what stands in the log, not what was given.
        """

    async def due(
        self, work: UnitOfWork, job_id: str, now: datetime, limit: int
    ) -> list[DueAction]:
        """Return what can be tried of one job now, oldest first."""

    async def claim(
        self, work: UnitOfWork, now: datetime, until: datetime, limit: int
    ) -> list[DueAction]:
        """Take what is due for this runner alone until `until`, longest due first."""

    async def lock(self, work: UnitOfWork, action_ids: Sequence[str]) -> list[PendingAction]:
        """Lock those that are pending and that nobody else has, oldest first."""

    async def lock_due(
        self, work: UnitOfWork, job_id: str, now: datetime, limit: int
    ) -> list[PendingAction]:
        """Lock what can be tried of one job now and what nobody else has, oldest first."""

    async def processed(self, work: UnitOfWork, settled: Sequence[Settled], now: datetime) -> None:
        """Mark locked actions PROCESSED."""

    async def wait(self, work: UnitOfWork, waiting: Sequence[Waiting], now: datetime) -> None:
        """Note what locked actions wait for; they are due as soon as that has come."""

    async def lock_for_failure(self, work: UnitOfWork, action_id: str) -> int | None:
        """Lock a pending action; return how often it failed, None when it is not pending."""

    async def failed(self, work: UnitOfWork, action_id: str, failure: Failure) -> None:
        """Note a failure."""

    async def list_actions(
        self, reader: Reader, job_id: str, status: ActionStatus | None, page: Page
    ) -> Listing[ActionRow]:
        """List a job's actions, newest first, keyed by id."""
