"""Billing put together for a test: cards that answer as they are told, and a clock."""

from __future__ import annotations

import uuid
from collections import deque
from datetime import datetime

from services.kit.clock import FakeClock
from services.payment.app.administration import Administration
from services.payment.app.charges import Charges
from services.payment.app.collections import Outcome, Settlement
from services.payment.app.cycles import Cycles
from services.payment.app.funding import BudgetSettlement
from services.payment.app.invoices import Invoices, Profiles
from services.payment.app.posting import Posting
from services.payment.app.pump import Pump
from services.payment.app.purses import Purses
from services.payment.app.settings import SettingsBook
from services.payment.app.topups import TopUps
from services.payment.app.wallets import Wallets
from services.payment.domain.budgets import Budget
from services.payment.domain.charges import Charge, ChargeOrder, ChargeStatus, Purpose
from services.payment.domain.invoices import Party
from services.payment.domain.jobs import JobRef
from services.payment.domain.settings import BudgetSettings
from services.payment.ports.facturx import FacturX
from services.payment.store.administration import Administration as AdministrationTable
from services.payment.store.budgets import BudgetTable
from services.payment.store.charges import ChargeTable
from services.payment.store.dues import Dues
from services.payment.store.invoices import InvoiceTables
from services.payment.store.jobs import JobRefs
from services.payment.store.profiles import ProfileTables
from tests.mesh.payment.house import EURO, House

SELLER = Party(
    "Vendeuse Fictive SAS", "1 rue Inventée", "44000", "Nantes", "FR", "FR40303265045", "303265045"
)
THRESHOLD = 50 * EURO


class Cut(Exception):
    """The service dies between the charge and what follows."""


class Desk:
    """Stands in for the card processor; implements Collections. The same key is one charge."""

    def __init__(self, house: House, settlements: dict[Purpose, Settlement]) -> None:
        self._house = house
        self._settlements = settlements
        # What the next new charges meet: "paid" when nothing is said.
        self.answers: deque[str] = deque()
        self.charged: dict[str, Charge] = {}

    async def charge(self, order: ChargeOrder) -> Outcome:
        """Charge, and settle."""
        known = self.charged.get(order.key)
        if known is None:
            answer = self.answers.popleft() if self.answers else "paid"
            status = {
                "paid": ChargeStatus.SUCCEEDED,
                "cut": ChargeStatus.PROCESSING,
                "slow": ChargeStatus.PROCESSING,
                "asks": ChargeStatus.REQUIRES_ACTION,
            }.get(answer, ChargeStatus.DECLINED)
            code = answer if status is ChargeStatus.DECLINED else ""
            known = Charge(str(uuid.uuid4()), order, status, f"pi_{len(self.charged)}", code)
            self.charged[order.key] = known
            if answer == "cut":
                raise Cut
            await self._react(known)
        assert known.order == order
        return Outcome(known.id, known.status, known.link, known.decline_code)

    async def find(self, key: str) -> Outcome | None:
        """Return what became of a charge."""
        known = self.charged.get(key)
        return Outcome(known.id, known.status) if known else None

    async def end(self, key: str, status: ChargeStatus = ChargeStatus.SUCCEEDED) -> None:
        """The processor decides about a charge later, as a webhook tells."""
        old = self.charged[key]
        self.charged[key] = Charge(old.id, old.order, status, old.intent_id)
        await self._react(self.charged[key])

    async def _react(self, charge: Charge) -> None:
        settlement = self._settlements[charge.order.purpose]
        async with self._house.work() as work:
            if charge.status is ChargeStatus.SUCCEEDED:
                await settlement.settle(work, charge)
            elif charge.status is not ChargeStatus.PROCESSING:
                await settlement.unpaid(work, charge)


