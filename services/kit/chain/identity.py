"""Identity: whose call is it? Verifies the token and looks at the session."""

from __future__ import annotations

from typing import Any

from services.kit.access import AccessCache
from services.kit.call import Call
from services.kit.chain import Guard
from services.kit.contract import Access, Method
from services.kit.errors import AccountBanned, CallerDenied, SessionEnded, TokenMissing, TokenType
from services.kit.tokens import TokenVerifier

GATEWAY = "gateway"


def identity(method: Method, verifier: TokenVerifier, cache: AccessCache) -> Guard | None:
    """Return the guard that establishes the caller, or None for public methods."""
    access = method.policy.access
    if access == Access.ACCESS_INTERNAL:
        return _internal(frozenset(method.policy.callers))
    if access == Access.ACCESS_PUBLIC:
        return None
    if access == Access.ACCESS_ADMIN:
        return _admin

    async def signed_in(call: Call, message: Any) -> None:
        if not call.token:
            raise TokenMissing
        user = verifier.verify(call.token)
        state = await cache.get(user.id, user.session_id)
        if not state.session_alive:
            raise SessionEnded
        if state.banned:
            raise AccountBanned
        call.user = user

    return signed_in


def _internal(callers: frozenset[str]) -> Guard:
    async def internal(call: Call, message: Any) -> None:
        if call.peer not in callers:
            raise CallerDenied(caller=call.peer or "unknown")

    return internal


async def _admin(call: Call, message: Any) -> None:
    # Admin accounts have an issuer of their own; a user's token is never one.
    raise TokenType if call.token else TokenMissing
