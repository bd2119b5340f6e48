"""Every public RPC, over gRPC and REST, by each kind of caller: the outcome its policy says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import grpc
import httpx
import protovalidate
import pytest
from google.protobuf.message import Message
from weneeds.options.v1 import policy_pb2
from weneeds.options.v1.role_pb2 import (
    ADMIN_ROLE_ADMIN,
    USER_ROLE_CANDIDATE,
    USER_ROLE_RECRUITER,
)

from services.kit.contract import Access, Method
from tests.mesh.staffing import Admin
from tests.support import errors
from tests.support.contract import INTERNAL, PUBLIC, over_grpc, over_rest, path_of, with_field
from tests.support.people import (
    CANDIDATE,
    RECRUITER,
    Person,
    Team,
    applied,
    candidate,
    person,
    team,
)

pytestmark = pytest.mark.mesh

SCOPED = [method for method in PUBLIC if method.policy.HasField("scope")]
# The others would succeed, and change what the other tests look at.
HARMLESS = [m for m in SCOPED if m.name not in {"WithdrawApplication", "CloseJob"}]
ROLES = {USER_ROLE_CANDIDATE: CANDIDATE, USER_ROLE_RECRUITER: RECRUITER}
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


@dataclass(frozen=True)
class Door:
    """Both ways into the mesh."""

    channel: grpc.aio.Channel
    http: httpx.AsyncClient

    async def reasons(
        self, method: Method, request: Message, caller: Person | Admin | None
    ) -> set[str]:
        """Knock at both; return the reasons of refusal, "" where there was none."""
        headers = {"accept-language": "en", **(caller.bearer if caller else {})}
        answer = await over_rest(self.http, method, request, headers)
        rest = errors.of_rest(answer, "en").reason if answer.is_error else ""
        return {rest, await self.reason(method, request, headers)}

    async def reason(self, method: Method, request: Message, headers: dict[str, str]) -> str:
        """Call over gRPC; return the reason of refusal, or ""."""
        problem = await self.problem(method, request, headers)
        return problem.reason if problem else ""

    async def problem(
        self, method: Method, request: Message, headers: dict[str, str]
    ) -> errors.Problem | None:
        """Call over gRPC; return what was refused, or None."""
        try:
            await over_grpc(self.channel, method, request, headers)
        except grpc.aio.AioRpcError as error:
            return errors.of_grpc(error, "en")
        return None


@dataclass(frozen=True)
class House:
    """A team with an application, and the ids that scopes can name."""

    team: Team
    seeker: Person
    ids: dict[int, str]


@pytest.fixture(scope="module")
async def door(mesh: Any) -> AsyncIterator[Door]:
    async with (
        grpc.aio.insecure_channel(mesh.grpc) as channel,
        httpx.AsyncClient(base_url=mesh.rest, timeout=20) as http,
    ):
        yield Door(channel, http)


@pytest.fixture(scope="module")
async def house(mesh: Any) -> AsyncIterator[House]:
    async with mesh.client() as client:
        ours = await team(client)
        seeker = await candidate(client)
        application = await applied(seeker, ours.job_id)
        assert application.receipt_id, "the walk needs a receipt: matching did not score in time"
        ids = {
            policy_pb2.SCOPE_KIND_COMPANY: ours.company_id,
            policy_pb2.SCOPE_KIND_JOB: ours.job_id,
            policy_pb2.SCOPE_KIND_APPLICATION: application.id,
            policy_pb2.SCOPE_KIND_CANDIDATE: seeker.id,
            policy_pb2.SCOPE_KIND_USER: seeker.id,
            policy_pb2.SCOPE_KIND_RECEIPT: application.receipt_id,
        }
        yield House(ours, seeker, ids)


@pytest.fixture(scope="module")
async def strangers(mesh: Any) -> AsyncIterator[dict[int, Person]]:
    """Somebody of each role who has nothing to do with the house."""
    async with mesh.client() as client:
        elsewhere = (await team(client)).recruiter
        yield {USER_ROLE_RECRUITER: elsewhere, USER_ROLE_CANDIDATE: await person(client, CANDIDATE)}


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
    """A browser's refresh token comes as a cookie: without any, the body is no error."""
    return {"REFRESH_TOKEN_INVALID"} if method.name == "Refresh" else set()


def passed(method: Method) -> set[str]:
    """What a caller without a second factor can meet who passes roles and scope."""
    if method.policy.step_up == policy_pb2.STEP_UP_ALWAYS:
        return {"STEP_UP_REQUIRED"}
    factor = {"FACTOR_MISSING"} if method.name == "BeginStepUp" else set()
    return PASSED | factor | keyless(method) | limited(method)


@pytest.mark.parametrize("method", PUBLIC, ids=path_of)
async def test_without_a_token(method: Method, door: Door) -> None:
    reasons = await door.reasons(method, nothing(method), None)
    if method.policy.access == Access.ACCESS_PUBLIC:
        wrong = {"INVALID_FIELDS"} if wants_fields(method) else {""}
        assert reasons <= wrong | keyless(method) | limited(method)
    else:
        assert reasons == {"TOKEN_MISSING"}


