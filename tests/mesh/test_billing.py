"""Billing through the gateway: settings, wallets, staff, invoices."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from google.type.money_pb2 import Money
from weneeds import WeNeedsError, euros, micros
from weneeds.payment.v1 import budget_pb2, budget_settings_service_pb2, invoice_pb2

from tests.conftest import RunningMesh
from tests.mesh.staffing import Admin, refusal
from tests.support.people import Team, applied, candidate, eventually, team

pytestmark = pytest.mark.mesh

EURO = 1_000_000
PROCESSED = budget_pb2.ACTION_STATUS_PROCESSED
MINUS_ONE = Money(currency_code="EUR", units=-1)


async def sql(mesh: RunningMesh, query: str, *values: object) -> list[dict[str, Any]]:
    """Ask the database as its administrator."""
    connection = await asyncpg.connect(mesh.topology.admin_url)
    try:
        return [dict(row) for row in await connection.fetch(query, *values)]
    finally:
        await connection.close()


async def audited(mesh: RunningMesh, action: str, resource_id: str) -> dict[str, Any]:
    """Return the only row of the audit log for an action on a resource."""
    rows = await sql(
        mesh,
        "select * from payment.audit where action = $1 and resource_id = $2",
        action,
        resource_id,
    )
    assert len(rows) == 1
    return {**rows[0], "metadata": json.loads(rows[0]["metadata"])}


async def funded(guest: Any, amount: str = "20") -> Team:
    """A team of its own with a budget."""
    staff = await team(guest)
    await staff.recruiter.client.budgets.fund_budget(
        job_id=staff.job_id, amount=euros(amount), payment_method="pm_card_visa"
    )
    return staff


async def hired(guest: Any, count: int = 1) -> tuple[Team, list[Any]]:
    """A team with applications that are charged; also their actions."""
    staff = await funded(guest)
    for _ in range(count):
        await applied(await candidate(guest), staff.job_id)

    async def charged() -> list[Any] | None:
        listed = staff.recruiter.client.budgets.list_actions(job_id=staff.job_id)
        actions = [action async for action in listed]
        return actions if sum(a.status == PROCESSED for a in actions) == count else None

    return staff, await eventually(charged)


async def test_settings_are_read_saved_and_guarded_by_their_etag(guest: Any) -> None:
    staff = await team(guest)
    settings = staff.recruiter.client.budget_settings
    assert (await refusal(settings.get_budget_settings(job_id=staff.job_id))).reason == (
        "BUDGET_NOT_FOUND"
    )
    wanted = budget_settings_service_pb2.BudgetSettings(
        billing_mode="BILLING_MODE_PER_CYCLE",
        cycle_kind="CYCLE_KIND_ANNIVERSARY",
        monthly_cap=euros("30"),
        warn_at_percent=[50, 90],
    )
    saved = await settings.update_budget_settings(job_id=staff.job_id, settings=wanted)
    assert saved.settings == wanted
    read = await settings.get_budget_settings(job_id=staff.job_id)
    assert (read.settings, read.etag) == (wanted, saved.etag)
    budget = (await staff.recruiter.client.budgets.get_budget(job_id=staff.job_id)).budget
    assert micros(budget.current_balance) == 30 * EURO
    await settings.update_budget_settings(job_id=staff.job_id, settings=wanted, etag=read.etag)
    stale = settings.update_budget_settings(job_id=staff.job_id, settings=wanted, etag=read.etag)
    assert (await refusal(stale)).reason == "VERSION_CONFLICT"
    wanted.ClearField("monthly_cap")
    wrong = settings.update_budget_settings(job_id=staff.job_id, settings=wanted)
    assert (await refusal(wrong)).reason == "INVALID_FIELDS"


async def test_money_goes_through_the_wallet(guest: Any) -> None:
    staff = await team(guest)
    client = staff.recruiter.client
    filled = await client.wallets.fund_wallet(
        company_id=staff.company_id, amount=euros("9"), payment_method="pm_card_visa"
    )
    assert (micros(filled.wallet.balance), micros(filled.wallet.owed)) == (9 * EURO, 0)
    moved = await client.wallets.fund_from_wallet(job_id=staff.job_id, amount=euros("5"))
    assert micros(moved.budget.current_balance) == 5 * EURO
    too_much = client.wallets.fund_from_wallet(job_id=staff.job_id, amount=euros("5"))
    assert (await refusal(too_much)).reason == "BALANCE_TOO_LOW"
    closed = await client.wallets.close_budget(job_id=staff.job_id)
    assert closed.budget.status == budget_pb2.BUDGET_STATUS_CLOSED
    assert micros(closed.returned) == 5 * EURO
    wallet = (await client.wallets.get_wallet(company_id=staff.company_id)).wallet
    assert micros(wallet.balance) == 9 * EURO
    again = client.wallets.fund_from_wallet(job_id=staff.job_id, amount=euros("5"))
    assert (await refusal(again)).reason == "BUDGET_STATE"


async def test_staff_adjusts_a_balance_and_the_log_says_what_changed(
    mesh: RunningMesh, guest: Any, boss: Admin
) -> None:
    staff = await funded(guest)
    request: dict[str, Any] = {"job_id": staff.job_id, "reason": "Geste commercial"}
    up = await boss.client.payment_admins.adjust_balance(
        **request, amount=euros("2"), request_id=str(uuid4())
    )
    assert micros(up.budget.current_balance) == 22 * EURO
    row = await audited(mesh, "ADJUST_BALANCE", staff.job_id)
    assert (row["actor_id"], row["success"]) == (boss.id, True)
    assert row["metadata"] == {
        "old": {"balance": "20.00"},
        "new": {"balance": "22.00"},
        "reason": "Geste commercial",
    }
    key = str(uuid4())
    for _ in range(2):
        down = await boss.client.payment_admins.adjust_balance(
            **request, amount=MINUS_ONE, request_id=key
        )
        assert micros(down.budget.current_balance) == 21 * EURO
    below = boss.client.payment_admins.adjust_balance(
        **request, amount=Money(currency_code="EUR", units=-22)
    )
    assert (await refusal(below)).reason == "BALANCE_TOO_LOW"
    entries = [
        entry
        async for entry in staff.recruiter.client.budgets.list_ledger_entries(job_id=staff.job_id)
    ]
    assert [micros(entry.amount) for entry in entries] == [-EURO, 2 * EURO, 20 * EURO]


async def test_staff_tries_a_failed_action_again(
    mesh: RunningMesh, guest: Any, boss: Admin
) -> None:
    staff = await team(guest)
    await applied(await candidate(guest), staff.job_id)

    async def waiting() -> Any:
        listed = staff.recruiter.client.budgets.list_actions(job_id=staff.job_id)
        return next(iter([action async for action in listed]), None)

    action = await eventually(waiting)
    early = boss.client.payment_admins.retry_action(action_id=action.id)
    assert (await refusal(early)).reason == "ACTION_STATE"
    await sql(mesh, "update payment.action_log set status = 'FAILED' where id = $1", action.id)
    answer = await boss.client.payment_admins.retry_action(action_id=action.id)
    assert answer.action.status == budget_pb2.ACTION_STATUS_PENDING
    rows = await sql(
        mesh,
        "select success from payment.audit where action = 'RETRY_PAYMENT' and resource_id = $1 "
        "order by seq",
        action.id,
    )
    assert [row["success"] for row in rows] == [False, True]
    assert (
        await refusal(boss.client.payment_admins.retry_action(action_id=str(uuid4())))
    ).reason == ("ACTION_NOT_FOUND")


async def test_staff_lists_the_log_by_page_status_and_skip(
    guest: Any, plain: Admin, rest: httpx.AsyncClient
) -> None:
    await hired(guest, 3)
    logs = plain.client.payment_admins
    first = await logs.list_action_logs(status="ACTION_STATUS_PROCESSED", page_size=2).page()
    assert len(first.actions) == 2
    assert first.total_size >= 3
    skipped = await logs.list_action_logs(
        status="ACTION_STATUS_PROCESSED", page_size=2, skip=1
    ).page()
    assert skipped.actions[0].id == first.actions[1].id
    assert {action.status for action in first.actions} == {PROCESSED}
    answer = await rest.get("/api/v1/admin/payment/actions", headers=plain.bearer)
    assert answer.status_code == 200
    assert len(answer.json()["actions"]) <= 50


async def test_figures_equal_those_of_the_database(
    mesh: RunningMesh, guest: Any, plain: Admin
) -> None:
    await hired(guest, 2)
    stats = await plain.client.payment_admins.get_payment_stats()
    [row] = await sql(
        mesh,
        "select count(*) filter (where status = 'PROCESSED') as processed, "
        "count(*) filter (where status = 'PENDING') as pending, "
        "count(*) filter (where status = 'FAILED') as failed, "
        "sum(amount) filter (where status = 'PROCESSED' and transaction_id is not null) as revenue "
        "from payment.action_log",
    )
    assert (stats.total_processed, stats.total_pending, stats.total_failed) == (
        row["processed"],
        row["pending"],
        row["failed"],
    )
    assert micros(stats.total_revenue) == row["revenue"]
    assert sum(micros(day.revenue) for day in stats.revenue_by_day) == row["revenue"]


async def test_users_do_not_reach_the_staffs_methods(guest: Any) -> None:
    staff = await funded(guest)
    admin = staff.recruiter.client.payment_admins
    for call in (
        admin.get_payment_stats(),
        admin.adjust_balance(job_id=staff.job_id, amount=euros("2"), reason="Cadeau"),
        admin.issue_invoices(),
    ):
        assert (await refusal(call)).reason == "TOKEN_TYPE"


async def month_over(mesh: RunningMesh, staff: Team, boss: Admin) -> Any:
    """Put a company's fees into a month that is over, and have it billed."""
    await sql(
        mesh,
        "update payment.action_log set processed_at = processed_at - interval '40 days' "
        "where company_id = $1",
        staff.company_id,
    )
    await boss.client.payment_admins.issue_invoices()
    listed = staff.recruiter.client.invoices.list_invoices(company_id=staff.company_id)
    [invoice] = [invoice async for invoice in listed]
    return invoice


