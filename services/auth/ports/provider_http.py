"""Calls to identity providers: bounded in time and size, over TLS, to one host each."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from services.auth.domain.providers import ProviderAnswerInvalid
from services.kit.errors import DependencyDown

_LOG = logging.getLogger(__name__)

SECONDS = 5.0
BYTES = 256 * 1024
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_OK = 200
_CLIENT_ERRORS = range(400, 500)
# What RFC 6749 5.2 says of a code that is not good. The others tell of a
# misconfiguration; anything else is not repeated, not even in a log.
_GRANT = "invalid_grant"
_SETUP = ("invalid_client", "unauthorized_client", "invalid_request", "unsupported_grant_type")


class Unreachable(DependencyDown):
    """The provider does not answer, or not as a provider does."""

    def __init__(self) -> None:
        super().__init__(dependency="identity provider")


class ProviderHttp:
    """Fetches JSON objects from identity providers.

    Follows no redirects, takes no compressed answers, and heeds no proxy of the
    environment. `plain` admits http:// to this very machine.
    """

    def __init__(self, *, plain: bool, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._plain = plain
        self._client = httpx.AsyncClient(
            transport=transport,
            follow_redirects=False,
            trust_env=False,
            timeout=SECONDS,
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=5),
            headers={"accept": "application/json", "accept-encoding": "identity"},
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def permits(self, url: str) -> bool:
        """Tell whether `url` is one that may be called, or a browser be sent to."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return False
        if not host or parts.username is not None or parts.fragment or not url.isprintable():
            return False
        return parts.scheme == "https" or (
            self._plain and parts.scheme == "http" and host in _LOOPBACK
        )

    async def get(self, url: str, bearer: str = "") -> dict[str, Any]:
        """Return the JSON object at `url`. Raises Unreachable."""
        headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        status, body = await self._call("GET", url, headers=headers)
        if status != _OK:
            _LOG.warning("identity provider answers %d at %s", status, urlsplit(url).hostname)
            raise Unreachable
        return _object(body)

    async def post(
        self, url: str, form: Mapping[str, str], basic: tuple[str, str] | None = None
    ) -> dict[str, Any]:
        """Return the JSON object that answers a form.

        Raises ProviderAnswerInvalid when the grant is refused, Unreachable otherwise.
        """
        auth = httpx.BasicAuth(*basic) if basic else None
        status, body = await self._call("POST", url, data=dict(form), auth=auth)
        if status == _OK:
            return _object(body)
        error = _object(body).get("error") if status in _CLIENT_ERRORS else None
        if error == _GRANT:
            raise ProviderAnswerInvalid
        known = error if error in _SETUP else "an error"
        _LOG.error("identity provider answers %s (%d) to a code", known, status)
        raise Unreachable

    async def _call(self, method: str, url: str, **arguments: Any) -> tuple[int, bytes]:
        if not self.permits(url):
            _LOG.error("identity provider names an address that is not called")
            raise Unreachable
        async with _bounded(), self._client.stream(method, url, **arguments) as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise Unreachable
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > BYTES:
                    raise Unreachable
            return response.status_code, bytes(body)


@asynccontextmanager
async def _bounded() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(SECONDS):
            yield
    except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
        _LOG.warning("identity provider does not answer: %s", type(error).__name__)
        raise Unreachable from None


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreachable from None
    if not isinstance(value, dict):
        raise Unreachable
    return value
