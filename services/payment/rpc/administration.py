"""PaymentAdminService: protobuf in, protobuf out."""

from __future__ import annotations

from typing import Any

from weneeds.payment.v1 import budget_pb2
from weneeds.payment.v1 import payment_admin_service_pb2 as pb
from weneeds.payment.v1.payment_admin_service_pb2_grpc import PaymentAdminServiceServicer

from services.kit.money import to_money
from services.kit.paging import Page
from services.kit.times import to_datetime
from services.payment.app.administration import Administration
from services.payment.app.invoices import Invoices
from services.payment.domain.actions import ActionStatus
from services.payment.rpc.shapes import action_message, budget_message, micros_of

_STATUS = "ACTION_STATUS_"
_LOGS_PAGE = 50


class PaymentAdminRpc(PaymentAdminServiceServicer):
    """Payment, as staff sees it."""

    def __init__(self, administration: Administration, invoices: Invoices) -> None:
        self._administration = administration
        self._invoices = invoices

    async def ListActionLogs(
        self, request: pb.ListActionLogsRequest, context: Any
    ) -> pb.ListActionLogsResponse:
        """List the write-ahead log of all jobs."""
        page = Page.of(request, default=_LOGS_PAGE, keys=(str,))
        name = budget_pb2.ActionStatus.Name(request.status).removeprefix(_STATUS)
        status = ActionStatus(name) if request.status else None
        listed = await self._administration.actions(status, page)
        shown = listed.rows[: page.size]
        return pb.ListActionLogsResponse(
            actions=[action_message(row) for row in shown],
            next_page_token=page.next_token(listed.rows, [shown[-1].id]) if shown else "",
            total_size=listed.total,
        )

    async def GetPaymentStats(
        self, request: pb.GetPaymentStatsRequest, context: Any
    ) -> pb.GetPaymentStatsResponse:
        """Count actions and add up what was earned."""
        # `from` is a word of Python.
        start = getattr(request, "from")
        stats = await self._administration.stats(
            to_datetime(start) if request.HasField("from") else None,
            to_datetime(request.to) if request.HasField("to") else None,
        )
        return pb.GetPaymentStatsResponse(
            total_processed=stats.processed,
            total_pending=stats.pending,
            total_failed=stats.failed,
            total_revenue=to_money(stats.revenue),
            revenue_by_day=[
                pb.DayRevenue(
                    day=day.day.isoformat(), revenue=to_money(day.revenue), actions=day.actions
                )
                for day in stats.days
            ],
        )

    async def RetryAction(
        self, request: pb.RetryActionRequest, context: Any
    ) -> pb.RetryActionResponse:
        """Try an action again that was given up."""
        action = await self._administration.retry(request.action_id)
        return pb.RetryActionResponse(action=action_message(action))

    async def AdjustBalance(
        self, request: pb.AdjustBalanceRequest, context: Any
    ) -> pb.AdjustBalanceResponse:
        """Give money to a budget, or take it."""
        budget = await self._administration.adjust(
            request.request_id,
            request.job_id,
            micros_of(request.amount, "amount"),
            request.reason,
        )
        return pb.AdjustBalanceResponse(budget=budget_message(budget))

    async def IssueInvoices(
        self, request: pb.IssueInvoicesRequest, context: Any
    ) -> pb.IssueInvoicesResponse:
        """Issue what is due now."""
        return pb.IssueInvoicesResponse(issued=await self._invoices.run())

    async def IssueCreditNote(
        self, request: pb.IssueCreditNoteRequest, context: Any
    ) -> pb.IssueCreditNoteResponse:
        """Credit a company with part of an invoice."""
        amount = micros_of(request.amount, "amount")
        note = await self._invoices.credit(request.invoice_id, amount, request.reason)
        return pb.IssueCreditNoteResponse(invoice_id=note.id, number=note.number)
