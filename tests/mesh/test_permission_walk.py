"""Every public RPC, over REST, gRPC-web and gRPC, by each kind of caller.

The outcome is the one that the method's policy says. What belongs to whom is
walked in test_permission_walk_scopes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import grpc
import protovalidate
import pytest
from google.protobuf.message import Message
from weneeds.options.v1 import policy_pb2
from weneeds.options.v1.role_pb2 import ADMIN_ROLE_ADMIN, USER_ROLE_RECRUITER

from services.kit.contract import Access, Method
from tests.mesh.doors import ROLES, Doors, Walkers
from tests.mesh.staffing import Admin
from tests.support import errors
from tests.support.contract import INTERNAL, PUBLIC, over_grpc, path_of, with_field
from tests.support.web import failed, over_web

pytestmark = pytest.mark.mesh

# What a caller who passes the policy can meet: the walk sends empty or meaningless requests.
PASSED = {
    "",
    "INVALID_FIELDS",
    "PROFILE_MISSING",
    "PROFILE_NOT_INDEXED",
    "COMPANY_NOT_FOUND",
    "CV_NOT_FOUND",
}
# Calls that end the caller's session.
ENDING = {"SignOut", "EndAllSessions"}
STAFF = [method for method in PUBLIC if method.policy.access == Access.ACCESS_ADMIN]


@pytest.fixture(scope="module")
async def walkers(mesh: Any) -> AsyncIterator[Walkers]:
    async with mesh.client() as client:
        yield Walkers(client)


def nothing(method: Method) -> Message:
    """A request about something that does not exist."""
    if method.policy.HasField("scope"):
        return with_field(method, method.policy.scope.field, str(uuid4()))
    return method.request()


def wants_fields(method: Method) -> bool:
    """Whether an empty request keeps not all rules of its fields."""
    return bool(protovalidate.collect_violations(method.request()))


def limited(method: Method) -> set[str]:
    """What the walk meets where the value of a field is counted: it is empty each time."""
    counted = any(each.key == policy_pb2.RATE_LIMIT_KEY_FIELD for each in method.policy.rate_limits)
    return {"RATE_LIMITED"} if counted else set()


def keyless(method: Method) -> set[str]:
    """What stands outside of the message: a browser's cookie, a webhook's signature."""
    wanted = {"Refresh": "REFRESH_TOKEN_INVALID", "ReceiveStripeEvent": "WEBHOOK_INVALID"}
    return {wanted[method.name]} if method.name in wanted else set()


def passed(method: Method) -> set[str]:
    """What a caller without a second factor can meet who passes roles and scope."""
    if method.policy.step_up == policy_pb2.STEP_UP_ALWAYS:
        return {"STEP_UP_REQUIRED"}
    factor = {"FACTOR_MISSING"} if method.name == "BeginStepUp" else set()
    return PASSED | factor | keyless(method) | limited(method)


@pytest.mark.parametrize("method", PUBLIC, ids=path_of)
async def test_without_a_token(method: Method, doors: Doors) -> None:
    reasons = await doors.reasons(method, nothing(method), None)
    if method.policy.access == Access.ACCESS_PUBLIC:
        wrong = {"INVALID_FIELDS"} if wants_fields(method) else {""}
        assert reasons <= wrong | keyless(method) | limited(method)
    else:
        assert reasons == {"TOKEN_MISSING"}


@pytest.mark.parametrize("role", ROLES, ids=["candidate", "recruiter"])
@pytest.mark.parametrize("method", PUBLIC, ids=path_of)
async def test_with_a_role_and_nothing_else(
    method: Method, role: int, walkers: Walkers, doors: Doors
) -> None:
    """The role is looked at before the resource, and both before the fields."""
    policy = method.policy
    caller = await walkers.of(role, alone=method.name in ENDING)
    reasons = await doors.reasons(method, nothing(method), caller)
    if policy.access == Access.ACCESS_ADMIN:
        assert reasons == {"TOKEN_TYPE"}
    elif policy.roles and role not in policy.roles:
        assert reasons == {"ROLE_REQUIRED"}
    elif policy.HasField("scope"):
        assert reasons == {"SCOPE_DENIED"}
    elif method.name in ENDING:
        # It works once; the next ways in may already find the session ended.
        assert "" in reasons
        assert reasons <= {"", "SESSION_ENDED"}
    else:
        assert reasons <= passed(method)


@pytest.mark.parametrize("method", PUBLIC, ids=path_of)
async def test_with_a_token_of_staff(method: Method, doors: Doors, plain: Admin) -> None:
    """A plain admin gets what admins get, and nothing of users."""
    if method.name == "SignOutAdmin":
        pytest.skip("would end the session of the walk")
    reasons = await doors.reasons(method, nothing(method), plain)
    if method.policy.access == Access.ACCESS_SIGNED_IN:
        assert reasons == {"TOKEN_TYPE"}
    elif method in STAFF and ADMIN_ROLE_ADMIN not in method.policy.admin_roles:
        assert reasons == {"SUPER_ADMIN_REQUIRED"}
    else:
        assert reasons <= PASSED | keyless(method) | limited(method)


@pytest.mark.parametrize("method", STAFF, ids=path_of)
async def test_with_a_token_of_a_super_admin(method: Method, doors: Doors, boss: Admin) -> None:
    if method.name == "SignOutAdmin":
        pytest.skip("would end the session of the walk")
    assert await doors.reasons(method, nothing(method), boss) <= PASSED


@pytest.mark.parametrize("method", INTERNAL, ids=path_of)
async def test_internal_methods_are_not_there_for_anybody(
    method: Method, walkers: Walkers, doors: Doors
) -> None:
    for caller in (await walkers.of(USER_ROLE_RECRUITER), None):
        headers = caller.bearer if caller else {}
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await over_grpc(doors.channel, method, method.request(), headers)
        assert errors.of_grpc(refused.value).reason == "ROUTE_NOT_FOUND"
        answer = await doors.http.post(method.path, json={}, headers=headers)
        assert errors.of_rest(answer).reason == "ROUTE_NOT_FOUND"
        _, trailers = await over_web(doors.http, method, method.request(), headers)
        assert failed(trailers)
        assert errors.of_web(trailers).reason == "ROUTE_NOT_FOUND"
