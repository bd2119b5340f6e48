"""Policy: may this caller do this to that? Decided on the decoded message.

The order of refusals is fixed: user role first, then the resource.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from weneeds.options.v1.policy_pb2 import SCOPE_KIND_COMPANY, SCOPE_KIND_USER, Scope
from weneeds.options.v1.role_pb2 import UserRole

from services.kit.access import AccessCache
from services.kit.call import Call
from services.kit.chain import Guard
from services.kit.contract import Method, field_reader
from services.kit.errors import RoleRequired, ScopeDenied
from services.kit.ids import is_uuid


@dataclass(frozen=True, slots=True)
class Ownership:
    """To whom a resource belongs. Either may be empty."""

    company_id: str = ""
    user_id: str = ""


# Tells to whom the resource with an id belongs; None when there is none.
ScopeResolver = Callable[[str], Awaitable[Ownership | None]]
# Decides a rule that the policy option cannot express; raises Refused.
PolicyFunction = Callable[[Call, Any], Awaitable[None]]


async def _company(company_id: str) -> Ownership | None:
    return Ownership(company_id=company_id)


async def _user(user_id: str) -> Ownership | None:
    return Ownership(user_id=user_id)


BUILT_IN: Mapping[int, ScopeResolver] = {SCOPE_KIND_COMPANY: _company, SCOPE_KIND_USER: _user}


def policy(
    method: Method,
    scopes: Mapping[int, ScopeResolver],
    rules: Mapping[str, PolicyFunction],
    cache: AccessCache,
) -> list[Guard]:
    """Return the guards that enforce the method's policy."""
    wanted = method.policy
    guards: list[Guard] = []
    if wanted.roles:
        guards.append(_roles(wanted.roles))
    if wanted.HasField("scope"):
        guards.append(_scope(method, wanted.scope, {**BUILT_IN, **scopes}, cache))
    if wanted.rule:
        guards.append(rules[wanted.rule])
    return guards


def _roles(numbers: Any) -> Guard:
    names = frozenset(UserRole.Name(number).removeprefix("USER_ROLE_") for number in numbers)

    async def roles(call: Call, message: Any) -> None:
        if call.user is None or call.user.role not in names:
            raise RoleRequired(roles=", ".join(sorted(names)))

    return roles


def _scope(
    method: Method, scope: Scope, scopes: Mapping[int, ScopeResolver], cache: AccessCache
) -> Guard:
    read = field_reader(method.request.DESCRIPTOR, scope.field, method.path)
    resolve = scopes[scope.kind]
    passing = frozenset(scope.company_roles)

    async def guard(call: Call, message: Any) -> None:
        resource_id = read(message)
        call.notes["resource_id"] = resource_id
        owner = await resolve(resource_id) if is_uuid(resource_id) else None
        if owner is None or call.user is None:
            raise ScopeDenied
        call.company_id = owner.company_id
        if scope.owner and owner.user_id == call.user.id:
            return
        if not await cache.has_role(call.user, owner.company_id, passing):
            raise ScopeDenied

    return guard
