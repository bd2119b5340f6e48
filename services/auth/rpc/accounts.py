"""AccountService."""

from __future__ import annotations

from typing import Any

from weneeds.auth.v1 import account_service_pb2 as pb
from weneeds.auth.v1.account_service_pb2_grpc import AccountServiceServicer

from services.auth.app.accounts import Accounts, Registration
from services.auth.rpc import messages
from services.kit.call import current_user


class AccountRpc(AccountServiceServicer):
    """Accounts of candidates and recruiters."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def Register(self, request: pb.RegisterRequest, context: Any) -> pb.RegisterResponse:
        """Register a person."""
        registration = Registration(
            email=request.email,
            password=request.password,
            first_name=request.first_name,
            last_name=request.last_name,
            role=messages.USER_ROLE_OF[request.role],
            locale=request.locale,
        )
        account = await self._accounts.register(registration)
        return pb.RegisterResponse(user=messages.user(account))

    async def GetMe(self, request: pb.GetMeRequest, context: Any) -> pb.GetMeResponse:
        """Tell the caller who they are."""
        member = await self._accounts.me(current_user().id)
        return pb.GetMeResponse(
            user=messages.user(member.user),
            memberships=[messages.membership(held) for held in member.memberships],
        )
