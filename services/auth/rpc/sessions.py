"""SessionService."""

from __future__ import annotations

from typing import Any

from weneeds.auth.v1 import session_service_pb2 as pb
from weneeds.auth.v1.session_service_pb2_grpc import SessionServiceServicer

from services.auth.app.challenges import Challenged
from services.auth.app.devices import Devices
from services.auth.app.sessions import SignIns
from services.auth.app.step_up import StepUps
from services.auth.domain.sessions import RefreshTokenInvalid
from services.auth.rpc import factor_messages, messages
from services.auth.rpc.cookies import BrowserCookies
from services.kit.call import current_device, current_user
from services.kit.paging import Page


class SessionRpc(SessionServiceServicer):
    """Sessions: a refresh token that lives for weeks and short access tokens."""

    def __init__(
        self, sign_ins: SignIns, step_ups: StepUps, devices: Devices, cookies: BrowserCookies
    ) -> None:
        self._sign_ins = sign_ins
        self._step_ups = step_ups
        self._devices = devices
        self._cookies = cookies

    async def SignIn(self, request: pb.SignInRequest, context: Any) -> pb.SignInResponse:
        """Open a session by e-mail and password, or ask for the second factor."""
        answer = await self._sign_ins.sign_in(request.email, request.password, current_device())
        if isinstance(answer, Challenged):
            return pb.SignInResponse(challenge=factor_messages.challenge(answer))
        tokens = messages.tokens(answer.tokens)
        await self._cookies.keep(context, tokens)
        return pb.SignInResponse(tokens=tokens, user=messages.user(answer.user))

    async def CompleteSignIn(
        self, request: pb.CompleteSignInRequest, context: Any
    ) -> pb.CompleteSignInResponse:
        """Open the session that a second factor stood before."""
        proof = factor_messages.proof(request.proof)
        opened = await self._sign_ins.complete(request.challenge, proof, current_device())
        tokens = messages.tokens(opened.tokens)
        await self._cookies.keep(context, tokens)
        return pb.CompleteSignInResponse(tokens=tokens, user=messages.user(opened.user))

    async def BeginStepUp(
        self, request: pb.BeginStepUpRequest, context: Any
    ) -> pb.BeginStepUpResponse:
        """Tell what the caller can prove a second factor with, and ask a passkey for it."""
        caller = current_user()
        asked = await self._step_ups.begin(caller.id, caller.session_id)
        return pb.BeginStepUpResponse(
            kinds=factor_messages.kinds(asked.kinds), passkey_options=asked.passkey_options
        )

    async def StepUp(self, request: pb.StepUpRequest, context: Any) -> pb.StepUpResponse:
        """Prove the second factor again in the caller's session."""
        caller = current_user()
        proof = factor_messages.proof(request.proof)
        until = await self._step_ups.prove(caller.id, caller.session_id, proof)
        tokens = messages.tokens(await self._sign_ins.renew(caller.id, caller.session_id))
        await self._cookies.keep(context, tokens)
        return pb.StepUpResponse(fresh_until=messages.timestamp(until), tokens=tokens)

    async def Refresh(self, request: pb.RefreshRequest, context: Any) -> pb.RefreshResponse:
        """Trade a refresh token for new tokens."""
        token = request.refresh_token or self._cookies.refresh_token(context)
        try:
            kept = await self._sign_ins.refresh(token)
        except RefreshTokenInvalid:
            await self._cookies.forget(context)
            raise
        tokens = messages.tokens(kept)
        await self._cookies.keep(context, tokens)
        return pb.RefreshResponse(tokens=tokens)

    async def SignOut(self, request: pb.SignOutRequest, context: Any) -> pb.SignOutResponse:
        """End the caller's session."""
        caller = current_user()
        await self._sign_ins.sign_out(caller.id, caller.session_id)
        await self._cookies.forget(context)
        return pb.SignOutResponse()

    async def ListSessions(
        self, request: pb.ListSessionsRequest, context: Any
    ) -> pb.ListSessionsResponse:
        """List the caller's open sessions, newest first."""
        caller = current_user()
        found = await self._devices.list_open(caller.id, Page.of(request, keys=(int, str)))
        return pb.ListSessionsResponse(
            sessions=[messages.session(one, caller.session_id) for one in found.sessions],
            next_page_token=found.next_token,
            total_size=found.total,
        )

    async def EndSession(
        self, request: pb.EndSessionRequest, context: Any
    ) -> pb.EndSessionResponse:
        """End one of the caller's sessions."""
        await self._devices.end(current_user().id, request.session_id)
        return pb.EndSessionResponse()

    async def EndAllSessions(
        self, request: pb.EndAllSessionsRequest, context: Any
    ) -> pb.EndAllSessionsResponse:
        """End all of the caller's sessions, this one too."""
        await self._devices.end_all(current_user().id)
        await self._cookies.forget(context)
        return pb.EndAllSessionsResponse()
