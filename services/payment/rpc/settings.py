"""BudgetSettingsService: protobuf in, protobuf out."""

from __future__ import annotations

from typing import Any

from google.type.money_pb2 import Money
from weneeds.payment.v1 import budget_settings_service_pb2 as pb
from weneeds.payment.v1.budget_settings_service_pb2_grpc import BudgetSettingsServiceServicer

from services.kit.money import to_money
from services.kit.times import to_timestamp
from services.payment.app.settings import SettingsBook
from services.payment.domain.cycles import CycleKind
from services.payment.domain.settings import BillingMode, BudgetSettings, TopUp
from services.payment.rpc.shapes import micros_of, version_of

_MODE = "BILLING_MODE_"
_KIND = "CYCLE_KIND_"


class SettingsRpc(BudgetSettingsServiceServicer):
    """How budgets are billed, capped, watched and topped up."""

    def __init__(self, settings: SettingsBook) -> None:
        self._settings = settings

    async def GetBudgetSettings(
        self, request: pb.GetBudgetSettingsRequest, context: Any
    ) -> pb.GetBudgetSettingsResponse:
        """Read the settings of a budget."""
        budget = await self._settings.get(request.job_id)
        return pb.GetBudgetSettingsResponse(
            settings=_message(budget.settings),
            etag=str(budget.settings_version),
            top_up_stopped=budget.top_up_stopped,
            cycle_spent=to_money(budget.cycle_spent),
            cycle_ends_at=to_timestamp(budget.cycle_ends_at),
        )

    async def UpdateBudgetSettings(
        self, request: pb.UpdateBudgetSettingsRequest, context: Any
    ) -> pb.UpdateBudgetSettingsResponse:
        """Replace the settings of a budget."""
        budget = await self._settings.update(
            request.request_id,
            request.job_id,
            _settings(request.settings),
            version_of(request.etag),
        )
        return pb.UpdateBudgetSettingsResponse(
            settings=_message(budget.settings), etag=str(budget.settings_version)
        )


def _settings(message: pb.BudgetSettings) -> BudgetSettings:
    top_up = None
    if message.HasField("top_up"):
        top_up = TopUp(
            amount=micros_of(message.top_up.amount, "settings.top_up.amount"),
            trigger=micros_of(message.top_up.trigger, "settings.top_up.trigger"),
            monthly_cap=micros_of(message.top_up.monthly_cap, "settings.top_up.monthly_cap"),
        )
    capped = message.HasField("monthly_cap")
    return BudgetSettings(
        mode=BillingMode(pb.BillingMode.Name(message.billing_mode).removeprefix(_MODE)),
        cycle_kind=CycleKind(pb.CycleKind.Name(message.cycle_kind).removeprefix(_KIND)),
        cap=micros_of(message.monthly_cap, "settings.monthly_cap") if capped else None,
        warn_at=tuple(message.warn_at_percent),
        top_up=top_up,
    )


def _message(settings: BudgetSettings) -> pb.BudgetSettings:
    top_up = settings.top_up
    return pb.BudgetSettings(
        billing_mode=pb.BillingMode.Value(f"{_MODE}{settings.mode.value}"),
        cycle_kind=pb.CycleKind.Value(f"{_KIND}{settings.cycle_kind.value}"),
        monthly_cap=_money(settings.cap),
        warn_at_percent=settings.warn_at,
        top_up=pb.AutoTopUp(
            amount=to_money(top_up.amount),
            trigger=to_money(top_up.trigger),
            monthly_cap=to_money(top_up.monthly_cap),
        )
        if top_up
        else None,
    )


def _money(micros: int | None) -> Money | None:
    return None if micros is None else to_money(micros)
