"""Wiring of the sign-in through identity providers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from weneeds.auth.v1 import provider_service_pb2

from services.auth.app.providers import Providers
from services.auth.app.reauthentication import Reauthentication
from services.auth.app.sessions import SignIns
from services.auth.app.sign_in_log import SignInLog
from services.auth.app.stores import UserStore
from services.auth.ports.oidc import OidcProviders
from services.auth.ports.provider_http import ProviderHttp
from services.auth.ports.provider_states import ValkeyAttempts
from services.auth.rpc.cookies import BrowserCookies
from services.auth.rpc.providers import ProviderRpc
from services.auth.settings import AuthSettings
from services.auth.store.identities import PostgresIdentities
from services.kit.service import Endpoint, Resources

_PROVIDER = provider_service_pb2.DESCRIPTOR.services_by_name["ProviderService"]


@dataclass(frozen=True)
class ProviderParts:
    """What the service's wiring takes over."""

    endpoints: Sequence[Endpoint]
    close: Callable[[], Awaitable[None]]


def wire_providers(
    kit: Resources[AuthSettings],
    *,
    users: UserStore,
    sign_ins: SignIns,
    log: SignInLog,
    reauthentication: Reauthentication,
    cookies: BrowserCookies,
) -> ProviderParts:
    """Put the rooms together. Raises ValueError and OSError for a wrong configuration."""
    settings = kit.settings
    http = ProviderHttp(plain=settings.environment != "production")
    oidc = OidcProviders(settings.providers, http, kit.clock)
    providers = Providers(
        work=kit.work,
        reader=kit.reader,
        users=users,
        identities=PostgresIdentities(),
        attempts=ValkeyAttempts(kit.redis),
        providers=oidc,
        redirects=settings.provider_redirects,
        sign_ins=sign_ins,
        log=log,
        clock=kit.clock,
        ids=kit.ids,
    )
    rpc = ProviderRpc(providers, reauthentication, cookies)
    return ProviderParts([Endpoint(_PROVIDER, rpc)], oidc.close)