class Billing:
    """All of billing on one database, beside the house."""

    def __init__(self, house: House) -> None:
        self.house = house
        work, reader, clock = house.work, house.database.reader, house.clock
        assert isinstance(clock, FakeClock)
        self.clock = clock
        self.budgets, self.dues = BudgetTable(), Dues()
        self.purses = Purses(self.budgets, house.books, house.jobs, clock)
        settlements: dict[Purpose, Settlement] = {}
        self.desk = Desk(house, settlements)
        self.funding = BudgetSettlement(
            books=house.books,
            budgets=self.budgets,
            charges=ChargeTable(),
            jobs=JobRefs(),
            site_url="https://example.org",
            clock=clock,
            wake=house.pump.wake,
        )
        self.top_ups = TopUps(
            work=work,
            reader=reader,
            purses=self.purses,
            dues=self.dues,
            collections=self.desk,
            funding=self.funding,
            clock=clock,
        )
        self.low = Pump(self.top_ups.run)
        self.cycles = Cycles(
            work=work,
            reader=reader,
            purses=self.purses,
            dues=self.dues,
            collections=self.desk,
            threshold=THRESHOLD,
            clock=clock,
            wake=house.pump.wake,
        )
        settlements[Purpose.TOP_UP] = self.top_ups
        settlements[Purpose.CYCLE] = self.cycles
        self._watch_fees()
        self.wallets = Wallets(
            work=work,
            reader=reader,
            purses=self.purses,
            dues=self.dues,
            clock=clock,
            wake=house.pump.wake,
        )
        self.settings = SettingsBook(
            work=work,
            reader=reader,
            purses=self.purses,
            dues=self.dues,
            clock=clock,
            changed=self._changed,
        )
        self.administration = Administration(
            work=work,
            reader=reader,
            store=AdministrationTable(),
            purses=self.purses,
            clock=clock,
            wake=house.pump.wake,
        )
        self.profiles = Profiles(work, reader, ProfileTables(), clock)
        self.invoices = Invoices(
            work=work,
            reader=reader,
            store=InvoiceTables(),
            profiles=ProfileTables(),
            books=house.books,
            printer=FacturX(),
            seller=SELLER,
            clock=clock,
            ids=house.ids,
        )

    def _watch_fees(self) -> None:
        """Let the house's fees tell of budgets that run low."""
        house = self.house
        posting = Posting(
            actions=house.action_log,
            budgets=self.budgets,
            books=house.books,
            clock=house.clock,
            ids=house.ids,
            low=self.low.wake,
        )
        house.charges = Charges(
            work=house.work,
            actions=house.action_log,
            posting=posting,
            jobs=house.jobs,
            clock=house.clock,
        )

    def _changed(self, job_id: str) -> None:
        self.house.pump.wake(job_id)
        self.low.wake(job_id)

    async def idle(self) -> None:
        """Wait until nothing runs by itself."""
        for _ in range(4):
            await self.house.pump.idle()
            await self.low.idle()

    async def budget(self, job: JobRef) -> Budget:
        """Return a job's budget."""
        budget = await self.budgets.find(self.house.database.reader, job.job_id)
        assert budget is not None
        return budget

    async def fund(self, job: JobRef, amount: int = 10 * EURO) -> None:
        """Pay into a job's budget by card."""
        order = ChargeOrder(
            f"fund:{uuid.uuid4()}", job.company_id, amount, Purpose.FUND_BUDGET, job.job_id
        )
        charge = Charge(str(uuid.uuid4()), order, ChargeStatus.SUCCEEDED, f"pi_{order.key}")
        async with self.house.work() as work:
            await self.funding.settle(work, charge)
        await self.idle()

    async def set(self, job: JobRef, settings: BudgetSettings) -> Budget:
        """Save a budget's settings."""
        saved = await self.settings.update(str(uuid.uuid4()), job.job_id, settings, None)
        await self.idle()
        return saved

    async def apply(self, job: JobRef, *scores: int) -> None:
        """Let somebody apply for each score."""
        for score in scores:
            await self.house.apply(job, score)
        await self.idle()

    async def at(self, moment: datetime) -> None:
        """Move the clock, and let the minute job of billing run."""
        self.clock.move(moment - self.clock.now())
        await self.cycles.run()
        await self.idle()

    async def balance(self, account: str) -> int:
        """Return what an account holds, from its entries."""
        rows = await self.house.rows(
            "select cast(coalesce(sum(amount), 0) as bigint) as total from ledger_entries "
            "where account = :name",
            name=account,
        )
        return int(str(rows[0]["total"]))

    async def sound(self) -> None:
        """The books add up, and no budget is over its cap."""
        report = await self.house.verify()
        assert report.sound, report.figures.problems
        over = "select 1 from budgets where cycle_spent > cap or balance < 0"
        assert await self.house.rows(over) == []
