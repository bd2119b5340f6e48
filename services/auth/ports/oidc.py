"""OpenID Connect with identity providers: discovery, authorization code, id_token, userinfo."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from services.auth.app.provider_ports import ProviderAttempt, ProviderName
from services.auth.domain.id_tokens import (
    Expected,
    believed,
    check_access_token_hash,
    check_answering_issuer,
    check_id_token,
)
from services.auth.domain.providers import (
    Profile,
    ProviderAnswerInvalid,
    ProviderUnknown,
    challenge_of,
    profile_of,
)
from services.auth.ports.id_tokens import Key, KeyUnknown, keys_of, verified_claims
from services.auth.ports.provider_config import ProviderConfig
from services.auth.ports.provider_http import ProviderHttp, Unreachable
from services.kit.clock import Clock

T = TypeVar("T")
KEPT_SECONDS = 600.0
# After a failure nobody asks again for this long; after an unknown key not sooner either.
PAUSE_SECONDS = 5.0
# Of a whole exchange: a code, perhaps keys, perhaps userinfo.
EXCHANGE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a provider listens, and with what it signs."""

    authorization: str
    token: str
    jwks: str
    # Empty: there is none.
    userinfo: str
    algorithms: Sequence[str]
    # Whether its answers name it (RFC 9207).
    names_itself: bool = False


class Kept(Generic[T]):
    """Something fetched: kept ten minutes, fetched once for all who wait, and not while it fails.

    `load` raises Unreachable.
    """

    def __init__(self, load: Callable[[], Awaitable[T]], now: Callable[[], float]) -> None:
        self._load = load
        self._now = now
        self._lock = asyncio.Lock()
        self._value: T | None = None
        self._loaded_at = 0.0
        self._paused_until = 0.0

    async def get(self) -> T:
        """Return the value. Raises Unreachable."""
        return await self._get(KEPT_SECONDS)

    async def newer(self) -> T:
        """Return a value that is at most PAUSE_SECONDS old. Raises Unreachable."""
        return await self._get(PAUSE_SECONDS)

    async def _get(self, age: float) -> T:
        async with self._lock:
            now = self._now()
            if self._value is not None and now - self._loaded_at < age:
                return self._value
            if now < self._paused_until:
                raise Unreachable
            try:
                value = await self._load()
            except Unreachable:
                self._paused_until = self._now() + PAUSE_SECONDS
                raise
            self._value, self._loaded_at = value, self._now()
            return value


