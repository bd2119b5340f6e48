"""The events that payment publishes."""

from __future__ import annotations

from datetime import datetime

from weneeds.common.v1.action_pb2 import ActionType
from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1.mail_pb2 import MAIL_TYPE_APPLICATION_RECEIVED, MAIL_TYPE_BUDGET_EXHAUSTED
from weneeds.payment.events.v1.events_pb2 import (
    ActionGivenUp,
    BudgetExhausted,
    BudgetFunded,
    FeeCharged,
)

from services.kit.money import decimal_text, to_money
from services.kit.times import to_timestamp
from services.payment.domain.actions import Failure, LoggedAction
from services.payment.domain.budgets import Budget
from services.payment.domain.jobs import JobRef

_PREFIX = "ACTION_TYPE_"
_UNKNOWN = "UNKNOWN_"
# What a mail shows in place of a figure that there is not.
_NONE = "–"  # noqa: RUF001 - a dash for readers


def type_name(number: int) -> str:
    """Return the name of an action type; UNKNOWN_<number> for one of a later contract."""
    value = ActionType.DESCRIPTOR.values_by_number.get(number)
    return value.name.removeprefix(_PREFIX) if value else f"{_UNKNOWN}{number}"


def type_number(name: str) -> ActionType.ValueType:
    """Return the action type behind a name that `type_name` gave."""
    if name.startswith(_UNKNOWN):
        return ActionType.ValueType(int(name.removeprefix(_UNKNOWN)))
    return ActionType.Value(f"{_PREFIX}{name}")


def funded(budget: Budget, amount: int) -> BudgetFunded:
    """Tell that `amount` micro-euros came in."""
    return BudgetFunded(
        job_id=budget.job_id,
        company_id=budget.company_id,
        amount=to_money(amount),
        balance=to_money(budget.balance),
    )


def charged(logged: LoggedAction, balance: int, transaction_id: str, now: datetime) -> FeeCharged:
    """Tell that a fee was debited and that `balance` micro-euros are left."""
    return FeeCharged(
        job_id=logged.action.job_id,
        company_id=logged.action.company_id,
        application_id=logged.action.application_id,
        type=type_number(logged.action.type),
        amount=to_money(logged.amount),
        balance=to_money(balance),
        transaction_id=transaction_id,
        receipt_id=logged.action.receipt_id,
        charged_at=to_timestamp(now),
    )


def given_up(job_id: str, action_id: str, failure: Failure) -> ActionGivenUp:
    """Tell that an action is not tried any more."""
    return ActionGivenUp(
        job_id=job_id, action_id=action_id, reason=failure.reason, tries=failure.tries
    )


def exhausted(budget: Budget) -> BudgetExhausted:
    """Tell that a fee did not fit into what is left."""
    return BudgetExhausted(
        job_id=budget.job_id, company_id=budget.company_id, balance=to_money(budget.balance)
    )


def exhausted_mail(budget: Budget, job: JobRef) -> MailSend:
    """Ask the recruiter to fund the budget."""
    return MailSend(
        recipient_user_id=job.recruiter_id,
        type=MAIL_TYPE_BUDGET_EXHAUSTED,
        variables={
            "job_id": job.job_id,
            "job_title": job.title,
            "balance": decimal_text(budget.balance),
        },
    )


def application_mail(
    logged: LoggedAction, job: JobRef, debited: int, balance: int | None
) -> MailSend:
    """Tell the recruiter of an application, of what was debited and of what is left.

    `balance` is None where no budget limits the job.
    """
    action = logged.action
    return MailSend(
        recipient_user_id=action.recruiter_id or job.recruiter_id,
        type=MAIL_TYPE_APPLICATION_RECEIVED,
        variables={
            "job_id": job.job_id,
            "job_title": job.title,
            "application_id": action.application_id,
            "score": _NONE if action.points is None else str(action.points),
            "fee": decimal_text(debited),
            "balance": _NONE if balance is None else decimal_text(balance),
        },
    )
