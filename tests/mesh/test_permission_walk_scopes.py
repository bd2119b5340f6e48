"""Every RPC about a resource, over REST, gRPC-web and gRPC: whose it is decides.

Each user role and each company role, with a resource of the own company and of
another's. The order of refusals is fixed: token, kind of token, user role,
resource and company role, fields.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.message import Message
from weneeds.options.v1 import policy_pb2
from weneeds.options.v1.role_pb2 import (
    COMPANY_ROLE_ADMIN,
    USER_ROLE_CANDIDATE,
    USER_ROLE_RECRUITER,
    CompanyRole,
)

from services.kit.contract import Method
from tests.mesh.doors import ROLES, Doors
from tests.mesh.staffing import Admin
from tests.support.contract import PUBLIC, path_of, with_field
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
HARMFUL = {"WithdrawApplication", "CloseJob"}
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED.value[0]
DENIED = grpc.StatusCode.PERMISSION_DENIED.value[0]


@dataclass(frozen=True)
class House:
    """A team with an application, and the ids that scopes can name."""

    team: Team
    seeker: Person
    # By company role.
    people: dict[int, Person]
    ids: dict[int, str]

    def request(self, method: Method) -> Message:
        """A request about what is the house's, its other fields empty."""
        scope = method.policy.scope
        return with_field(method, scope.field, self.ids[scope.kind])


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
        yield House(ours, seeker, await collaborators(client, ours), ids)


async def collaborators(client: Any, ours: Team) -> dict[int, Person]:
    """Somebody with each company role."""
    people = {COMPANY_ROLE_ADMIN: ours.recruiter}
    for role in CompanyRole.values()[1:]:
        if role not in people:
            people[role] = await person(client, RECRUITER)
            await ours.recruiter.client.companies.add_collaborator(
                company_id=ours.company_id, email=people[role].email, role=role
            )
    return people


@pytest.fixture(scope="module")
async def strangers(mesh: Any) -> AsyncIterator[dict[int, Person]]:
    """Somebody of each role who has nothing to do with the house."""
    async with mesh.client() as client:
        elsewhere = (await team(client)).recruiter
        yield {USER_ROLE_RECRUITER: elsewhere, USER_ROLE_CANDIDATE: await person(client, CANDIDATE)}


@pytest.mark.parametrize("method", SCOPED, ids=path_of)
async def test_what_belongs_to_others_is_as_good_as_absent(
    method: Method, house: House, strangers: dict[int, Person], doors: Doors
) -> None:
    field = method.policy.scope.field
    requests = [
        house.request(method),
        with_field(method, field, str(uuid4())),
        with_field(method, field, "' or 1=1 --"),
    ]
    for role in method.policy.roles or ROLES:
        answers = [
            problem
            for request in requests
            for problem in await doors.problems(method, request, strangers[role])
        ]
        for problem in answers:
            assert problem is not None
            assert (problem.reason, problem.code) == ("SCOPE_DENIED", DENIED)
            assert problem.anonymous == answers[0].anonymous


@pytest.mark.parametrize("company_role", CompanyRole.values()[1:], ids=CompanyRole.Name)
@pytest.mark.parametrize("method", SCOPED, ids=path_of)
async def test_a_company_role_opens_what_its_policy_names(
    method: Method, company_role: int, house: House, doors: Doors
) -> None:
    policy, insider = method.policy, house.people[company_role]
    if policy.roles and USER_ROLE_RECRUITER not in policy.roles:
        expected = {("ROLE_REQUIRED", DENIED)}
    elif company_role not in policy.scope.company_roles:
        expected = {("SCOPE_DENIED", DENIED)}
    elif method.name in HARMFUL:
        pytest.skip("would succeed, and change what the other tests look at")
    else:
        refused = await doors.reasons(method, house.request(method), insider)
        # The walk would prove little if the scope refused everybody.
        assert not refused & {"SCOPE_DENIED", "ROLE_REQUIRED", "TOKEN_TYPE"}
        return
    assert await doors.refusals(method, house.request(method), insider) == expected


@pytest.mark.parametrize("method", SCOPED, ids=path_of)
async def test_the_owner_is_let_in_where_the_policy_says_so(
    method: Method, house: House, doors: Doors
) -> None:
    policy = method.policy
    if method.name in HARMFUL:
        pytest.skip("would succeed, and change what the other tests look at")
    refused = await doors.reasons(method, house.request(method), house.seeker)
    if policy.roles and USER_ROLE_CANDIDATE not in policy.roles:
        assert refused == {"ROLE_REQUIRED"}
    elif policy.scope.owner:
        assert not refused & {"SCOPE_DENIED", "ROLE_REQUIRED"}
    else:
        assert refused == {"SCOPE_DENIED"}


@pytest.mark.parametrize("method", SCOPED, ids=path_of)
async def test_the_order_of_refusals_is_fixed(
    method: Method, house: House, strangers: dict[int, Person], plain: Admin, doors: Doors
) -> None:
    """The same request, wrong in each way, by callers who are wrong in one way less each."""
    request = house.request(method)
    steps: list[tuple[Person | Admin | None, tuple[str, int]]] = [
        (None, ("TOKEN_MISSING", UNAUTHENTICATED)),
        (plain, ("TOKEN_TYPE", UNAUTHENTICATED)),
    ]
    roles = method.policy.roles or list(ROLES)
    steps += [(strangers[role], ("ROLE_REQUIRED", DENIED)) for role in ROLES if role not in roles]
    steps += [(strangers[role], ("SCOPE_DENIED", DENIED)) for role in roles]
    for caller, expected in steps:
        assert await doors.refusals(method, request, caller) == {expected}
