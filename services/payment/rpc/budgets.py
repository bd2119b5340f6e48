"""BudgetService: protobuf in, protobuf out."""

from __future__ import annotations

from typing import Any

from weneeds.payment.v1 import budget_pb2, budget_service_pb2
from weneeds.payment.v1.budget_service_pb2_grpc import BudgetServiceServicer

from services.kit.errors import PageTokenInvalid
from services.kit.ids import is_uuid
from services.kit.paging import Page
from services.payment.app.books import Records
from services.payment.app.budgets import Budgets, FundingOrder
from services.payment.app.charge_reads import ChargeReads
from services.payment.domain.actions import ActionStatus
from services.payment.rpc.charges import attempt_message
from services.payment.rpc.shapes import action_message, budget_message, entry_message, micros_of

_ACTION_STATUS = "ACTION_STATUS_"
_ACTIONS_PAGE = 50
_MAX_VERSION = 2**63 - 1


class BudgetRpc(BudgetServiceServicer):
    """Budgets of jobs and the ledger behind them."""

    def __init__(self, budgets: Budgets, books: Records, charges: ChargeReads) -> None:
        self._budgets = budgets
        self._books = books
        self._charges = charges

    async def FundBudget(
        self, request: budget_service_pb2.FundBudgetRequest, context: Any
    ) -> budget_service_pb2.FundBudgetResponse:
        """Charge a card and add the amount to the budget."""
        amount = micros_of(request.amount, "amount")
        order = FundingOrder(request.request_id, request.job_id, amount, request.payment_method)
        funding = await self._budgets.fund(order)
        charge = await self._charges.find(funding.charge.charge_id)
        return budget_service_pb2.FundBudgetResponse(
            budget=budget_message(funding.budget) if funding.budget else None,
            charge=attempt_message(charge) if charge else None,
        )

    async def GetBudget(
        self, request: budget_service_pb2.GetBudgetRequest, context: Any
    ) -> budget_service_pb2.GetBudgetResponse:
        """Read a budget."""
        budget = await self._budgets.get(request.job_id)
        return budget_service_pb2.GetBudgetResponse(budget=budget_message(budget))

    async def PauseBudget(
        self, request: budget_service_pb2.PauseBudgetRequest, context: Any
    ) -> budget_service_pb2.PauseBudgetResponse:
        """Stop debits."""
        budget = await self._budgets.pause(request.job_id)
        return budget_service_pb2.PauseBudgetResponse(budget=budget_message(budget))

    async def ResumeBudget(
        self, request: budget_service_pb2.ResumeBudgetRequest, context: Any
    ) -> budget_service_pb2.ResumeBudgetResponse:
        """Allow debits again."""
        budget = await self._budgets.resume(request.job_id)
        return budget_service_pb2.ResumeBudgetResponse(budget=budget_message(budget))

    async def ListLedgerEntries(
        self, request: budget_service_pb2.ListLedgerEntriesRequest, context: Any
    ) -> budget_service_pb2.ListLedgerEntriesResponse:
        """List the entries on the budget's account, newest first."""
        page = Page.of(request, keys=(int,))
        if page.after and not 0 < page.after[0] <= _MAX_VERSION:
            raise PageTokenInvalid(field="page_token")
        listed = await self._books.entries(request.job_id, page)
        shown = listed.rows[: page.size]
        return budget_service_pb2.ListLedgerEntriesResponse(
            entries=[entry_message(row) for row in shown],
            next_page_token=(
                page.next_token(listed.rows, [shown[-1].account_version]) if shown else ""
            ),
            total_size=listed.total,
        )

    async def ListActions(
        self, request: budget_service_pb2.ListActionsRequest, context: Any
    ) -> budget_service_pb2.ListActionsResponse:
        """List the job's actions, newest first."""
        page = Page.of(request, default=_ACTIONS_PAGE, keys=(str,))
        if page.after and not is_uuid(page.after[0]):
            raise PageTokenInvalid(field="page_token")
        name = budget_pb2.ActionStatus.Name(request.status).removeprefix(_ACTION_STATUS)
        status = ActionStatus(name) if request.status else None
        listed = await self._books.actions(request.job_id, status, page)
        shown = listed.rows[: page.size]
        return budget_service_pb2.ListActionsResponse(
            actions=[action_message(row) for row in shown],
            next_page_token=page.next_token(listed.rows, [shown[-1].id]) if shown else "",
            total_size=listed.total,
        )
