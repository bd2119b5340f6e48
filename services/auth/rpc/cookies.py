"""A browser's tokens, in cookies that no script of a page can read.

A caller in browser mode (`x-weneeds-client: browser`) gets them as `set-cookie`
and not in the answer. The gateway turns the access token's cookie back into a
bearer token, and lets changes by cookie through for known pages alone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from weneeds.auth.v1.session_service_pb2 import Tokens

from services.kit.clock import Clock

# The access token's name is the platform's word and stays as it is.
ACCESS = "wToken"
REFRESH = "wRefresh"
BINDING = "wBinding"
# Browsers take a cookie of such a name from this very host over HTTPS, and for the whole of it.
_HOST = "__Host-"
_ACCESS_RULES = "Path=/; HttpOnly; SameSite=Lax"
# Not sent when another site leads here. The gateway hands them to auth and to nobody else.
_OWN_RULES = "Path=/; HttpOnly; SameSite=Strict"
_BINDING_SECONDS = 600


class BrowserCookies:
    """Puts tokens into cookies and takes them out again. `secure`: over HTTPS only."""

    def __init__(self, clock: Clock, *, secure: bool) -> None:
        self._clock = clock
        self._secure = "; Secure" if secure else ""
        prefix = _HOST if secure else ""
        self._refresh = prefix + REFRESH
        self._binding = prefix + BINDING

    async def keep(self, context: Any, tokens: Tokens) -> None:
        """For a browser, move the tokens out of the answer into cookies; the times stay."""
        if not _is_browser(context):
            return
        access_until = tokens.access_expires_at.ToDatetime(UTC)
        refresh_until = tokens.refresh_expires_at.ToDatetime(UTC)
        await self._send(
            context,
            self._cookie(ACCESS, tokens.access_token, self._seconds(access_until), _ACCESS_RULES),
            self._cookie(
                self._refresh, tokens.refresh_token, self._seconds(refresh_until), _OWN_RULES
            ),
        )
        tokens.ClearField("access_token")
        tokens.ClearField("refresh_token")

    async def forget(self, context: Any) -> None:
        """For a browser, remove both cookies."""
        if not _is_browser(context):
            return
        await self._send(
            context,
            self._cookie(ACCESS, "", 0, _ACCESS_RULES),
            self._cookie(self._refresh, "", 0, _OWN_RULES),
        )

    def refresh_token(self, context: Any) -> str:
        """Return the refresh token of a browser's cookie; empty when there is none."""
        return _cookie_of(context, self._refresh)

    async def bind(self, context: Any, binding: str) -> str:
        """For a browser, keep what binds a sign-in in a cookie; return what the answer holds."""
        if not _is_browser(context):
            return binding
        await self._send(
            context, self._cookie(self._binding, binding, _BINDING_SECONDS, _OWN_RULES)
        )
        return ""

    def binding(self, context: Any) -> str:
        """Return what binds the sign-ins of a browser; empty when there is nothing."""
        return _cookie_of(context, self._binding)

    def _cookie(self, name: str, value: str, seconds: int, rules: str) -> str:
        return f"{name}={value}; Max-Age={seconds}; {rules}{self._secure}"

    def _seconds(self, until: datetime) -> int:
        return max(0, int((until - self._clock.now()).total_seconds()))

    async def _send(self, context: Any, *cookies: str) -> None:
        await context.send_initial_metadata([("set-cookie", cookie) for cookie in cookies])


def _is_browser(context: Any) -> bool:
    return "browser" in _sent(context, "x-weneeds-client")


def _cookie_of(context: Any, wanted: str) -> str:
    if not _is_browser(context):
        return ""
    for header in _sent(context, "cookie"):
        for pair in header.split(";"):
            name, _, value = pair.strip().partition("=")
            if name == wanted:
                return value
    return ""


def _sent(context: Any, name: str) -> list[str]:
    return [str(value) for key, value in context.invocation_metadata() or () if key == name]
