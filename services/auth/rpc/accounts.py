"""AccountService."""

from __future__ import annotations

from typing import Any

from weneeds.auth.v1 import account_service_pb2 as pb
from weneeds.auth.v1.account_service_pb2_grpc import AccountServiceServicer

from services.auth.app.accounts import Accounts, Registration
from services.auth.app.departures import Departures
from services.auth.app.password_changes import PasswordChanges
from services.auth.app.profiles import CHANGEABLE, Profiles
from services.auth.rpc import messages
from services.kit.audit import note_change
from services.kit.call import current_user, prepared
from services.kit.errors import InvalidFields


class AccountRpc(AccountServiceServicer):
    """Accounts of candidates and recruiters."""

    def __init__(
        self,
        accounts: Accounts,
        profiles: Profiles,
        passwords: PasswordChanges,
        departures: Departures,
    ) -> None:
        self._accounts = accounts
        self._profiles = profiles
        self._passwords = passwords
        self._departures = departures

    async def Register(self, request: pb.RegisterRequest, context: Any) -> pb.RegisterResponse:
        """Register a person."""
        account = await self._accounts.register(_registration(request), prepared() or "")
        return pb.RegisterResponse(user=messages.user(account))

    async def prepare_register(self, request: pb.RegisterRequest) -> str:
        """Hash the password before the unit of work of the request_id opens."""
        return await self._accounts.secure(_registration(request))

    async def GetMe(self, request: pb.GetMeRequest, context: Any) -> pb.GetMeResponse:
        """Tell the caller who they are."""
        member = await self._accounts.me(current_user().id)
        return pb.GetMeResponse(
            user=messages.user(member.user),
            memberships=[messages.membership(held) for held in member.memberships],
        )

    async def UpdateMe(self, request: pb.UpdateMeRequest, context: Any) -> pb.UpdateMeResponse:
        """Change the caller's account."""
        for path in request.update_mask.paths:
            if path not in CHANGEABLE:
                raise InvalidFields([("update_mask", f"{path!r} cannot be changed")])
        changes = {path: getattr(request.user, path) for path in request.update_mask.paths}
        user = await self._profiles.update(current_user().id, changes, request.current_password)
        return pb.UpdateMeResponse(user=messages.user(user))

    async def RequestEmailVerification(
        self, request: pb.RequestEmailVerificationRequest, context: Any
    ) -> pb.RequestEmailVerificationResponse:
        """Send the mail that verifies the caller's e-mail once more."""
        await self._profiles.request_verification(current_user().id)
        return pb.RequestEmailVerificationResponse()

    async def VerifyEmail(
        self, request: pb.VerifyEmailRequest, context: Any
    ) -> pb.VerifyEmailResponse:
        """Verify an e-mail by the code of its mail."""
        await self._profiles.verify(request.code)
        return pb.VerifyEmailResponse()

    async def RequestPasswordReset(
        self, request: pb.RequestPasswordResetRequest, context: Any
    ) -> pb.RequestPasswordResetResponse:
        """Send a mail with a code that sets a new password."""
        await self._passwords.request_reset(request.email)
        return pb.RequestPasswordResetResponse()

    async def ResetPassword(
        self, request: pb.ResetPasswordRequest, context: Any
    ) -> pb.ResetPasswordResponse:
        """Set a new password by the code of the mail, and end all sessions."""
        user_id = await self._passwords.reset(request.code, request.new_password)
        note_change(resource_type="user", resource_id=user_id)
        return pb.ResetPasswordResponse()

    async def ChangePassword(
        self, request: pb.ChangePasswordRequest, context: Any
    ) -> pb.ChangePasswordResponse:
        """Change the caller's password and end all other sessions."""
        caller = current_user()
        await self._passwords.change(
            caller.id, caller.session_id, request.current_password, request.new_password
        )
        return pb.ChangePasswordResponse()

    async def ExportMyData(
        self, request: pb.ExportMyDataRequest, context: Any
    ) -> pb.ExportMyDataResponse:
        """Read all that this service knows of the caller."""
        return pb.ExportMyDataResponse(document=await self._departures.export(current_user().id))

    async def DeleteMe(self, request: pb.DeleteMeRequest, context: Any) -> pb.DeleteMeResponse:
        """Delete the caller's account."""
        await self._departures.delete(current_user().id, request.password)
        return pb.DeleteMeResponse()


def _registration(request: pb.RegisterRequest) -> Registration:
    return Registration(
        email=request.email,
        password=request.password,
        first_name=request.first_name,
        last_name=request.last_name,
        role=messages.USER_ROLE_OF[request.role],
        locale=request.locale,
    )