async def test_a_company_reads_and_downloads_its_invoice(
    mesh: RunningMesh, guest: Any, boss: Admin, rest: httpx.AsyncClient
) -> None:
    staff, actions = await hired(guest, 2)
    client = staff.recruiter.client
    spent = sum(micros(action.amount) for action in actions)
    upcoming = (await client.invoices.get_upcoming_invoice(company_id=staff.company_id)).invoice
    assert (micros(upcoming.total), upcoming.number) == (spent, "")
    profile = (await client.invoices.get_billing_profile(company_id=staff.company_id)).profile
    assert profile.legal_name == "Fictive SAS"
    profile.street, profile.vat_id = "1 rue Inventée", "FR40303265045"
    await client.invoices.update_billing_profile(company_id=staff.company_id, profile=profile)

    invoice = await month_over(mesh, staff, boss)
    assert micros(invoice.total) == micros(invoice.paid) == spent
    full = await client.invoices.get_invoice(company_id=staff.company_id, invoice_id=invoice.id)
    assert [line.quantity for line in full.invoice.lines] == [2]
    assert full.invoice.buyer.vat_id == "FR40303265045"
    cited = client.invoices.list_invoice_actions(company_id=staff.company_id, invoice_id=invoice.id)
    assert {a.action_id: a.receipt_id async for a in cited} == {a.id: a.receipt_id for a in actions}

    path = f"/api/v1/companies/{staff.company_id}/invoices/{invoice.id}:download"
    answer = await rest.post(path, json={}, headers=staff.recruiter.bearer)
    assert answer.json()["fileName"] == f"{invoice.number}.pdf"
    assert base64.b64decode(answer.json()["content"]).startswith(b"%PDF-")
    xml = await client.invoices.download_invoice(
        company_id=staff.company_id,
        invoice_id=invoice.id,
        format=invoice_pb2.INVOICE_FORMAT_XML,
    )
    assert invoice.number.encode() in xml.content


