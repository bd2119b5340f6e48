"""A company's wallet: read it, fund a budget from it, close a budget into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.work import UnitsOfWork
from services.payment.app import billing_messages, messages
from services.payment.app.billing_stores import DueStore
from services.payment.app.collections import Collections, Outcome
from services.payment.app.purses import Purses
from services.payment.domain import accounts
from services.payment.domain.budget_views import BudgetView, unlimited_view, view
from services.payment.domain.budgets import BudgetStatus
from services.payment.domain.charges import ChargeOrder, ChargeStatus, Purpose
from services.payment.domain.errors import AmountInvalid, CardDeclined
from services.payment.domain.fees import is_card_amount


@dataclass(frozen=True, slots=True)
class Wallet:
    """What a company has with us beside its budgets, and what it owes. In micro-euros."""

    company_id: str
    balance: int
    owed: int


class Wallets:
    """What collaborators do with their company's money."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        purses: Purses,
        dues: DueStore,
        clock: Clock,
        wake: Callable[[str], None],
    ) -> None:
        self._work = work
        self._reader = reader
        self._purses = purses
        self._dues = dues
        self._clock = clock
        self._wake = wake

    async def get(self, company_id: str) -> Wallet:
        """Read a wallet; a company that never paid has an empty one."""
        balance, owed = await self._dues.wallet(self._reader, company_id)
        return Wallet(company_id, balance, owed)

    async def fund(self, request_id: str, job_id: str, amount: int) -> BudgetView:
        """Move `amount` from the company's wallet into the job's budget.

        Raises AmountInvalid, BalanceTooLow, BudgetState when it is closed.
        """
        if not is_card_amount(amount):
            raise AmountInvalid(field="amount")
        job = await self._purses.job(job_id)
        async with self._work() as work:
            before = await self._purses.opened(work, job)
            now = self._clock.now()
            after = before.fund(amount, now)
            wallet = accounts.wallet(before.company_id)
            movements = [(wallet, -amount), (accounts.budget(job_id), amount)]
            key = f"wallet:{request_id}"
            if await self._purses.save(work, before, after, key=key, movements=movements):
                work.publish(messages.funded(after, amount))
                work.after_commit(lambda: self._wake(job_id))
            return unlimited_view(job_id, after, now) if job.premium else view(after, now)

    async def close(self, job_id: str) -> tuple[BudgetView, int]:
        """Close a budget; return it and what went to the wallet. Closed again, nothing changes.

        Raises BudgetNotFound, and BudgetState for a premium job.
        """
        await self._purses.limited(job_id)
        async with self._work() as work:
            before = await self._purses.locked(work, job_id)
            after = before.close()
            now = self._clock.now()
            if before.status is BudgetStatus.CLOSED:
                return view(after, now), 0
            returned = before.balance - before.unspent_credit
            movements = [
                (accounts.budget(job_id), -before.balance),
                (accounts.receivable(before.company_id), before.unspent_credit),
                (accounts.wallet(before.company_id), returned),
            ]
            key = f"close:{job_id}"
            await self._purses.save(work, before, after, key=key, movements=movements)
            if before.lent:
                await self._dues.cycle_ended(work, before.company_id, now)
            work.publish(billing_messages.closed(after, returned))
            return view(after, now), returned


class WalletFunding:
    """Fills wallets by card."""

    def __init__(self, wallets: Wallets, collections: Collections) -> None:
        self._wallets = wallets
        self._collections = collections

    async def fund(
        self, request_id: str, company_id: str, amount: int, payment_method: str
    ) -> tuple[Wallet, Outcome]:
        """Charge a card for the wallet; the same request id charges once.

        Raises AmountInvalid, CardDeclined, PaymentMethodMissing.
        """
        if not is_card_amount(amount):
            raise AmountInvalid(field="amount")
        order = ChargeOrder(
            key=f"fund:{request_id}",
            company_id=company_id,
            amount=amount,
            purpose=Purpose.WALLET,
            payment_method=payment_method,
        )
        outcome = await self._collections.charge(order)
        if outcome.status is ChargeStatus.DECLINED:
            raise CardDeclined(decline_code=outcome.decline_code)
        return await self._wallets.get(company_id), outcome
