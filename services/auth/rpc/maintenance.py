"""MaintenanceService."""

from __future__ import annotations

from typing import Any

from weneeds.auth.v1 import admin_service_pb2 as pb
from weneeds.auth.v1.admin_service_pb2_grpc import MaintenanceServiceServicer

from services.auth.app.maintenance import MaintenanceSwitch
from services.auth.rpc.messages import timestamp


class MaintenanceRpc(MaintenanceServiceServicer):
    """Maintenance mode."""

    def __init__(self, switch: MaintenanceSwitch) -> None:
        self._switch = switch

    async def GetMaintenance(
        self, request: pb.GetMaintenanceRequest, context: Any
    ) -> pb.GetMaintenanceResponse:
        """Tell whether maintenance mode is on."""
        found = await self._switch.get()
        switched_at = timestamp(found.switched_at) if found.switched_at else None
        return pb.GetMaintenanceResponse(on=found.on, switched_at=switched_at)

    async def SetMaintenance(
        self, request: pb.SetMaintenanceRequest, context: Any
    ) -> pb.SetMaintenanceResponse:
        """Switch maintenance mode."""
        await self._switch.turn(request.on)
        return pb.SetMaintenanceResponse(on=request.on)
