"""Stripe's objects in our words. Cents become micro-euros."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stripe.params import SetupIntentCreateParams

from services.payment.app.processor import (
    Card,
    Intent,
    Mandate,
    ProviderDispute,
    ProviderRefund,
    Setup,
)
from services.payment.domain.charges import ChargeStatus, DisputeStatus, News, RefundStatus
from services.payment.domain.fees import MICROS_PER_CENT

_ASKED = "authentication_required"
_STATUS = {
    "succeeded": ChargeStatus.SUCCEEDED,
    "processing": ChargeStatus.PROCESSING,
    "requires_capture": ChargeStatus.PROCESSING,
    "requires_action": ChargeStatus.REQUIRES_ACTION,
    "canceled": ChargeStatus.DECLINED,
}
_REFUND_STATUS = {
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}
# "warning_*" is an inquiry of the bank: no money moved.
_DISPUTE_STATUS = {
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
    "warning_closed": DisputeStatus.WON,
    "prevented": DisputeStatus.WON,
}


def intent(found: Any) -> Intent:
    """A PaymentIntent."""
    failure = found.last_payment_error
    asked = getattr(failure, "code", None) == _ASKED
    asks = asked and found.status == "requires_payment_method"
    action = found.next_action
    redirect = action.redirect_to_url if action and action.type == "redirect_to_url" else None
    status = _STATUS.get(found.status)
    if status is None:
        # Off session an intent is confirmed when it is made: without a method now, it failed.
        status = ChargeStatus.REQUIRES_ACTION if asks else ChargeStatus.DECLINED
    declined = status is ChargeStatus.DECLINED
    news = News(
        status=status,
        intent_id=found.id,
        received=found.amount_received * MICROS_PER_CENT,
        link=str(redirect.url) if redirect else "",
        decline_code=_decline_code(failure, found.status) if declined else "",
    )
    return Intent(
        id=found.id,
        charge_id=_said(found, "charge"),
        news=news,
        asks=asks,
        amount=found.amount * MICROS_PER_CENT,
        created_at=_time(found.created),
    )


def _decline_code(failure: Any, status: str) -> str:
    if failure is None:
        return "canceled" if status == "canceled" else "declined"
    said = getattr(failure, "decline_code", None) or getattr(failure, "code", None)
    return str(said or "declined")


def setup_params(
    customer: str, method: str, mandate: Mandate, return_url: str
) -> SetupIntentCreateParams:
    """The parameters of a SetupIntent. The mandate is told along with a method."""
    params: SetupIntentCreateParams = {
        "customer": customer,
        "usage": "off_session",
        "allowed_payment_method_types": ["card"],
        "metadata": {
            "company": mandate.company_id,
            "user": mandate.user_id,
            "terms": mandate.terms,
        },
    }
    if not method:
        return params
    params["confirm"] = True
    params["payment_method"] = method
    params["return_url"] = return_url
    params["mandate_data"] = {
        "customer_acceptance": {
            "type": "online",
            "online": {"ip_address": mandate.address, "user_agent": mandate.device},
        }
    }
    return params


def setup(found: Any, card: Any) -> Setup:
    """A SetupIntent with the card that it made good."""
    action = found.next_action
    redirect = action.redirect_to_url if action and action.type == "redirect_to_url" else None
    return Setup(
        id=found.id,
        company_id=_said(found, "company"),
        user_id=_said(found, "user"),
        terms=_said(found, "terms"),
        created_at=_time(found.created),
        succeeded=found.status == "succeeded",
        card=_card(card) if card is not None else None,
        link=str(redirect.url) if redirect else "",
        client_secret=found.client_secret or "",
        mandate_id=str(found.mandate or ""),
    )


def refund(found: Any) -> ProviderRefund:
    """A refund."""
    return ProviderRefund(
        id=found.id,
        refund_id=_said(found, "refund"),
        intent_id=str(found.payment_intent or ""),
        amount=found.amount * MICROS_PER_CENT,
        status=_REFUND_STATUS.get(found.status, RefundStatus.PENDING),
        failure=str(getattr(found, "failure_reason", None) or ""),
        created_at=_time(found.created),
    )


def dispute(found: Any) -> ProviderDispute:
    """A dispute. An inquiry, which moves no money, has the amount 0."""
    inquiry = found.status.startswith("warning_") or found.status == "prevented"
    return ProviderDispute(
        id=found.id,
        intent_id=str(found.payment_intent or ""),
        amount=0 if inquiry else found.amount * MICROS_PER_CENT,
        status=_DISPUTE_STATUS.get(found.status, DisputeStatus.OPEN),
        reason=found.reason,
        created_at=_time(found.created),
    )


def _card(found: Any) -> Card:
    card = found.card
    return Card(found.id, card.brand, card.last4, card.exp_month, card.exp_year)


def _said(found: Any, name: str) -> str:
    return str(getattr(found.metadata, name, None) or "")


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
