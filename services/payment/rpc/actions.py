"""ActionService: protobuf in, protobuf out."""

from __future__ import annotations

from typing import Any

from weneeds.payment.v1 import action_service_pb2 as pb
from weneeds.payment.v1.action_service_pb2_grpc import ActionServiceServicer

from services.kit.money import to_money
from services.kit.times import to_datetime
from services.payment.app.intake import Intake
from services.payment.app.messages import type_name
from services.payment.domain.actions import Action


class ActionRpc(ActionServiceServicer):
    """The way into the write-ahead log for other services."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def RecordAction(
        self, request: pb.RecordActionRequest, context: Any
    ) -> pb.RecordActionResponse:
        """Write an action down."""
        action = Action(
            type=type_name(request.type),
            job_id=request.job_id,
            company_id=request.company_id,
            application_id=request.application_id,
            points=request.matching_score if request.HasField("matching_score") else None,
            receipt_id=request.receipt_id,
            happened_at=(
                to_datetime(request.happened_at) if request.HasField("happened_at") else None
            ),
        )
        return pb.RecordActionResponse(amount=to_money(await self._intake.record(action)))
