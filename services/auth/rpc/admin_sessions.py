"""AdminSessionService."""

from __future__ import annotations

from typing import Any

from weneeds.auth.v1 import admin_service_pb2 as pb
from weneeds.auth.v1.admin_service_pb2_grpc import AdminSessionServiceServicer

from services.auth.app.admin_sessions import AdminSignIns
from services.auth.rpc import messages, staff_messages
from services.kit.access import Access
from services.kit.call import current_user


class AdminSessionRpc(AdminSessionServiceServicer):
    """Sessions of staff."""

    def __init__(self, sign_ins: AdminSignIns) -> None:
        self._sign_ins = sign_ins

    async def SignInAdmin(
        self, request: pb.SignInAdminRequest, context: Any
    ) -> pb.SignInAdminResponse:
        """Open an admin session by e-mail, password and the code of the app."""
        opened = await self._sign_ins.sign_in(request.email, request.password, request.totp_code)
        return pb.SignInAdminResponse(
            tokens=messages.tokens(opened.tokens), admin=staff_messages.admin(opened.admin)
        )

    async def RefreshAdmin(
        self, request: pb.RefreshAdminRequest, context: Any
    ) -> pb.RefreshAdminResponse:
        """Trade an admin's refresh token for new tokens."""
        kept = await self._sign_ins.refresh(request.refresh_token)
        return pb.RefreshAdminResponse(tokens=messages.tokens(kept))

    async def StepUpAdmin(
        self, request: pb.StepUpAdminRequest, context: Any
    ) -> pb.StepUpAdminResponse:
        """Prove the app again; the session goes on under new tokens."""
        caller = current_user()
        kept = await self._sign_ins.step_up(caller.id, caller.session_id, request.totp_code)
        return pb.StepUpAdminResponse(
            fresh_until=messages.timestamp(kept.fresh_until), tokens=messages.tokens(kept.tokens)
        )

    async def SignOutAdmin(
        self, request: pb.SignOutAdminRequest, context: Any
    ) -> pb.SignOutAdminResponse:
        """End the admin's session."""
        caller = current_user()
        await self._sign_ins.sign_out(caller.id, caller.session_id)
        return pb.SignOutAdminResponse()

    async def GetAdminMe(
        self, request: pb.GetAdminMeRequest, context: Any
    ) -> pb.GetAdminMeResponse:
        """Tell the admin who they are."""
        person = await self._sign_ins.me(current_user().id)
        return pb.GetAdminMeResponse(admin=staff_messages.admin(person))


class OwnAdminAccess:
    """The kit's lookup of staff inside the auth service: no network between."""

    def __init__(self, sign_ins: AdminSignIns) -> None:
        self._sign_ins = sign_ins

    async def access(self, user_id: str, session_id: str) -> Access:
        """Return what a session may do; raise DependencyDown when it cannot be known."""
        standing = await self._sign_ins.standing(user_id, session_id)
        if standing is None:
            return Access(session_alive=False)
        return Access(
            session_alive=True,
            role=standing.admin.role.value,
            factor_enrolled=True,
            factor_at=standing.factor_at,
        )