class OidcProvider:
    """One provider."""

    def __init__(
        self, config: ProviderConfig, http: ProviderHttp, clock: Clock, now: Callable[[], float]
    ) -> None:
        self._config = config
        self._http = http
        self._clock = clock
        self._secret = config.secret
        self._endpoints = Kept(self._find_endpoints, now)
        self._keys = Kept(self._find_keys, now)

    async def authorization_url(self, attempt: ProviderAttempt, state: str) -> str:
        """Return where the browser goes. Raises Unreachable."""
        endpoint = (await self._endpoints.get()).authorization
        query = {
            "response_type": "code",
            "client_id": self._config.client_id,
            "redirect_uri": attempt.redirect_uri,
            "scope": " ".join(self._config.scopes),
            "state": state,
        }
        if self._config.nonce:
            query["nonce"] = attempt.nonce
        if self._config.pkce:
            challenge = challenge_of(attempt.verifier)
            query |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        # France Travail names its realm in the query already.
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def profile(self, attempt: ProviderAttempt, code: str, iss: str) -> Profile:
        """Trade a code for a profile. Raises ProviderAnswerInvalid and Unreachable."""
        try:
            async with asyncio.timeout(EXCHANGE_SECONDS):
                return await self._profile(attempt, code, iss)
        except TimeoutError:
            raise Unreachable from None

    async def _profile(self, attempt: ProviderAttempt, code: str, iss: str) -> Profile:
        endpoints = await self._endpoints.get()
        # Before the code goes anywhere: it may be another provider's.
        check_answering_issuer(iss, self._config.expected_issuer, promised=endpoints.names_itself)
        answer = await self._trade(endpoints, attempt, code)
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str):
            raise ProviderAnswerInvalid
        claims, algorithm = await self._verified(id_token, endpoints.algorithms)
        expected = Expected(
            issuer=self._config.expected_issuer,
            client_id=self._config.client_id,
            nonce=attempt.nonce if self._config.nonce else None,
            now=self._clock.now().timestamp(),
        )
        subject = check_id_token(claims, expected)
        token = access_token if isinstance(access_token, str) else ""
        check_access_token_hash(claims, token, algorithm)
        if self._config.claims.email not in claims and endpoints.userinfo and token:
            claims = {**claims, **await self._userinfo(endpoints.userinfo, token, subject)}
        return profile_of(subject, claims, self._config.claims)

    async def _trade(
        self, endpoints: Endpoints, attempt: ProviderAttempt, code: str
    ) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "client_id": self._config.client_id,
        }
        if self._config.pkce:
            form["code_verifier"] = attempt.verifier
        if not self._secret:
            return await self._http.post(endpoints.token, form)
        if self._config.client_authentication == "basic":
            basic = (self._config.client_id, self._secret)
            return await self._http.post(endpoints.token, form, basic)
        return await self._http.post(endpoints.token, {**form, "client_secret": self._secret})

    async def _verified(self, token: str, algorithms: Sequence[str]) -> tuple[dict[str, Any], str]:
        try:
            return verified_claims(token, await self._keys.get(), algorithms)
        except KeyUnknown:
            pass
        try:
            return verified_claims(token, await self._keys.newer(), algorithms)
        except KeyUnknown:
            raise ProviderAnswerInvalid from None

    async def _userinfo(self, url: str, token: str, subject: str) -> dict[str, Any]:
        told = await self._http.get(url, token)
        # OIDC Core 5.3.2: else it may be somebody else's.
        if told.get("sub") != subject:
            raise ProviderAnswerInvalid
        return told

    async def _find_endpoints(self) -> Endpoints:
        config = self._config
        if not config.discovers:
            return Endpoints(
                authorization=config.authorization_endpoint,
                token=config.token_endpoint,
                jwks=config.jwks_uri,
                userinfo=config.userinfo_endpoint,
                algorithms=config.algorithms,
            )
        address = f"{config.issuer.rstrip('/')}/.well-known/openid-configuration"
        document = await self._http.get(address)
        if document.get("issuer") != config.expected_issuer:
            raise Unreachable
        algorithms = believed(document.get("id_token_signing_alg_values_supported"))
        return Endpoints(
            authorization=self._address(document, "authorization_endpoint"),
            token=self._address(document, "token_endpoint"),
            jwks=self._address(document, "jwks_uri"),
            userinfo=self._address(document, "userinfo_endpoint", optional=True),
            algorithms=[name for name in algorithms if name in config.algorithms],
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        )

    async def _find_keys(self) -> list[Key]:
        return keys_of(await self._http.get((await self._endpoints.get()).jwks))

    def _address(self, document: dict[str, Any], name: str, optional: bool = False) -> str:
        value = document.get(name)
        if value is None and optional:
            return ""
        if not isinstance(value, str) or not self._http.permits(value):
            raise Unreachable
        return value


class OidcProviders:
    """The configured providers. Raises ValueError for an address that must not be called."""

    def __init__(
        self,
        configs: Sequence[ProviderConfig],
        http: ProviderHttp,
        clock: Clock,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        for each in configs:
            _check_addresses(each, http)
        self._http = http
        self._providers = {each.name: OidcProvider(each, http, clock, now) for each in configs}
        if len(self._providers) < len(configs):
            raise ValueError("two providers have the same name")
        self.names = [ProviderName(each.name, each.title) for each in configs]

    async def authorization_url(self, attempt: ProviderAttempt, state: str) -> str:
        """Return where the browser goes. Raises ProviderUnknown and Unreachable."""
        return await self._provider(attempt).authorization_url(attempt, state)

    async def profile(self, attempt: ProviderAttempt, code: str, iss: str = "") -> Profile:
        """Trade a code for a profile.

        Raises ProviderAnswerInvalid, ProviderUnknown and Unreachable.
        """
        return await self._provider(attempt).profile(attempt, code, iss)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def _provider(self, attempt: ProviderAttempt) -> OidcProvider:
        provider = self._providers.get(attempt.provider)
        if provider is None:
            raise ProviderUnknown(field="provider", provider=attempt.provider)
        return provider


def _check_addresses(config: ProviderConfig, http: ProviderHttp) -> None:
    optional = (
        config.authorization_endpoint,
        config.token_endpoint,
        config.jwks_uri,
        config.userinfo_endpoint,
    )
    for address in (config.issuer, *filter(None, optional)):
        if not http.permits(address):
            raise ValueError(f"provider {config.name}: {address} is no https address")