async def test_another_company_sees_no_invoice(mesh: RunningMesh, guest: Any, boss: Admin) -> None:
    staff, _ = await hired(guest)
    invoice = await month_over(mesh, staff, boss)
    stranger = await team(guest)
    theirs = stranger.recruiter.client.invoices
    for company_id, reason in (
        (staff.company_id, "SCOPE_DENIED"),
        (stranger.company_id, "INVOICE_NOT_FOUND"),
    ):
        for call in (
            theirs.get_invoice(company_id=company_id, invoice_id=invoice.id),
            theirs.download_invoice(company_id=company_id, invoice_id=invoice.id),
        ):
            assert (await refusal(call)).reason == reason
    with pytest.raises(WeNeedsError) as refused:
        await theirs.list_invoices(company_id=staff.company_id).page()
    assert refused.value.reason == "SCOPE_DENIED"


async def test_staff_credits_an_invoice(mesh: RunningMesh, guest: Any, boss: Admin) -> None:
    staff, _ = await hired(guest)
    invoice = await month_over(mesh, staff, boss)
    note = await boss.client.payment_admins.issue_credit_note(
        invoice_id=invoice.id, amount=Money(currency_code="EUR", nanos=100_000_000), reason="Erreur"
    )
    credited = await staff.recruiter.client.invoices.get_invoice(
        company_id=staff.company_id, invoice_id=note.invoice_id
    )
    assert credited.invoice.corrects_invoice_id == invoice.id
    wallet = await staff.recruiter.client.wallets.get_wallet(company_id=staff.company_id)
    assert micros(wallet.wallet.balance) == 100_000
    too_much = boss.client.payment_admins.issue_credit_note(
        invoice_id=invoice.id, amount=euros("2"), reason="Encore"
    )
    assert (await refusal(too_much)).reason == "CREDIT_TOO_LARGE"
