"""AdminUserService."""

from __future__ import annotations

from typing import Any

from weneeds.auth.v1 import admin_service_pb2 as pb
from weneeds.auth.v1.admin_service_pb2_grpc import AdminUserServiceServicer

from services.auth.app.staff_stores import UserFilter
from services.auth.app.user_desk import UserDesk
from services.auth.rpc import messages
from services.kit.paging import Page

_STATUS_OF = {number: status for status, number in messages.USER_STATUSES.items()}


class AdminUserRpc(AdminUserServiceServicer):
    """Users, as staff sees them."""

    def __init__(self, desk: UserDesk) -> None:
        self._desk = desk

    async def ListUsers(self, request: pb.ListUsersRequest, context: Any) -> pb.ListUsersResponse:
        """List users, newest first."""
        wanted = UserFilter(request.query, _STATUS_OF.get(request.status))
        found = await self._desk.list_users(wanted, Page.of(request, keys=(int, str)))
        return pb.ListUsersResponse(
            users=[messages.user(account) for account in found.users],
            next_page_token=found.next_token,
            total_size=found.total,
        )

    async def GetUser(self, request: pb.GetUserRequest, context: Any) -> pb.GetUserResponse:
        """Read a user."""
        member = await self._desk.get(request.user_id)
        return pb.GetUserResponse(
            user=messages.user(member.user),
            memberships=[messages.membership(held) for held in member.memberships],
        )

    async def BanUser(self, request: pb.BanUserRequest, context: Any) -> pb.BanUserResponse:
        """Ban a user."""
        account = await self._desk.ban(request.user_id, request.reason)
        return pb.BanUserResponse(user=messages.user(account))

    async def UnbanUser(self, request: pb.UnbanUserRequest, context: Any) -> pb.UnbanUserResponse:
        """Let a banned user sign in again."""
        account = await self._desk.unban(request.user_id, request.reason)
        return pb.UnbanUserResponse(user=messages.user(account))
