"""FactorService."""

from __future__ import annotations

from typing import Any, TypeAlias

from weneeds.auth.v1 import factor_service_pb2 as pb
from weneeds.auth.v1.factor_service_pb2_grpc import FactorServiceServicer

from services.auth.app.devices import Devices
from services.auth.app.factors import SecondFactors
from services.auth.app.reauthentication import Reauthentication
from services.auth.rpc import factor_messages
from services.kit.call import current_user

_Guarded: TypeAlias = pb.BeginTotpRequest | pb.BeginPasskeyRequest
_Change: TypeAlias = (
    pb.ConfirmTotpRequest
    | pb.RemoveTotpRequest
    | pb.ReplaceRecoveryCodesRequest
    | pb.FinishPasskeyRequest
    | pb.RemovePasskeyRequest
)


class FactorRpc(FactorServiceServicer):
    """The caller's second factors."""

    def __init__(
        self, factors: SecondFactors, reauthentication: Reauthentication, devices: Devices
    ) -> None:
        self._factors = factors
        self._reauthentication = reauthentication
        self._devices = devices

    async def GetFactors(
        self, request: pb.GetFactorsRequest, context: Any
    ) -> pb.GetFactorsResponse:
        """Tell which factors the account has."""
        held = await self._factors.get(current_user().id)
        return pb.GetFactorsResponse(
            totp=held.totp,
            recovery_codes_left=held.recovery_codes_left,
            passkeys=[factor_messages.passkey(one) for one in held.passkeys],
        )

    async def BeginTotp(self, request: pb.BeginTotpRequest, context: Any) -> pb.BeginTotpResponse:
        """Begin to link an authenticator app."""
        await self._reauthenticate(request)
        begun = await self._factors.begin_totp(current_user().id)
        return pb.BeginTotpResponse(secret=begun.secret, uri=begun.uri)

    async def ConfirmTotp(
        self, request: pb.ConfirmTotpRequest, context: Any
    ) -> pb.ConfirmTotpResponse:
        """Confirm the app by its first code."""
        caller = current_user()
        codes = await self._factors.confirm_totp(caller.id, caller.session_id, request.code)
        await self._end_others(request)
        return pb.ConfirmTotpResponse(recovery_codes=codes)

    async def RemoveTotp(
        self, request: pb.RemoveTotpRequest, context: Any
    ) -> pb.RemoveTotpResponse:
        """Unlink the authenticator app."""
        await self._factors.remove_totp(current_user().id)
        await self._end_others(request)
        return pb.RemoveTotpResponse()

    async def ReplaceRecoveryCodes(
        self, request: pb.ReplaceRecoveryCodesRequest, context: Any
    ) -> pb.ReplaceRecoveryCodesResponse:
        """Replace all recovery codes."""
        codes = await self._factors.replace_codes(current_user().id)
        await self._end_others(request)
        return pb.ReplaceRecoveryCodesResponse(recovery_codes=codes)

    async def BeginPasskey(
        self, request: pb.BeginPasskeyRequest, context: Any
    ) -> pb.BeginPasskeyResponse:
        """Begin to add a passkey."""
        await self._reauthenticate(request)
        caller = current_user()
        options = await self._factors.begin_passkey(caller.id, caller.session_id)
        return pb.BeginPasskeyResponse(options=options)

    async def FinishPasskey(
        self, request: pb.FinishPasskeyRequest, context: Any
    ) -> pb.FinishPasskeyResponse:
        """Add the passkey that the browser made."""
        caller = current_user()
        added = await self._factors.finish_passkey(
            caller.id, caller.session_id, request.credential, request.name
        )
        await self._end_others(request)
        return pb.FinishPasskeyResponse(
            passkey=factor_messages.passkey(added.passkey), recovery_codes=added.recovery_codes
        )

    async def RemovePasskey(
        self, request: pb.RemovePasskeyRequest, context: Any
    ) -> pb.RemovePasskeyResponse:
        """Remove a passkey."""
        await self._factors.remove_passkey(current_user().id, request.passkey_id)
        await self._end_others(request)
        return pb.RemovePasskeyResponse()

    async def _reauthenticate(self, request: _Guarded) -> None:
        caller = current_user()
        password = request.current_password
        await self._reauthentication.require(caller.id, caller.session_id, password)

    async def _end_others(self, request: _Change) -> None:
        """End the other sessions if the caller wants it; a failure undoes the change."""
        if request.end_other_sessions:
            caller = current_user()
            await self._devices.end_all(caller.id, keep=caller.session_id)
