"""ChargeService and WebhookService: protobuf in, protobuf out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from weneeds.payment.v1 import charge_pb2, charge_service_pb2, webhook_service_pb2
from weneeds.payment.v1.charge_service_pb2_grpc import ChargeServiceServicer
from weneeds.payment.v1.webhook_service_pb2_grpc import WebhookServiceServicer

from services.kit.audit import note_change
from services.kit.errors import PageTokenInvalid
from services.kit.ids import is_uuid
from services.kit.money import decimal_text, to_money
from services.kit.paging import Page
from services.kit.times import to_timestamp
from services.payment.app.charge_reads import ChargeReads
from services.payment.app.refunds import RefundOrder, Refunds
from services.payment.app.webhooks import Webhooks
from services.payment.domain.charges import Attempt, Charge, Dispute, Refund
from services.payment.rpc.shapes import micros_of

_SIGNATURE = "stripe-signature"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ChargeRpc(ChargeServiceServicer):
    """Charges on companies' cards."""

    def __init__(self, reads: ChargeReads, refunds: Refunds) -> None:
        self._reads = reads
        self._refunds = refunds

    async def GetCharge(
        self, request: charge_service_pb2.GetChargeRequest, context: Any
    ) -> charge_service_pb2.GetChargeResponse:
        """Read a charge with its refunds."""
        attempt, refunds = await self._reads.get(request.company_id, request.charge_id)
        return charge_service_pb2.GetChargeResponse(
            charge=attempt_message(attempt), refunds=[_refund(one) for one in refunds]
        )

    async def ListCharges(
        self, request: charge_service_pb2.ListChargesRequest, context: Any
    ) -> charge_service_pb2.ListChargesResponse:
        """List the company's charges, newest first."""
        page = Page.of(request, keys=(str,))
        if page.after and not is_uuid(page.after[0]):
            raise PageTokenInvalid(field="page_token")
        listed = await self._reads.listed(request.company_id, page)
        shown = listed.rows[: page.size]
        return charge_service_pb2.ListChargesResponse(
            charges=[attempt_message(row) for row in shown],
            next_page_token=page.next_token(listed.rows, [shown[-1].charge.id]) if shown else "",
            total_size=listed.total,
        )

    async def AuthenticateCharge(
        self, request: charge_service_pb2.AuthenticateChargeRequest, context: Any
    ) -> charge_service_pb2.AuthenticateChargeResponse:
        """Get a fresh link for the owner of the card."""
        attempt = await self._reads.authenticate(request.company_id, request.charge_id)
        return charge_service_pb2.AuthenticateChargeResponse(charge=attempt_message(attempt))

    async def RefundCharge(
        self, request: charge_service_pb2.RefundChargeRequest, context: Any
    ) -> charge_service_pb2.RefundChargeResponse:
        """Give money back to the card."""
        amount = micros_of(request.amount, "amount") if request.HasField("amount") else 0
        before = await self._reads.find(request.charge_id)
        order = RefundOrder(request.request_id, request.charge_id, amount, request.reason)
        refund = await self._refunds.refund(order)
        refunded = before.charge.refunded if before else 0
        note_change(
            resource_type="charge",
            resource_id=request.charge_id,
            old={"refunded": decimal_text(refunded)},
            new={"refunded": decimal_text(refunded + refund.amount)},
            reason=request.reason,
        )
        return charge_service_pb2.RefundChargeResponse(refund=_refund(refund))

    async def ListDisputes(
        self, request: charge_service_pb2.ListDisputesRequest, context: Any
    ) -> charge_service_pb2.ListDisputesResponse:
        """List disputes, newest first."""
        page = Page.of(request, keys=(int,))
        listed = await self._reads.disputes(page)
        shown = listed.rows[: page.size]
        key = [(shown[-1].opened_at - _EPOCH) // timedelta(microseconds=1)] if shown else []
        return charge_service_pb2.ListDisputesResponse(
            disputes=[_dispute(row) for row in shown],
            next_page_token=page.next_token(listed.rows, key) if shown else "",
            total_size=listed.total,
        )


class WebhookRpc(WebhookServiceServicer):
    """What the card processor tells."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    async def ReceiveStripeEvent(
        self, request: webhook_service_pb2.ReceiveStripeEventRequest, context: Any
    ) -> webhook_service_pb2.ReceiveStripeEventResponse:
        """Take one webhook, as the bytes that were signed."""
        metadata = dict(context.invocation_metadata() or ())
        await self._webhooks.receive(request.event.data, str(metadata.get(_SIGNATURE, "")))
        return webhook_service_pb2.ReceiveStripeEventResponse()


def attempt_message(attempt: Attempt) -> charge_pb2.Charge:
    """Return a charge as the contract shows it."""
    message = charge_message(attempt.charge)
    message.created_at.CopyFrom(to_timestamp(attempt.created_at))
    return message


def charge_message(charge: Charge) -> charge_pb2.Charge:
    """Return a charge as the contract shows it, without its time."""
    order = charge.order
    return charge_pb2.Charge(
        id=charge.id,
        company_id=order.company_id,
        job_id=order.job_id,
        purpose=charge_pb2.ChargePurpose.Value(f"CHARGE_PURPOSE_{order.purpose.value}"),
        amount=to_money(order.amount),
        status=charge_pb2.ChargeStatus.Value(f"CHARGE_STATUS_{charge.status.value}"),
        link=charge.link,
        decline_code=charge.decline_code,
        refunded=to_money(charge.refunded),
        provider_id=charge.intent_id,
    )


def _refund(refund: Refund) -> charge_pb2.Refund:
    return charge_pb2.Refund(
        id=refund.id,
        charge_id=refund.charge_id,
        amount=to_money(refund.amount),
        reason=refund.reason,
        status=charge_pb2.RefundStatus.Value(f"REFUND_STATUS_{refund.status.value}"),
        failure=refund.failure,
        created_at=to_timestamp(refund.created_at),
        provider_id=refund.provider_id,
    )


def _dispute(dispute: Dispute) -> charge_pb2.Dispute:
    return charge_pb2.Dispute(
        id=dispute.id,
        charge_id=dispute.charge_id,
        amount=to_money(dispute.amount),
        reason=dispute.reason,
        status=charge_pb2.DisputeStatus.Value(f"DISPUTE_STATUS_{dispute.status.value}"),
        opened_at=to_timestamp(dispute.opened_at),
        closed_at=to_timestamp(dispute.closed_at) if dispute.closed_at else None,
    )
