"""Messages that several of payment's RPC services answer with."""

from __future__ import annotations

from google.type.money_pb2 import Money
from weneeds.payment.v1 import budget_pb2

from services.kit.money import NotMicroEuros, to_micros, to_money
from services.kit.times import to_timestamp
from services.payment.app.messages import type_number
from services.payment.app.stores import ActionRow, EntryRow
from services.payment.domain.budget_views import BudgetView
from services.payment.domain.errors import AmountInvalid

_STATUS = "BUDGET_STATUS_"
_ACTION_STATUS = "ACTION_STATUS_"


def micros_of(money: Money, field: str) -> int:
    """Return an amount in micro-euros. Raises AmountInvalid, naming `field`."""
    try:
        return to_micros(money)
    except NotMicroEuros as error:
        raise AmountInvalid(field=field) from error


def budget_message(budget: BudgetView) -> budget_pb2.Budget:
    """Return a budget as the contract shows it."""
    return budget_pb2.Budget(
        job_id=budget.job_id,
        current_balance=to_money(budget.balance),
        total_budget=to_money(budget.total),
        status=budget_pb2.BudgetStatus.Value(f"{_STATUS}{budget.status.value}"),
        paused_at=to_timestamp(budget.paused_at) if budget.paused_at else None,
        billing_cycle_starts_at=to_timestamp(budget.cycle_starts_at),
        has_budget=budget.has_budget,
        budget_active=budget.active,
        unlimited=budget.unlimited,
        version=budget.version,
    )


def entry_message(row: EntryRow) -> budget_pb2.LedgerEntry:
    """Return a line of the ledger as the contract shows it."""
    return budget_pb2.LedgerEntry(
        id=row.id,
        transaction_id=row.transaction_id,
        transaction_key=row.transaction_key,
        account=row.account,
        amount=to_money(row.amount),
        balance=to_money(row.balance),
        created_at=to_timestamp(row.created_at),
        receipt_id=row.receipt_id,
    )


def action_message(row: ActionRow) -> budget_pb2.ActionLog:
    """Return an action of the log as the contract shows it."""
    return budget_pb2.ActionLog(
        id=row.id,
        type=type_number(row.type),
        job_id=row.job_id,
        application_id=row.application_id,
        status=budget_pb2.ActionStatus.Value(f"{_ACTION_STATUS}{row.status.value}"),
        amount=to_money(row.amount),
        retry_count=row.retry_count,
        created_at=to_timestamp(row.created_at),
        processed_at=to_timestamp(row.processed_at) if row.processed_at else None,
        receipt_id=row.receipt_id,
        last_error=row.last_error,
    )


def version_of(etag: str) -> int | None:
    """Return the version that an etag stands for; None for an empty one."""
    return int(etag) if etag else None
