"""ProviderService."""

from __future__ import annotations

from typing import Any

from weneeds.auth.v1 import provider_service_pb2 as pb
from weneeds.auth.v1.provider_service_pb2_grpc import ProviderServiceServicer

from services.auth.app.challenges import Challenged
from services.auth.app.providers import Providers
from services.auth.app.reauthentication import Reauthentication
from services.auth.domain.providers import Identity
from services.auth.rpc import factor_messages, messages
from services.auth.rpc.cookies import BrowserCookies
from services.kit.call import current_call, current_device, current_user
from services.kit.paging import Page


class ProviderRpc(ProviderServiceServicer):
    """Sign-in through identity providers."""

    def __init__(
        self, providers: Providers, reauthentication: Reauthentication, cookies: BrowserCookies
    ) -> None:
        self._providers = providers
        self._reauthentication = reauthentication
        self._cookies = cookies

    async def ListProviders(
        self, request: pb.ListProvidersRequest, context: Any
    ) -> pb.ListProvidersResponse:
        """List the providers that are configured."""
        page = Page.of(request, keys=(int,))
        names = self._providers.names
        begin = page.after[0] if page.after else 0
        rows = names[begin : begin + page.fetch]
        return pb.ListProvidersResponse(
            providers=[pb.Provider(name=each.name, title=each.title) for each in rows[: page.size]],
            next_page_token=page.next_token(rows, [begin + page.size]),
            total_size=len(names),
        )

    async def BeginProviderSignIn(
        self, request: pb.BeginProviderSignInRequest, context: Any
    ) -> pb.BeginProviderSignInResponse:
        """Begin a sign-in."""
        role = messages.USER_ROLE_OF[request.role]
        begun = await self._providers.begin_sign_in(
            request.provider, request.redirect_uri, role, self._cookies.binding(context)
        )
        return pb.BeginProviderSignInResponse(
            authorization_url=begun.authorization_url,
            state=begun.state,
            binding=await self._cookies.bind(context, begun.binding),
        )

    async def BeginProviderLink(
        self, request: pb.BeginProviderLinkRequest, context: Any
    ) -> pb.BeginProviderLinkResponse:
        """Begin to link a provider's account to the caller's."""
        caller = current_user()
        await self._reauthentication.require(caller.id, caller.session_id, request.current_password)
        begun = await self._providers.begin_link(request.provider, request.redirect_uri, caller.id)
        return pb.BeginProviderLinkResponse(
            authorization_url=begun.authorization_url, state=begun.state
        )

    async def FinishProviderLink(
        self, request: pb.FinishProviderLinkRequest, context: Any
    ) -> pb.FinishProviderLinkResponse:
        """Finish a link that the caller began."""
        linked = await self._providers.finish_link(
            request.state, request.code, current_user().id, request.iss
        )
        return pb.FinishProviderLinkResponse(identity=_identity(linked))

    async def FinishProvider(
        self, request: pb.FinishProviderRequest, context: Any
    ) -> pb.FinishProviderResponse:
        """Finish a sign-in with the provider's answer."""
        call = current_call()
        locale = call.locale if call is not None else ""
        done = await self._providers.finish(
            request.state,
            request.code,
            locale,
            current_device(),
            binding=self._cookies.binding(context) or request.binding,
            iss=request.iss,
        )
        if isinstance(done, Challenged):
            return pb.FinishProviderResponse(challenge=factor_messages.challenge(done))
        tokens = messages.tokens(done.tokens)
        await self._cookies.keep(context, tokens)
        return pb.FinishProviderResponse(tokens=tokens, user=messages.user(done.user))

    async def GetIdentities(
        self, request: pb.GetIdentitiesRequest, context: Any
    ) -> pb.GetIdentitiesResponse:
        """List the caller's linked identities, oldest first."""
        held = await self._providers.identities(current_user().id)
        return pb.GetIdentitiesResponse(identities=[_identity(each) for each in held])

    async def UnlinkIdentity(
        self, request: pb.UnlinkIdentityRequest, context: Any
    ) -> pb.UnlinkIdentityResponse:
        """Unlink an identity."""
        await self._providers.unlink(current_user().id, request.identity_id)
        return pb.UnlinkIdentityResponse()


def _identity(held: Identity) -> pb.Identity:
    return pb.Identity(
        id=held.id,
        provider=held.provider,
        email=held.email,
        linked_at=messages.timestamp(held.linked_at),
    )
