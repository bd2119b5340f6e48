"""Identity: whose call is it? Verifies the token and looks at the session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from services.kit.access import Access as State
from services.kit.access import AccessCache
from services.kit.call import Call, User
from services.kit.chain import Guard
from services.kit.contract import Access, Method
from services.kit.errors import AccountBanned, CallerDenied, SessionEnded, TokenMissing
from services.kit.tokens import Verifiers

GATEWAY = "gateway"


def identity(
    method: Method, verifiers: Verifiers, users: AccessCache, admins: AccessCache
) -> Guard | None:
    """Return the guard that establishes the caller, or None for public methods."""
    access = method.policy.access
    if access == Access.ACCESS_INTERNAL:
        return _internal(frozenset(method.policy.callers))
    if access == Access.ACCESS_PUBLIC:
        return None
    if access == Access.ACCESS_ADMIN:
        return _admin(verifiers, admins)
    return _signed_in(verifiers, users)


def _signed_in(verifiers: Verifiers, cache: AccessCache) -> Guard:
    def admit(call: Call, user: User, state: State) -> None:
        # A ban ends the sessions too; who is banned shall learn that.
        if state.banned:
            raise AccountBanned
        if not state.session_alive:
            raise SessionEnded
        call.user = user

    return _known(verifiers.user, cache, admit)


def _admin(verifiers: Verifiers, cache: AccessCache) -> Guard:
    def admit(call: Call, user: User, state: State) -> None:
        if not state.session_alive:
            raise SessionEnded
        # The role of this moment, not that of the moment the token was made.
        call.user = replace(user, role=state.role)

    return _known(verifiers.admin, cache, admit)


def _known(
    verify: Callable[[str], User],
    cache: AccessCache,
    admit: Callable[[Call, User, State], None],
) -> Guard:
    async def ask(call: Call, user: User) -> None:
        admit(call, user, await cache.get(user.id, user.session_id))

    def guard(call: Call, message: Any) -> Awaitable[None] | None:
        if not call.token:
            raise TokenMissing
        user = verify(call.token)
        state = cache.fresh(user.session_id)
        if state is None:
            return ask(call, user)
        admit(call, user, state)
        return None

    return guard


def _internal(callers: frozenset[str]) -> Guard:
    def internal(call: Call, message: Any) -> None:
        if call.peer not in callers:
            raise CallerDenied(caller=call.peer or "unknown")

    return internal
