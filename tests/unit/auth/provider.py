"""An identity provider in the process of the tests: answers by path, and counts."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from services.auth.app.provider_ports import ProviderAttempt
from services.auth.ports.oidc import OidcProviders
from services.auth.ports.provider_config import ProviderConfig
from services.auth.ports.provider_http import ProviderHttp
from services.kit.clock import FakeClock

ISSUER = "https://id.example"
DISCOVERY = "/.well-known/openid-configuration"
NOW = datetime(2026, 5, 4, tzinfo=UTC)
ATTEMPT = ProviderAttempt("test", "https://site.example/in", "nonce", "v" * 43, None, "")
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
OKP = OKPKey.generate_key("Ed25519", {"kid": "okp"})
KEYS: dict[str, Any] = {"RS256": RSA, "ES256": EC, "EdDSA": OKP}
Handler = Callable[[httpx.Request], httpx.Response]


def reply(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    """A response as it comes over the wire: bytes as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=named, content=_chunks(raw))


async def _chunks(raw: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(raw), 10_000):
        yield raw[begin : begin + 10_000]


class FakeProvider:
    """A provider in this process: answers by path, and counts."""

    def __init__(self) -> None:
        self.seen: list[httpx.Request] = []
        self.keys: list[Any] = [RSA, EC, OKP]
        self.algorithms = ["RS256", "ES256", "EdDSA", "HS256", "none"]
        self.handlers: dict[str, Handler] = {
            DISCOVERY: lambda _: reply(self.discovery()),
            "/keys": lambda _: reply({"keys": [key.as_dict(private=False) for key in self.keys]}),
            "/token": lambda _: reply(self.tokens),
        }
        self.tokens: Any = {"id_token": signed(), "access_token": "access"}

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "id_token_signing_alg_values_supported": self.algorithms,
        }

    def answer(self, path: str, handler: Handler) -> None:
        self.handlers[path] = handler

    def asked(self, path: str) -> int:
        return sum(request.url.path == path for request in self.seen)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        return self.handlers[request.url.path](request)


def claims(**more: Any) -> dict[str, Any]:
    at = int(NOW.timestamp())
    bare = {"iss": ISSUER, "aud": "client", "sub": "s", "nonce": "nonce", "iat": at, "exp": at + 60}
    return {**bare, "email": "ada@example.test", "email_verified": True, **more}


def signed(algorithm: str = "RS256", key: Any = None, header: Any = None, **more: Any) -> str:
    chosen = key or KEYS[algorithm]
    head = {"alg": algorithm, "kid": chosen.kid} if header is None else header
    return jwt.encode(head, claims(**more), chosen, algorithms=[algorithm])


def config(**more: Any) -> ProviderConfig:
    given = {"name": "test", "title": "Test", "issuer": ISSUER, "client_id": "client"}
    return ProviderConfig(**{**given, "client_secret": "secret", **more})


class Seconds:
    """A monotonic clock that tests move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def providers(
    fake: FakeProvider, seconds: Callable[[], float] = time.monotonic, **more: Any
) -> OidcProviders:
    http = ProviderHttp(plain=False, transport=httpx.MockTransport(fake))
    return OidcProviders([config(**more)], http, FakeClock(NOW), seconds)
