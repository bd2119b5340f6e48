"""What charges for budgets and wallets do to the books."""

from __future__ import annotations

from collections.abc import Callable

from services.kit.clock import Clock
from services.kit.work import UnitOfWork
from services.payment.app import charge_messages, messages
from services.payment.app.books import Books
from services.payment.app.card_stores import ChargeStore
from services.payment.app.stores import BudgetStore, JobRefStore
from services.payment.domain import accounts
from services.payment.domain.budgets import Budget, BudgetStatus
from services.payment.domain.charges import Charge, ChargeStatus
from services.payment.domain.errors import BalanceTooLow


class WalletSettlement:
    """A charge that fills a company's wallet. Implements Settlement."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def settle(self, work: UnitOfWork, charge: Charge) -> None:
        """Move the money from the processor to the wallet."""
        order = charge.order
        lines = [
            (accounts.CLEARING, -order.amount),
            (accounts.wallet(order.company_id), order.amount),
        ]
        await self._books.post(work, key=order.key, lines=lines, reference=charge.intent_id)

    async def unpaid(self, work: UnitOfWork, charge: Charge) -> None:
        """Nothing hangs on it."""

    async def take_back(self, work: UnitOfWork, charge: Charge, amount: int) -> str:
        """Name the wallet: the ledger itself refuses what is not there."""
        return accounts.wallet(charge.order.company_id)

    async def give_again(self, work: UnitOfWork, charge: Charge, amount: int, source: str) -> str:
        """Name the wallet again."""
        return source


class BudgetSettlement:
    """A charge that funds a job's budget. Implements Settlement."""

    def __init__(
        self,
        *,
        books: Books,
        budgets: BudgetStore,
        charges: ChargeStore,
        jobs: JobRefStore,
        site_url: str,
        clock: Clock,
        wake: Callable[[str], None],
    ) -> None:
        self._books = books
        self._budgets = budgets
        self._charges = charges
        self._jobs = jobs
        self._site_url = site_url
        self._clock = clock
        self._wake = wake
        self._wallet = WalletSettlement(books)

    async def settle(self, work: UnitOfWork, charge: Charge) -> None:
        """Move the money into the budget, which is opened where there is none.

        A budget that waited for this charge goes on. What comes for a budget
        that was closed meanwhile goes to the company's wallet.
        """
        order, now = charge.order, self._clock.now()
        await self._budgets.open(work, Budget.opened(order.job_id, order.company_id, now))
        held = await self._budgets.lock(work, order.job_id)
        if held is None or held.status is BudgetStatus.CLOSED:
            await self._wallet.settle(work, charge)
            return
        budget = held.fund(order.amount, now)
        if budget.status is BudgetStatus.PAUSED and await self._charges.pauses(work, charge.id):
            budget = budget.resume()
        await self._charges.note_pause(work, charge.id, paused=False)
        await self._budgets.save(work, budget, held.version)
        lines = [
            (accounts.CLEARING, -order.amount),
            (accounts.budget(order.job_id), order.amount),
        ]
        await self._books.post(work, key=order.key, lines=lines, reference=charge.intent_id)
        work.publish(messages.funded(budget, order.amount))
        work.after_commit(lambda: self._wake(order.job_id))

    async def unpaid(self, work: UnitOfWork, charge: Charge) -> None:
        """While the bank waits for the owner of the card, the budget waits too."""
        held = await self._budgets.lock(work, charge.order.job_id)
        if charge.status is ChargeStatus.REQUIRES_ACTION:
            await self._pause(work, charge, held)
        elif await self._charges.pauses(work, charge.id):
            await self._go_on(work, charge, held)

    async def _go_on(self, work: UnitOfWork, charge: Charge, held: Budget | None) -> None:
        await self._charges.note_pause(work, charge.id, paused=False)
        if held is not None and held.status is BudgetStatus.PAUSED:
            await self._budgets.save(work, held.resume(), held.version)
            work.after_commit(lambda: self._wake(charge.order.job_id))

    async def _pause(self, work: UnitOfWork, charge: Charge, held: Budget | None) -> None:
        if held is not None and held.status is BudgetStatus.ACTIVE:
            paused = held.pause(self._clock.now())
            await self._budgets.save(work, paused, held.version)
            await self._charges.note_pause(work, charge.id, paused=True)
        job = await self._jobs.find(work, charge.order.job_id)
        if job is not None and job.recruiter_id:
            work.publish(charge_messages.confirmation_mail(charge, job, self._site_url))

    async def take_back(self, work: UnitOfWork, charge: Charge, amount: int) -> str:
        """Take it out of the budget; out of the wallet when the budget is closed.

        Raises BalanceTooLow when it is spent.
        """
        held = await self._budgets.lock(work, charge.order.job_id)
        if held is None or held.status is BudgetStatus.CLOSED:
            return accounts.wallet(charge.order.company_id)
        if held.balance < amount:
            raise BalanceTooLow
        await self._budgets.save(work, held.adjust(-amount), held.version)
        return accounts.budget(charge.order.job_id)

    async def give_again(self, work: UnitOfWork, charge: Charge, amount: int, source: str) -> str:
        """Put it back where it came from; into the wallet when the budget was closed meanwhile."""
        if source != accounts.budget(charge.order.job_id):
            return source
        held = await self._budgets.lock(work, charge.order.job_id)
        if held is None or held.status is BudgetStatus.CLOSED:
            return accounts.wallet(charge.order.company_id)
        await self._budgets.save(work, held.adjust(amount), held.version)
        work.after_commit(lambda: self._wake(charge.order.job_id))
        return source
