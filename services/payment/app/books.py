"""Reads the books: lists for collaborators, and the recount that proves them."""

from __future__ import annotations

from dataclasses import dataclass

from services.kit.db import Reader
from services.kit.paging import Listing, Page
from services.payment.app.stores import ActionRow, ActionStore, EntryRow, LedgerFigures, LedgerStore
from services.payment.domain.actions import ActionStatus
from services.payment.domain.ledger import budget_account


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What `verify_ledger` found."""

    figures: LedgerFigures

    @property
    def sound(self) -> bool:
        """Whether every cent is explained."""
        return not self.figures.problems


class Books:
    """The ledger and the write-ahead log, read."""

    def __init__(self, reader: Reader, ledger: LedgerStore, actions: ActionStore) -> None:
        self._reader = reader
        self._ledger = ledger
        self._actions = actions

    async def entries(self, job_id: str, page: Page) -> Listing[EntryRow]:
        """List the lines on a job's budget account, newest first."""
        return await self._ledger.list_entries(self._reader, budget_account(job_id), page)

    async def actions(
        self, job_id: str, status: ActionStatus | None, page: Page
    ) -> Listing[ActionRow]:
        """List a job's actions, newest first."""
        return await self._actions.list_actions(self._reader, job_id, status, page)


async def verify_ledger(reader: Reader, ledger: LedgerStore) -> LedgerReport:
    """Recompute the books from zero.

    Each transaction adds up to zero, each line shows the balance that the
    lines before it make, each account and each budget has the balance of its
    lines, and each charged action has its fee in the revenue.
    """
    return LedgerReport(await ledger.recount(reader))
