"""AdminManagementService."""

from __future__ import annotations

from typing import Any

from weneeds.auth.v1 import admin_service_pb2 as pb
from weneeds.auth.v1.admin_service_pb2_grpc import AdminManagementServiceServicer

from services.auth.app.admins import Admins, NewAdmin
from services.auth.rpc import staff_messages
from services.kit.call import prepared
from services.kit.paging import Page


class AdminManagementRpc(AdminManagementServiceServicer):
    """The staff itself."""

    def __init__(self, admins: Admins) -> None:
        self._admins = admins

    async def ListAdmins(
        self, request: pb.ListAdminsRequest, context: Any
    ) -> pb.ListAdminsResponse:
        """List the admins, oldest first."""
        found = await self._admins.list_admins(Page.of(request, keys=(int, str)))
        return pb.ListAdminsResponse(
            admins=[staff_messages.admin(person) for person in found.admins],
            next_page_token=found.next_token,
            total_size=found.total,
        )

    async def CreateAdmin(
        self, request: pb.CreateAdminRequest, context: Any
    ) -> pb.CreateAdminResponse:
        """Create an admin and show the authenticator's secret, once."""
        created = await self._admins.create(_new_admin(request), prepared() or "")
        return pb.CreateAdminResponse(
            admin=staff_messages.admin(created.admin), totp_uri=created.totp_uri
        )

    async def prepare_create(self, request: pb.CreateAdminRequest) -> str:
        """Hash the password before the unit of work of the request_id opens."""
        return await self._admins.secure(_new_admin(request))

    async def SetAdminRole(
        self, request: pb.SetAdminRoleRequest, context: Any
    ) -> pb.SetAdminRoleResponse:
        """Give an admin another role."""
        role = staff_messages.ADMIN_ROLE_OF[request.role]
        person = await self._admins.set_role(request.admin_id, role)
        return pb.SetAdminRoleResponse(admin=staff_messages.admin(person))

    async def ResetAdminAuthenticator(
        self, request: pb.ResetAdminAuthenticatorRequest, context: Any
    ) -> pb.ResetAdminAuthenticatorResponse:
        """Give an admin another authenticator and show its secret, once."""
        uri = await self._admins.reset_authenticator(request.admin_id, request.reason)
        return pb.ResetAdminAuthenticatorResponse(totp_uri=uri)

    async def DeleteAdmin(
        self, request: pb.DeleteAdminRequest, context: Any
    ) -> pb.DeleteAdminResponse:
        """Delete an admin and end the admin's sessions."""
        await self._admins.delete(request.admin_id)
        return pb.DeleteAdminResponse()


def _new_admin(request: pb.CreateAdminRequest) -> NewAdmin:
    return NewAdmin(
        email=request.email,
        name=request.name,
        password=request.password,
        role=staff_messages.ADMIN_ROLE_OF[request.role],
    )
