"""Invoices on real tables: gapless numbers, taxes in the books, credit notes, kept documents."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from weneeds.payment.events.v1.events_pb2 import InvoiceIssued

from services.kit.errors import InvalidFields, VersionConflict
from services.kit.paging import Page
from services.payment.app.invoice_stores import Billable
from services.payment.domain import accounts
from services.payment.domain.errors import CreditTooLarge, InvoiceNotFound
from services.payment.domain.invoices import Invoice, InvoiceKind, Party
from services.payment.domain.jobs import JobRef
from services.payment.domain.settings import BillingMode, BudgetSettings
from tests.mesh.payment.billing import Billing
from tests.mesh.payment.house import EURO

pytestmark = pytest.mark.mesh

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 1, tzinfo=UTC)
ALL = Page(size=100, after=None, skip=0, binding="")


async def hiring(billing: Billing, *scores: int) -> JobRef:
    """A job with applications of March."""
    job = await billing.house.job()
    await billing.fund(job, 50 * EURO)
    await billing.apply(job, *scores)
    return job


async def issued(billing: Billing, company_id: str) -> list[Invoice]:
    listed = await billing.invoices.listed(company_id, ALL)
    return list(listed.rows)


async def issue_at(billing: Billing, moment: datetime) -> None:
    await billing.at(moment)
    await billing.invoices.run()


async def test_a_month_is_billed_once_when_it_is_over(billing: Billing) -> None:
    job = await hiring(billing, 80, 67, 0)
    await billing.invoices.run()
    assert await issued(billing, job.company_id) == []
    await issue_at(billing, APRIL)
    await billing.invoices.run()
    [short] = await issued(billing, job.company_id)
    assert (short.number, short.kind) == ("WN-2026-000001", InvoiceKind.INVOICE)
    invoice = await billing.invoices.get(job.company_id, short.id)
    assert (invoice.amounts.gross, invoice.amounts.net, invoice.amounts.vat) == (147, 123, 25)
    assert (invoice.amounts.rounding, invoice.amounts.due) == (-1, 0)
    [line] = invoice.lines
    assert (line.job_id, line.action_type, line.quantity) == (job.job_id, "APPLICATION_RECEIVED", 2)
    # Each fee is named, with the receipt of its score.
    cited = (await billing.invoices.actions(job.company_id, short.id, ALL)).rows
    assert [action.amount for action in cited] == [800_000, 670_000]
    assert all(action.receipt_id for action in cited)
    assert await billing.balance(accounts.VAT) == 250_000
    assert await billing.balance(accounts.REVENUE) == 1_470_000 - 250_000
    [told] = await billing.house.published(InvoiceIssued)
    assert isinstance(told, InvoiceIssued)
    assert told.number == "WN-2026-000001"
    await billing.sound()


async def test_each_month_has_its_own_and_late_fees_stand_on_the_next(billing: Billing) -> None:
    job = await hiring(billing, 80)
    await issue_at(billing, APRIL)
    # Written down in March, charged after the invoice of March was issued.
    await billing.apply(job, 70)
    await billing.house.execute(
        "update action_log set processed_at = '2026-03-31' where amount = 700000"
    )
    await billing.invoices.run()
    assert len(await issued(billing, job.company_id)) == 1
    await issue_at(billing, MAY)
    second, first = await issued(billing, job.company_id)
    assert (first.amounts.gross, second.amounts.gross) == (80, 70)
    assert second.cycle.start == first.cycle.end


async def test_a_long_pause_still_gives_one_invoice_a_month(billing: Billing) -> None:
    job = await hiring(billing, 80)
    await billing.at(APRIL + timedelta(days=3))
    await billing.apply(job, 60)
    await billing.at(datetime(2026, 8, 3, tzinfo=UTC))
    for _ in range(3):
        await billing.invoices.run()
    assert [i.amounts.gross for i in await issued(billing, job.company_id)] == [60, 80]


async def test_numbers_have_no_gap_under_concurrency_and_failures(billing: Billing) -> None:
    jobs = [await hiring(billing, 50) for _ in range(6)]
    await billing.at(APRIL)
    since = datetime(2026, 3, 15, tzinfo=UTC)
    broken = jobs[0].company_id
    await asyncio.gather(
        *(billing.invoices.issue(Billable(job.company_id, since)) for job in jobs for _ in "ab"),
        return_exceptions=True,
    )
    await billing.invoices.run()
    rows = await billing.house.rows("select number from invoices order by number")
    assert [row["number"] for row in rows] == [f"WN-2026-{n:06d}" for n in range(1, 7)]
    assert len(await issued(billing, broken)) == 1
    await billing.sound()


async def test_an_invoice_that_fails_gives_its_number_back(billing: Billing) -> None:
    first, second = await hiring(billing, 50), await hiring(billing, 60)
    await billing.at(APRIL)
    since = datetime(2026, 3, 15, tzinfo=UTC)

    async def dies() -> None:
        async with billing.house.work():
            await billing.invoices.issue(Billable(first.company_id, since))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await dies()
    await billing.invoices.issue(Billable(second.company_id, since))
    [made] = await issued(billing, second.company_id)
    assert made.number == "WN-2026-000001"


@pytest.mark.parametrize("table", ["invoices", "invoice_lines", "invoice_actions"])
async def test_what_is_issued_cannot_be_changed(billing: Billing, table: str) -> None:
    await hiring(billing, 80)
    await issue_at(billing, APRIL)
    change = "gross = 1" if table == "invoices" else "position = 2"
    for statement in (f"delete from {table}", f"update {table} set {change}"):
        with pytest.raises(asyncpg.PostgresError, match="append-only"):
            await billing.house.execute(statement)


async def test_a_credit_note_gives_money_and_tax_back(billing: Billing) -> None:
    job = await hiring(billing, 80, 40)
    await issue_at(billing, APRIL)
    [invoice] = await issued(billing, job.company_id)
    note = await billing.invoices.credit(invoice.id, EURO, "Geste commercial")
    assert (note.number, note.amounts.gross, note.amounts.vat) == ("WN-2026-000002", 100, 17)
    assert (await billing.wallets.get(job.company_id)).balance == EURO
    assert await billing.balance(accounts.VAT) == 200_000 - 170_000
    with pytest.raises(CreditTooLarge):
        await billing.invoices.credit(invoice.id, 210_000, "Encore")
    with pytest.raises(InvoiceNotFound):
        await billing.invoices.credit(note.id, 10_000, "Avoir d'un avoir")
    results = await asyncio.gather(
        *(billing.invoices.credit(invoice.id, 150_000, "Ensemble") for _ in range(3)),
        return_exceptions=True,
    )
    assert [type(result) for result in results].count(CreditTooLarge) == 2
    await billing.sound()


async def take_back(billing: Billing, amount: int) -> None:
    """Reverse the fee of this amount, as staff does."""
    [row] = await billing.house.rows(
        "select cast(transaction_id as text) as id from action_log where amount = :amount",
        amount=amount,
    )
    await billing.house.rooms.corrections.reverse_fee(str(row["id"]), "Candidature fictive")


async def test_a_fee_that_was_taken_back_is_not_billed(billing: Billing) -> None:
    job = await hiring(billing, 80, 40)
    await take_back(billing, 400_000)
    await issue_at(billing, APRIL)
    [invoice] = await issued(billing, job.company_id)
    assert invoice.amounts.gross == 80
    await billing.sound()


async def test_a_billed_fee_that_is_taken_back_is_credited_once(billing: Billing) -> None:
    job = await hiring(billing, 80, 60)
    await issue_at(billing, APRIL)
    await take_back(billing, 600_000)
    for _ in range(2):
        await billing.invoices.run()
    note, invoice = await issued(billing, job.company_id)
    assert (note.kind, note.corrects) == (InvoiceKind.CREDIT_NOTE, invoice.id)
    assert (note.amounts.gross, note.amounts.vat) == (60, 10)
    # The ledger gave the money back to the budget; the wallet gets none on top.
    assert (await billing.wallets.get(job.company_id)).balance == 0
    assert (await billing.budget(job)).balance == 50 * EURO - 800_000
    assert await billing.balance(accounts.VAT) == 230_000 - 100_000
    await billing.sound()


async def test_documents_are_made_once_and_kept(billing: Billing) -> None:
    job = await hiring(billing, 80)
    await issue_at(billing, APRIL)
    [invoice] = await issued(billing, job.company_id)
    answers = await asyncio.gather(
        *(billing.invoices.download(job.company_id, invoice.id) for _ in range(3))
    )
    assert len({document.pdf for _, document in answers}) == 1
    assert answers[0][1].pdf.startswith(b"%PDF-1.7")
    with pytest.raises(InvoiceNotFound):
        await billing.invoices.download(job.job_id, invoice.id)


async def test_the_buyer_is_who_the_company_says(billing: Billing) -> None:
    job = await hiring(billing, 80)
    await billing.profiles.company(job.company_id, "Acheteuse Fictive", "Nantes")
    party, version = await billing.profiles.get(job.company_id)
    assert (party.legal_name, party.country, version) == ("Acheteuse Fictive", "FR", 0)
    german = Party("Fiktive GmbH", "Weg 1", "10115", "Berlin", "DE", "de123456789")
    _, saved = await billing.profiles.update(job.company_id, german, 0)
    with pytest.raises(VersionConflict):
        await billing.profiles.update(job.company_id, german, 0)
    with pytest.raises(VersionConflict):
        await billing.profiles.update(job.job_id, german, 3)
    _, saved = await billing.profiles.update(job.company_id, german, saved)
    assert saved == 2
    wrong = Party("Fiktive GmbH", country="DE", vat_id="FR40303265045", siren="123456789")
    with pytest.raises(InvalidFields) as refused:
        await billing.profiles.update(job.company_id, wrong, None)
    assert [name for name, _ in refused.value.violations] == ["profile.vat_id", "profile.siren"]
    await issue_at(billing, APRIL)
    [invoice] = await issued(billing, job.company_id)
    assert (invoice.buyer.vat_id, invoice.amounts.vat) == ("DE123456789", 0)
    assert await billing.balance(accounts.VAT) == 0


async def test_credit_is_due_and_prepaid_is_paid(billing: Billing) -> None:
    job = await billing.house.job()
    await billing.set(job, BudgetSettings(mode=BillingMode.PER_CYCLE, cap=10 * EURO))
    await billing.apply(job, 80)
    await issue_at(billing, APRIL)
    [invoice] = await issued(billing, job.company_id)
    assert (invoice.amounts.paid, invoice.amounts.due) == (0, 80)
    assert [charge.order.amount for charge in billing.desk.charged.values()] == [800_000]
    await billing.sound()
