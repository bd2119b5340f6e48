"""The events that billing publishes."""

from __future__ import annotations

from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1.mail_pb2 import (
    MAIL_TYPE_BUDGET_THRESHOLD,
    MAIL_TYPE_INVOICE_ISSUED,
    MAIL_TYPE_PAYMENT_FAILED,
)
from weneeds.payment.events.v1.events_pb2 import (
    BudgetClosed,
    BudgetThresholdReached,
    CycleUnpaid,
    InvoiceIssued,
    TopUpStopped,
)

from services.kit.money import decimal_text, to_money
from services.payment.domain.budgets import Budget
from services.payment.domain.fees import MICROS_PER_CENT
from services.payment.domain.invoices import Invoice, InvoiceKind
from services.payment.domain.jobs import JobRef


def threshold(budget: Budget, percent: int) -> BudgetThresholdReached:
    """Tell that `percent` of a budget is used."""
    return BudgetThresholdReached(
        job_id=budget.job_id,
        company_id=budget.company_id,
        percent=percent,
        balance=to_money(budget.balance),
    )


def threshold_mail(budget: Budget, job: JobRef, percent: int) -> MailSend:
    """Warn the recruiter that little is left."""
    return MailSend(
        recipient_user_id=job.recruiter_id,
        type=MAIL_TYPE_BUDGET_THRESHOLD,
        variables={
            "job_id": job.job_id,
            "job_title": job.title,
            "percent": str(percent),
            "balance": decimal_text(budget.balance),
        },
    )


def closed(budget: Budget, returned: int) -> BudgetClosed:
    """Tell that a budget is closed and that `returned` micro-euros went to the wallet."""
    return BudgetClosed(
        job_id=budget.job_id, company_id=budget.company_id, returned=to_money(returned)
    )


def top_up_stopped(budget: Budget, amount: int, reason: str) -> TopUpStopped:
    """Tell that a budget could not top itself up."""
    return TopUpStopped(
        job_id=budget.job_id,
        company_id=budget.company_id,
        amount=to_money(amount),
        reason=reason,
    )


def unpaid(company_id: str, amount: int, reason: str) -> CycleUnpaid:
    """Tell that what a company owes could not be collected."""
    return CycleUnpaid(company_id=company_id, amount=to_money(amount), reason=reason)


def payment_failed_mail(user_id: str, amount: int, subject: str) -> MailSend:
    """Tell somebody that `amount` micro-euros could not be collected."""
    return MailSend(
        recipient_user_id=user_id,
        type=MAIL_TYPE_PAYMENT_FAILED,
        variables={"amount": decimal_text(amount), "subject": subject},
    )


def issued(invoice: Invoice) -> InvoiceIssued:
    """Tell that an invoice or a credit note is there."""
    return InvoiceIssued(
        company_id=invoice.company_id,
        invoice_id=invoice.id,
        number=invoice.number,
        total=to_money(invoice.amounts.gross * MICROS_PER_CENT),
        credit_note=invoice.kind is InvoiceKind.CREDIT_NOTE,
    )


def issued_mail(user_id: str, invoice: Invoice) -> MailSend:
    """Tell somebody that an invoice is there."""
    return MailSend(
        recipient_user_id=user_id,
        type=MAIL_TYPE_INVOICE_ISSUED,
        variables={
            "invoice_id": invoice.id,
            "number": invoice.number,
            "total": decimal_text(invoice.amounts.gross * MICROS_PER_CENT),
        },
    )
