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

ACCESS = "wToken"
REFRESH = "wRefresh"
_ACCESS_RULES = "Path=/; HttpOnly; SameSite=Lax"
# Sent where tokens are traded and nowhere else.
_REFRESH_RULES = "Path=/api/v1/auth; HttpOnly; SameSite=Strict"


class BrowserCookies:
    """Puts tokens into cookies and takes them out again. `secure`: over HTTPS only."""

    def __init__(self, clock: Clock, *, secure: bool) -> None:
        self._clock = clock
        self._secure = "; Secure" if secure else ""

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
                REFRESH, tokens.refresh_token, self._seconds(refresh_until), _REFRESH_RULES
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
            self._cookie(REFRESH, "", 0, _REFRESH_RULES),
        )

    def refresh_token(self, context: Any) -> str:
        """Return the refresh token of a browser's cookie; empty when there is none."""
        if not _is_browser(context):
            return ""
        for header in _sent(context, "cookie"):
            for pair in header.split(";"):
                name, _, value = pair.strip().partition("=")
                if name == REFRESH:
                    return value
        return ""

    def _cookie(self, name: str, value: str, seconds: int, rules: str) -> str:
        return f"{name}={value}; Max-Age={seconds}; {rules}{self._secure}"

    def _seconds(self, until: datetime) -> int:
        return max(0, int((until - self._clock.now()).total_seconds()))

    async def _send(self, context: Any, *cookies: str) -> None:
        await context.send_initial_metadata([("set-cookie", cookie) for cookie in cookies])


def _is_browser(context: Any) -> bool:
    return "browser" in _sent(context, "x-weneeds-client")


def _sent(context: Any, name: str) -> list[str]:
    return [str(value) for key, value in context.invocation_metadata() or () if key == name]
