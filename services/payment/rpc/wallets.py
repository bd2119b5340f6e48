"""WalletService: protobuf in, protobuf out."""

from __future__ import annotations

from typing import Any

from weneeds.payment.v1 import wallet_service_pb2 as pb
from weneeds.payment.v1.wallet_service_pb2_grpc import WalletServiceServicer

from services.kit.money import to_money
from services.payment.app.charge_reads import ChargeReads
from services.payment.app.wallets import Wallet, WalletFunding, Wallets
from services.payment.rpc.charges import attempt_message
from services.payment.rpc.shapes import budget_message, micros_of


class WalletRpc(WalletServiceServicer):
    """A company's money with the platform, beside the budgets of its jobs."""

    def __init__(self, wallets: Wallets, funding: WalletFunding, charges: ChargeReads) -> None:
        self._wallets = wallets
        self._funding = funding
        self._charges = charges

    async def GetWallet(self, request: pb.GetWalletRequest, context: Any) -> pb.GetWalletResponse:
        """Read a wallet."""
        wallet = await self._wallets.get(request.company_id)
        return pb.GetWalletResponse(wallet=_wallet(wallet))

    async def FundWallet(
        self, request: pb.FundWalletRequest, context: Any
    ) -> pb.FundWalletResponse:
        """Charge a card and add the amount to the wallet."""
        wallet, outcome = await self._funding.fund(
            request.request_id,
            request.company_id,
            micros_of(request.amount, "amount"),
            request.payment_method,
        )
        charge = await self._charges.find(outcome.charge_id)
        return pb.FundWalletResponse(
            wallet=_wallet(wallet), charge=attempt_message(charge) if charge else None
        )

    async def FundFromWallet(
        self, request: pb.FundFromWalletRequest, context: Any
    ) -> pb.FundFromWalletResponse:
        """Move money from the wallet into a budget."""
        amount = micros_of(request.amount, "amount")
        budget = await self._wallets.fund(request.request_id, request.job_id, amount)
        return pb.FundFromWalletResponse(budget=budget_message(budget))

    async def CloseBudget(
        self, request: pb.CloseBudgetRequest, context: Any
    ) -> pb.CloseBudgetResponse:
        """Close a budget into the wallet."""
        budget, returned = await self._wallets.close(request.job_id)
        return pb.CloseBudgetResponse(budget=budget_message(budget), returned=to_money(returned))


def _wallet(wallet: Wallet) -> pb.Wallet:
    return pb.Wallet(
        company_id=wallet.company_id,
        balance=to_money(wallet.balance),
        owed=to_money(wallet.owed),
    )
