"""Moves money: the one function that writes to the books, and what lists them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import RequestIdReused, VersionConflict
from services.kit.ids import Ids
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork
from services.payment.app.stores import (
    ActionRow,
    ActionStore,
    EntryRow,
    LedgerStore,
    Posted,
)
from services.payment.domain import accounts
from services.payment.domain.actions import ActionStatus
from services.payment.domain.ledger import Transaction, lines_of


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a posting."""

    transaction_id: str
    # False when the key was posted before, with the same lines: nothing moved this time.
    new: bool


class Books:
    """The only way into the ledger."""

    def __init__(self, ledger: LedgerStore, clock: Clock, ids: Ids) -> None:
        self._ledger = ledger
        self._clock = clock
        self._ids = ids

    async def post(
        self,
        work: UnitOfWork,
        *,
        key: str,
        lines: Iterable[tuple[str, int]],
        reference: str = "",
        receipt_id: str = "",
        note: str = "",
        details: Sequence[str] = (),
    ) -> Receipt:
        """Move money inside `work`: `lines` of (account, micro-euros) that add up to zero.

        `key` is the natural key: the same key with the same lines, receipt and
        `details` is the same movement, however often it is posted; the answer
        names the first, with `new` false, and nothing else is to happen then
        (no event, no change of a budget). `reference` (the movement's name at a
        provider) and `note` are written down and not compared. Accounts that do
        not exist are opened.

        Whoever posts to `budget:<job>` has locked the budget's row before and
        saves its new balance in the same unit; `weneeds ledger verify` compares.

        Raises RequestIdReused when the key belongs to another movement, Unbalanced
        for lines that are no double entry, and BalanceTooLow when a budget, a hold
        or a wallet would fall below zero (the unit can only be rolled back then).
        """
        transaction = Transaction(
            key, lines_of(lines), receipt_id, reference, note=note, details=tuple(details)
        )
        return await self.write(work, transaction)

    async def write(self, work: UnitOfWork, transaction: Transaction) -> Receipt:
        """Post a transaction that is made already; see `post`."""
        await self._ledger.open(work, [line.account for line in transaction.lines])
        posted = Posted.of(transaction, self._ids)
        if posted.id in await self._ledger.post(work, [posted], self._clock.now()):
            return Receipt(posted.id, new=True)
        known = (await self._ledger.known(work, [transaction.key]))[transaction.key]
        if known.request_hash != transaction.request_hash:
            raise RequestIdReused(key=transaction.key)
        return Receipt(known.id, new=False)

    async def find(self, work: UnitOfWork, key: str) -> str | None:
        """Return the id of the transaction under `key`; None when nothing was posted."""
        known = (await self._ledger.known(work, [key])).get(key)
        return known.id if known else None

    async def write_all(self, work: UnitOfWork, postings: Sequence[Posted]) -> None:
        """Post many transactions on open accounts, all of them new, in one statement.

        Raises VersionConflict when one was posted before: somebody else was faster.
        """
        if len(await self._ledger.post(work, postings, self._clock.now())) != len(postings):
            raise VersionConflict


class Records:
    """The ledger and the write-ahead log, read."""

    def __init__(self, reader: Reader, ledger: LedgerStore, actions: ActionStore) -> None:
        self._reader = reader
        self._ledger = ledger
        self._actions = actions

    async def entries(self, job_id: str, page: Page) -> Listing[EntryRow]:
        """List the lines on a job's budget account, newest first."""
        return await self._ledger.list_entries(self._reader, accounts.budget(job_id), page)

    async def actions(
        self, job_id: str, status: ActionStatus | None, page: Page
    ) -> Listing[ActionRow]:
        """List a job's actions, newest first."""
        return await self._actions.list_actions(self._reader, job_id, status, page)
