"""Invoices: issue them when a month is over, credit them, read them, download them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.ids import Ids
from services.kit.money import decimal_text
from services.kit.paging import Listing, Page
from services.kit.work import UnitOfWork, UnitsOfWork
from services.payment.app import billing_messages
from services.payment.app.books import Books
from services.payment.app.invoice_stores import (
    Billable,
    Document,
    InvoiceActionRow,
    InvoiceStore,
    Printer,
    ProfileStore,
    Undone,
)
from services.payment.domain import accounts
from services.payment.domain.cycles import CALENDAR
from services.payment.domain.errors import AmountInvalid, CreditTooLarge, InvoiceNotFound
from services.payment.domain.fees import MICROS_PER_CENT
from services.payment.domain.invoices import Invoice, Party, bill, credit, numbered, series

log = logging.getLogger(__name__)

_BATCH = 50
# What a PDF names one by one; ListInvoiceActions names all.
_PRINTED_ACTIONS = 500
_TAKEN_BACK = "Frais annulés"


class Invoices:
    """Use cases of invoices."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        store: InvoiceStore,
        profiles: ProfileStore,
        books: Books,
        printer: Printer,
        seller: Party,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._reader = reader
        self._store = store
        self._profiles = profiles
        self._books = books
        self._printer = printer
        self._seller = seller
        self._clock = clock
        self._ids = ids

    async def run(self) -> int:
        """Issue what is due: invoices of months that are over, credit notes for fees taken back.

        Return how many; one that fails holds up no other and waits for the next run.
        """
        issued = 0
        month = CALENDAR.cycle_of(self._clock.now())
        for billable in await self._store.billable(self._reader, month.start, _BATCH):
            try:
                issued += await self.issue(billable) is not None
            except Exception:
                log.exception("Invoice waits", extra={"company_id": billable.company_id})
        for undone in await self._store.undone(self._reader, _BATCH):
            try:
                await self._credit_fee(undone)
                issued += 1
            except Exception:
                log.exception("Credit note waits", extra={"invoice_id": undone.invoice_id})
        return issued

    async def upcoming(self, company_id: str) -> Invoice | None:
        """Return what the next invoice would bill now; None without fees."""
        now = self._clock.now()
        async with self._work() as work:
            buyer, _ = await self._profiles.find(work, company_id)
            return bill(
                invoice_id="",
                company_id=company_id,
                cycle=CALENDAR.cycle_of(now),
                issued_at=now,
                seller=self._seller,
                buyer=buyer,
                billed=await self._store.group(work, company_id, now),
                carried_in=await self._store.carried(work, company_id),
            )

    async def issue(self, billable: Billable) -> Invoice | None:
        """Issue the invoice of the oldest month that is over and not billed; None without one.

        An action that was written down too late for its month stands on the next invoice.
        """
        company_id = billable.company_id
        async with self._work() as work:
            until = await self._store.billed_until(work, company_id)
            oldest = max(billable.since, until) if until else billable.since
            cycle = CALENDAR.cycle_of(oldest)
            now = self._clock.now()
            if cycle.end > now:
                return None
            buyer, _ = await self._profiles.find(work, company_id)
            invoice = bill(
                invoice_id=self._ids.new(),
                company_id=company_id,
                cycle=cycle,
                issued_at=now,
                seller=self._seller,
                buyer=buyer,
                billed=await self._store.group(work, company_id, cycle.end),
                carried_in=await self._store.carried(work, company_id),
            )
            if invoice is None:
                return None
            invoice = await self._number(work, invoice)
            await self._store.add(work, invoice)
            await self._store.bind(work, invoice, cycle.end)
            await self._post_tax(work, invoice)
            await self._tell(work, invoice)
            return invoice

    async def credit(self, invoice_id: str, amount: int, reason: str) -> Invoice:
        """Credit `amount` micro-euros of an invoice to the company's wallet.

        Raises AmountInvalid, InvoiceNotFound, CreditTooLarge.
        """
        if amount <= 0 or amount % MICROS_PER_CENT:
            raise AmountInvalid(field="amount")
        async with self._work() as work:
            note = await self._credit(work, invoice_id, amount // MICROS_PER_CENT, reason)
            wallet = accounts.wallet(note.company_id)
            lines = [(accounts.REVENUE, -amount), (wallet, amount)]
            await self._books.post(work, key=f"credit-note:{note.id}", lines=lines)
            return note

    async def get(self, company_id: str, invoice_id: str) -> Invoice:
        """Read an invoice with its lines. Raises InvoiceNotFound."""
        found = await self._store.find(self._reader, invoice_id, company_id)
        if found is None:
            raise InvoiceNotFound
        return found

    async def listed(self, company_id: str, page: Page) -> Listing[Invoice]:
        """List a company's invoices, newest first."""
        return await self._store.list_invoices(self._reader, company_id, page)

    async def actions(
        self, company_id: str, invoice_id: str, page: Page
    ) -> Listing[InvoiceActionRow]:
        """List the actions on an invoice. Raises InvoiceNotFound."""
        await self.get(company_id, invoice_id)
        return await self._store.list_actions(self._reader, invoice_id, page)

    async def download(self, company_id: str, invoice_id: str) -> tuple[Invoice, Document]:
        """Return an invoice's documents: made once, the same bytes ever after.

        Raises InvoiceNotFound.
        """
        invoice = await self.get(company_id, invoice_id)
        known = await self._store.document(self._reader, invoice_id)
        if known is not None:
            return invoice, known
        page = Page(size=_PRINTED_ACTIONS, after=None, skip=0, binding="")
        actions = await self._store.list_actions(self._reader, invoice_id, page)
        made = await asyncio.to_thread(self._printer.print, invoice, actions.rows)
        async with self._work() as work:
            await self._store.keep(work, invoice_id, made, self._clock.now())
            # Of two that were made at once, the first that was kept counts.
            kept = await self._store.document(work, invoice_id)
        return invoice, kept or made

    async def _credit_fee(self, undone: Undone) -> None:
        """The ledger gave the money back already; the papers and the tax follow."""
        async with self._work() as work:
            cents = undone.amount // MICROS_PER_CENT
            note = await self._credit(work, undone.invoice_id, cents, _TAKEN_BACK)
            if not await self._store.bind_credit(work, undone.action_id, note.id):
                raise CreditTooLarge(left="0")

    async def _credit(self, work: UnitOfWork, invoice_id: str, cents: int, reason: str) -> Invoice:
        await self._store.lock(work, invoice_id)
        original = await self._store.find(work, invoice_id, None)
        if original is None or original.corrects:
            raise InvoiceNotFound
        left = original.amounts.gross - await self._store.credited(work, invoice_id)
        if cents > left:
            raise CreditTooLarge(left=decimal_text(left * MICROS_PER_CENT))
        note = credit(
            original,
            credit_id=self._ids.new(),
            amount=cents,
            reason=reason,
            issued_at=self._clock.now(),
        )
        note = await self._number(work, note)
        await self._store.add(work, note)
        await self._post_tax(work, note)
        await self._tell(work, note)
        return note

    async def _number(self, work: UnitOfWork, invoice: Invoice) -> Invoice:
        # Last of all looks: from here on others who issue wait for this commit.
        name = series(invoice.issued_at)
        return numbered(invoice, name, await self._store.next_number(work, name))

    async def _post_tax(self, work: UnitOfWork, invoice: Invoice) -> None:
        tax = invoice.amounts.vat * MICROS_PER_CENT * (-1 if invoice.corrects else 1)
        if tax:
            lines = [(accounts.REVENUE, -tax), (accounts.VAT, tax)]
            await self._books.post(work, key=f"invoice:{invoice.id}:vat", lines=lines)

    async def _tell(self, work: UnitOfWork, invoice: Invoice) -> None:
        work.publish(billing_messages.issued(invoice))
        about = invoice.corrects or invoice.id
        for user_id in await self._store.recruiters(work, about):
            work.publish(billing_messages.issued_mail(user_id, invoice))


class Profiles:
    """Whom a company's invoices are addressed to."""

    def __init__(
        self, work: UnitsOfWork, reader: Reader, store: ProfileStore, clock: Clock
    ) -> None:
        self._work = work
        self._reader = reader
        self._store = store
        self._clock = clock

    async def get(self, company_id: str) -> tuple[Party, int]:
        """Read the address and its version."""
        return await self._store.find(self._reader, company_id)

    async def update(self, company_id: str, party: Party, version: int | None) -> tuple[Party, int]:
        """Save the address over the version that was read; None over any.

        Raises InvalidFields, VersionConflict.
        """
        party = replace(party, vat_id=party.vat_id.upper())
        party.check()
        async with self._work() as work:
            saved = await self._store.save(work, company_id, party, version, self._clock.now())
            return party, saved

    async def company(self, company_id: str, name: str, city: str) -> None:
        """Keep what auth tells of a company."""
        async with self._work() as work:
            await self._store.company(work, company_id, name, city)
