"""Takes fees back: by transactions of their own, never by changing what is written."""

from __future__ import annotations

from collections.abc import Callable

from services.kit.audit import note_change
from services.kit.money import decimal_text
from services.kit.work import UnitsOfWork
from services.payment.app.books import Books
from services.payment.app.explaining import StoryStore
from services.payment.app.purses import Purses
from services.payment.domain import accounts
from services.payment.domain.errors import LedgerItemNotFound, NotReversible
from services.payment.domain.ledger import Line, Transaction


class Corrections:
    """What staff puts right."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        stories: StoryStore,
        purses: Purses,
        books: Books,
        wake: Callable[[str], None],
    ) -> None:
        self._work = work
        self._stories = stories
        self._purses = purses
        self._books = books
        self._wake = wake

    async def reverse_fee(self, transaction_id: str, reason: str) -> str:
        """Put a fee back into its budget; return the id of the transaction that does.

        It cites the fee's; done before, nothing moves again.

        Raises LedgerItemNotFound, NotReversible for what is no fee, BudgetState
        when the budget is closed.
        """
        async with self._work() as work:
            story = await self._stories.find(work, transaction_id)
            if story is None or story.transaction_id != transaction_id:
                raise LedgerItemNotFound
            job_id = accounts.job_of(story.lines[0].account)
            if story.action is None or story.reverses or job_id is None:
                raise NotReversible
            before = await self._purses.locked(work, job_id)
            fee = -story.lines[0].amount
            transaction = Transaction(
                key=f"reverse:{transaction_id}",
                lines=tuple(Line(line.account, -line.amount) for line in story.lines),
                receipt_id=story.receipt_id,
                reverses=transaction_id,
                note=reason,
            )
            receipt = await self._books.write(work, transaction)
            if not receipt.new:
                raise NotReversible
            after = before.release(fee)
            await self._purses.store.save(work, after, before.version)
            note_change(
                resource_type="ledger_transaction",
                resource_id=transaction_id,
                old={"balance": decimal_text(before.balance)},
                new={"balance": decimal_text(after.balance)},
                reason=reason,
            )
            work.after_commit(lambda: self._wake(job_id))
            return receipt.transaction_id