@pytest.mark.parametrize("role", ROLES, ids=["candidate", "recruiter"])
@pytest.mark.parametrize("method", PUBLIC, ids=path_of)
async def test_with_a_role_and_nothing_else(
    method: Method, role: int, mesh: Any, door: Door
) -> None:
    """The role is looked at before the resource, and both before the fields."""
    policy = method.policy
    async with mesh.client() as client:
        caller = await walker(client, role, alone=method.name in ENDING)
        reasons = await door.reasons(method, nothing(method), caller)
    if policy.access == Access.ACCESS_ADMIN:
        assert reasons == {"TOKEN_TYPE"}
    elif policy.roles and role not in policy.roles:
        assert reasons == {"ROLE_REQUIRED"}
    elif policy.HasField("scope"):
        assert reasons == {"SCOPE_DENIED"}
    elif method.name in ENDING:
        # It works once; the second way in may already find the session ended.
        assert "" in reasons
        assert reasons <= {"", "SESSION_ENDED"}
    else:
        assert reasons <= passed(method)


@pytest.mark.parametrize("method", PUBLIC, ids=path_of)
async def test_with_a_token_of_staff(method: Method, door: Door, plain: Admin) -> None:
    """A plain admin gets what admins get, and nothing of users."""
    if method.name == "SignOutAdmin":
        pytest.skip("would end the session of the walk")
    reasons = await door.reasons(method, nothing(method), plain)
    if method.policy.access == Access.ACCESS_SIGNED_IN:
        assert reasons == {"TOKEN_TYPE"}
    elif method in STAFF and ADMIN_ROLE_ADMIN not in method.policy.admin_roles:
        assert reasons == {"SUPER_ADMIN_REQUIRED"}
    else:
        assert reasons <= PASSED | keyless(method) | limited(method)


@pytest.mark.parametrize("method", STAFF, ids=path_of)
async def test_with_a_token_of_a_super_admin(method: Method, door: Door, boss: Admin) -> None:
    if method.name == "SignOutAdmin":
        pytest.skip("would end the session of the walk")
    assert await door.reasons(method, nothing(method), boss) <= PASSED


_walkers: dict[int, Person] = {}


async def walker(client: Any, role: int, *, alone: bool) -> Person:
    """The person of a role for the whole walk; somebody new for a call that ends the session."""
    if alone:
        return await person(client, ROLES[role])
    if role not in _walkers:
        _walkers[role] = await person(client, ROLES[role])
    return _walkers[role]


@pytest.mark.parametrize("method", SCOPED, ids=path_of)
async def test_what_belongs_to_others_is_as_good_as_absent(
    method: Method, house: House, strangers: dict[int, Person], door: Door
) -> None:
    scope = method.policy.scope
    theirs = with_field(method, scope.field, house.ids[scope.kind])
    for role in method.policy.roles or ROLES:
        caller = strangers[role]
        headers = {"accept-language": "en", **caller.bearer}
        foreign = await door.problem(method, theirs, headers)
        absent = await door.problem(method, nothing(method), headers)
        odd = await door.problem(method, with_field(method, scope.field, "' or 1=1 --"), headers)
        assert foreign is not None
        assert absent is not None
        assert odd is not None
        assert foreign.reason == "SCOPE_DENIED"
        assert foreign.code == grpc.StatusCode.PERMISSION_DENIED.value[0]
        assert foreign.anonymous == absent.anonymous == odd.anonymous
        assert await door.reasons(method, theirs, caller) == {"SCOPE_DENIED"}


@pytest.mark.parametrize("method", HARMLESS, ids=path_of)
async def test_the_house_itself_is_let_in(method: Method, house: House, door: Door) -> None:
    """The walk would prove little if the scope refused everybody."""
    policy = method.policy
    inside = house.seeker if list(policy.roles) == [USER_ROLE_CANDIDATE] else house.team.recruiter
    request = with_field(method, policy.scope.field, house.ids[policy.scope.kind])
    headers = {"accept-language": "en", **inside.bearer}
    assert await door.reason(method, request, headers) not in {"SCOPE_DENIED", "ROLE_REQUIRED"}


@pytest.mark.parametrize("method", INTERNAL, ids=path_of)
async def test_internal_methods_are_not_there_for_anybody(
    method: Method, house: House, door: Door
) -> None:
    for caller in (house.team.recruiter, None):
        headers = caller.bearer if caller else {}
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await over_grpc(door.channel, method, method.request(), headers)
        assert errors.of_grpc(refused.value).reason == "ROUTE_NOT_FOUND"
        answer = await door.http.post(method.path, json={}, headers=headers)
        assert errors.of_rest(answer).reason == "ROUTE_NOT_FOUND"
