"""The events that charges, refunds and disputes publish."""

from __future__ import annotations

from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1.mail_pb2 import MAIL_TYPE_PAYMENT_CONFIRMATION
from weneeds.payment.events.v1.charge_events_pb2 import (
    ChargeActionRequired,
    ChargeDeclined,
    ChargeSucceeded,
    DisputeClosed,
    DisputeOpened,
    PaymentMethodAdded,
    RefundIssued,
)

from services.kit.money import decimal_text, to_money
from services.kit.times import to_timestamp
from services.payment.app.card_stores import PaymentMethod
from services.payment.domain.charges import Charge, Dispute, DisputeStatus, Refund
from services.payment.domain.jobs import JobRef


def page(site_url: str, charge: Charge) -> str:
    """The page of the site that shows a charge and leads to the bank."""
    return f"{site_url}/companies/{charge.order.company_id}/charges/{charge.id}"


def succeeded(charge: Charge) -> ChargeSucceeded:
    """Tell that a card was charged."""
    order = charge.order
    return ChargeSucceeded(
        company_id=order.company_id,
        charge_id=charge.id,
        job_id=order.job_id,
        amount=to_money(order.amount),
        purpose=order.purpose.value,
    )


def declined(charge: Charge) -> ChargeDeclined:
    """Tell that a card was not charged."""
    order = charge.order
    return ChargeDeclined(
        company_id=order.company_id,
        charge_id=charge.id,
        job_id=order.job_id,
        amount=to_money(order.amount),
        purpose=order.purpose.value,
        decline_code=charge.decline_code,
    )


def action_required(charge: Charge) -> ChargeActionRequired:
    """Tell that the owner of the card has to confirm."""
    order = charge.order
    return ChargeActionRequired(
        company_id=order.company_id,
        charge_id=charge.id,
        job_id=order.job_id,
        amount=to_money(order.amount),
        purpose=order.purpose.value,
    )


def confirmation_mail(charge: Charge, job: JobRef, site_url: str) -> MailSend:
    """Ask the recruiter to have the charge confirmed, on the page that leads to the bank."""
    return MailSend(
        recipient_user_id=job.recruiter_id,
        type=MAIL_TYPE_PAYMENT_CONFIRMATION,
        variables={
            "job_title": job.title,
            "amount": decimal_text(charge.order.amount),
            "page": page(site_url, charge),
        },
    )


def method_added(method: PaymentMethod) -> PaymentMethodAdded:
    """Tell that a company has a new card."""
    return PaymentMethodAdded(
        company_id=method.company_id,
        payment_method_id=method.id,
        brand=method.brand,
        last4=method.last4,
        added_by=method.accepted_by,
        added_at=to_timestamp(method.created_at),
    )


def refund_issued(refund: Refund, charge: Charge) -> RefundIssued:
    """Tell that money went back."""
    return RefundIssued(
        company_id=charge.order.company_id,
        charge_id=charge.id,
        refund_id=refund.id,
        amount=to_money(refund.amount),
    )


def dispute_opened(dispute: Dispute, charge: Charge) -> DisputeOpened:
    """Tell that a charge is disputed."""
    return DisputeOpened(
        company_id=charge.order.company_id,
        charge_id=charge.id,
        dispute_id=dispute.id,
        amount=to_money(dispute.amount),
    )


def dispute_closed(dispute: Dispute, charge: Charge) -> DisputeClosed:
    """Tell how a dispute ended."""
    return DisputeClosed(
        company_id=charge.order.company_id,
        charge_id=charge.id,
        dispute_id=dispute.id,
        amount=to_money(dispute.amount),
        won=dispute.status is DisputeStatus.WON,
    )
