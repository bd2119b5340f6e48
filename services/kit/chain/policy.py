"""Policy: may this caller do this to that? Decided on the decoded message.

The order of refusals is fixed: role first, then the resource, then the second
factor: nobody is asked for one who may not pass with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from weneeds.options.v1.policy_pb2 import (
    SCOPE_KIND_COMPANY,
    SCOPE_KIND_USER,
    STEP_UP_WHEN_ENROLLED,
    Scope,
    ScopeKind,
)
from weneeds.options.v1.role_pb2 import ADMIN_ROLE_SUPER_ADMIN, AdminRole, UserRole

from services.kit.access import Access, AccessCache
from services.kit.call import Call, User
from services.kit.chain import Guard
from services.kit.clock import Clock
from services.kit.contract import Method, field_reader
from services.kit.errors import (
    RoleRequired,
    ScopeDenied,
    StepUpRequired,
    SuperAdminRequired,
    TokenMissing,
)
from services.kit.ids import is_uuid

# How long a proof of the second factor counts as fresh.
STEP_UP_FRESH = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Ownership:
    """To whom a resource belongs. Either may be empty."""

    company_id: str = ""
    user_id: str = ""


# Tells to whom the resource with an id belongs; None when there is none.
ScopeResolver = Callable[[str], Awaitable[Ownership | None]]
# Decides a rule that the policy option cannot express; raises Refused.
PolicyFunction = Callable[[Call, Any], Awaitable[None]]


def _company(company_id: str) -> Ownership:
    return Ownership(company_id=company_id)


def _user(user_id: str) -> Ownership:
    return Ownership(user_id=user_id)


# Kinds whose id says by itself to whom the resource belongs.
BUILT_IN: Mapping[int, Callable[[str], Ownership]] = {
    SCOPE_KIND_COMPANY: _company,
    SCOPE_KIND_USER: _user,
}


def policy(
    method: Method,
    scopes: Mapping[int, ScopeResolver],
    rules: Mapping[str, PolicyFunction],
    cache: AccessCache,
    clock: Clock,
) -> list[Guard]:
    """Return the guards that enforce the method's policy.

    `cache` tells of the kind of callers that the method admits: users or staff.
    """
    wanted = method.policy
    guards: list[Guard] = []
    if wanted.roles:
        guards.append(_roles(wanted.roles))
    if wanted.admin_roles:
        guards.append(_admin_roles(wanted.admin_roles))
    if wanted.HasField("scope"):
        guards.append(_scope(method, wanted.scope, scopes, cache))
    if wanted.rule:
        guards.append(rules[wanted.rule])
    if wanted.step_up:
        always = wanted.step_up != STEP_UP_WHEN_ENROLLED
        guards.append(fresh_factor(cache, clock, always=always))
    return guards


def _roles(numbers: Any) -> Guard:
    names = frozenset(UserRole.Name(number).removeprefix("USER_ROLE_") for number in numbers)

    def roles(call: Call, message: Any) -> None:
        if call.user is None or call.user.role not in names:
            raise RoleRequired(roles=", ".join(sorted(names)))

    return roles


def _admin_roles(numbers: Any) -> Guard:
    names = frozenset(AdminRole.Name(number).removeprefix("ADMIN_ROLE_") for number in numbers)
    super_only = set(numbers) == {ADMIN_ROLE_SUPER_ADMIN}

    def admin_roles(call: Call, message: Any) -> None:
        if call.user is not None and call.user.role in names:
            return
        if super_only:
            raise SuperAdminRequired
        raise RoleRequired(roles=", ".join(sorted(names)))

    return admin_roles


def fresh_factor(cache: AccessCache, clock: Clock, *, always: bool) -> Guard:
    """Return the guard that wants a second factor proved a moment ago.

    Accounts without one pass unless `always`. For the rules of services that want
    it of some requests only.
    """

    def passes(state: Access) -> bool:
        if not state.factor_enrolled:
            return not always
        proved = state.factor_at
        return proved is not None and clock.now() - proved <= STEP_UP_FRESH

    async def ask(user: User) -> None:
        # A factor proved a moment ago counts at once.
        if not passes(await cache.reload(user.id, user.session_id)):
            raise StepUpRequired

    def step_up(call: Call, message: Any) -> Awaitable[None] | None:
        user = call.user
        if user is None:
            raise TokenMissing
        state = cache.fresh(user.session_id)
        return None if state is not None and passes(state) else ask(user)

    return step_up


def _scope(
    method: Method, scope: Scope, scopes: Mapping[int, ScopeResolver], cache: AccessCache
) -> Guard:
    read = field_reader(method.request.DESCRIPTOR, scope.field, method.path)
    own, find = BUILT_IN.get(scope.kind), scopes.get(scope.kind)
    passing = frozenset(scope.company_roles)
    kind = ScopeKind.Name(scope.kind).removeprefix("SCOPE_KIND_").lower()

    def decide(call: Call, owner: Ownership | None) -> Awaitable[None] | None:
        if owner is None or call.user is None:
            raise ScopeDenied
        call.company_id = owner.company_id
        if scope.owner and owner.user_id == call.user.id:
            return None
        state = cache.fresh(call.user.session_id)
        if state is not None and state.has_role(owner.company_id, passing):
            return None
        return ask(call.user, owner.company_id)

    async def ask(user: User, company_id: str) -> None:
        if not await cache.has_role(user, company_id, passing):
            raise ScopeDenied

    async def look_up(call: Call, owner: Awaitable[Ownership | None]) -> None:
        pending = decide(call, await owner)
        if pending is not None:
            await pending

    def guard(call: Call, message: Any) -> Awaitable[None] | None:
        resource_id = read(message)
        call.notes["resource_type"] = kind
        if not is_uuid(resource_id):
            raise ScopeDenied
        call.notes["resource_id"] = resource_id
        if own is not None:
            return decide(call, own(resource_id))
        if find is None:
            raise ScopeDenied
        return look_up(call, find(resource_id))

    return guard
