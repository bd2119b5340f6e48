"""A service whose contract cannot be enforced does not boot."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from weneeds.auth.v1 import account_service_pb2
from weneeds.options.v1 import event_pb2, policy_pb2, reason_pb2, role_pb2

from services.kit.contract import (
    BrokenContract,
    check_kinds,
    check_prepared,
    event_of,
    methods_of,
    reasons_of,
)

_number = count()
STRING = descriptor_pb2.FieldDescriptorProto.TYPE_STRING


def _service(change: Callable[[policy_pb2.Policy], object] | None, *, rest: bool = True) -> Any:
    """Build a service with one method `Get(job_id)` whose policy is what `change` makes of it."""
    file = descriptor_pb2.FileDescriptorProto(
        name=f"broken{next(_number)}.proto", package="weneeds.broken.v1", syntax="proto3"
    )
    request = file.message_type.add(name="Request")
    request.field.add(name="job_id", number=1, type=STRING, label=1)
    request.field.add(name="ids", number=2, type=STRING, label=3)
    file.message_type.add(name="Response")
    method = file.service.add(name="BrokenService").method.add(
        name="Get",
        input_type=".weneeds.broken.v1.Request",
        output_type=".weneeds.broken.v1.Response",
    )
    if rest:
        method.options.Extensions[annotations_pb2.http].get = "/api/v1/broken"
    if change is not None:
        policy = method.options.Extensions[policy_pb2.policy]
        policy.SetInParent()
        change(policy)
    pool = DescriptorPool()
    pool.Add(file)
    return pool.FindServiceByName("weneeds.broken.v1.BrokenService")


def _scope(policy: policy_pb2.Policy, field: str = "job_id", **more: Any) -> None:
    policy.access = policy_pb2.ACCESS_SIGNED_IN
    passing = {"kind": policy_pb2.SCOPE_KIND_JOB, "owner": True, **more}
    policy.scope.CopyFrom(policy_pb2.Scope(field=field, **passing))


def _signed_in(policy: policy_pb2.Policy, **more: Any) -> None:
    policy.MergeFrom(policy_pb2.Policy(access=policy_pb2.ACCESS_SIGNED_IN, **more))


BROKEN: dict[str, Callable[[policy_pb2.Policy], object]] = {
    "no access": lambda p: None,
    "roles on a public method": lambda p: p.MergeFrom(
        policy_pb2.Policy(access=policy_pb2.ACCESS_PUBLIC, roles=[role_pb2.USER_ROLE_CANDIDATE])
    ),
    "callers on a user's method": lambda p: _signed_in(p, callers=["jobs"]),
    "admins without roles": lambda p: p.MergeFrom(
        policy_pb2.Policy(access=policy_pb2.ACCESS_ADMIN)
    ),
    "a scope field that is not there": lambda p: _scope(p, "company_id"),
    "a scope field that is a list": lambda p: _scope(p, "ids"),
    "a scope field below a string": lambda p: _scope(p, "job_id.id"),
    "a scope without a kind": lambda p: _scope(p, kind=policy_pb2.SCOPE_KIND_UNSPECIFIED),
    "a scope that nobody passes": lambda p: _scope(p, owner=False),
    "a limit without a window": lambda p: _signed_in(
        p, rate_limits=[policy_pb2.RateLimit(key=policy_pb2.RATE_LIMIT_KEY_CALLER, limit=1)]
    ),
    "a limit by a field that is not there": lambda p: _signed_in(
        p,
        rate_limits=[
            policy_pb2.RateLimit(
                key=policy_pb2.RATE_LIMIT_KEY_FIELD, field="email", limit=1, window={"seconds": 1}
            )
        ],
    ),
}


def test_the_service_under_test_is_sound_before_it_is_broken() -> None:
    (method,) = methods_of(_service(_scope))
    assert method.path == "/weneeds.broken.v1.BrokenService/Get"


def test_a_method_without_a_policy() -> None:
    with pytest.raises(BrokenContract, match="no policy"):
        methods_of(_service(None))


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_a_policy_that_cannot_be_enforced(change: Callable[[policy_pb2.Policy], object]) -> None:
    with pytest.raises(BrokenContract, match="BrokenService/Get"):
        methods_of(_service(change))


def test_an_internal_method_with_a_rest_path_and_a_public_one_without() -> None:
    def internal(policy: policy_pb2.Policy) -> None:
        policy.access = policy_pb2.ACCESS_INTERNAL
        policy.callers.append("jobs")

    with pytest.raises(BrokenContract, match="never both"):
        methods_of(_service(internal))
    with pytest.raises(BrokenContract, match="never both"):
        methods_of(_service(_signed_in, rest=False))
    assert methods_of(_service(internal, rest=False))


def test_a_scope_kind_and_a_rule_that_are_not_wired() -> None:
    with pytest.raises(BrokenContract, match="SCOPE_KIND_JOB"):
        check_kinds(methods_of(_service(_scope)), [], [])
    ruled = methods_of(_service(lambda p: _signed_in(p, rule="own_rule")))
    with pytest.raises(BrokenContract, match="own_rule"):
        check_kinds(ruled, [], [])
    check_kinds(ruled, [], ["own_rule"])


def _event(option: event_pb2.Event | None) -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name=f"broken{next(_number)}.proto", package="weneeds.broken.events.v1", syntax="proto3"
    )
    message = file.message_type.add(name="Happened")
    message.field.add(name="job_id", number=1, type=STRING, label=1)
    if option is not None:
        message.options.Extensions[event_pb2.event].CopyFrom(option)
    pool = DescriptorPool()
    pool.Add(file)
    return pool.FindMessageTypeByName("weneeds.broken.events.v1.Happened")


@pytest.mark.parametrize(
    "option",
    [
        None,
        event_pb2.Event(key="job_id"),
        event_pb2.Event(subject="a.b"),
        event_pb2.Event(subject="a.b", key="other"),
    ],
)
def test_an_event_without_a_subject_or_a_key(option: event_pb2.Event | None) -> None:
    with pytest.raises(BrokenContract):
        event_of(_event(option))
    assert event_of(_event(event_pb2.Event(subject="a.b", key="job_id"))).subject == "a.b"


@pytest.mark.parametrize("option", [None, reason_pb2.Reason(code=5, fr="Non", en="")])  # type: ignore[arg-type]
def test_a_reason_without_text(option: reason_pb2.Reason | None) -> None:
    file = descriptor_pb2.FileDescriptorProto(
        name=f"broken{next(_number)}.proto", package="weneeds.broken.v1", syntax="proto3"
    )
    enum = file.enum_type.add(name="ErrorReason")
    enum.value.add(name="ERROR_REASON_UNSPECIFIED", number=0)
    value = enum.value.add(name="ERROR_REASON_BROKEN", number=1)
    if option is not None:
        value.options.Extensions[reason_pb2.reason].CopyFrom(option)
    pool = DescriptorPool()
    pool.Add(file)
    with pytest.raises(BrokenContract):
        reasons_of(pool.FindEnumTypeByName("weneeds.broken.v1.ErrorReason"))


def test_something_prepared_for_what_is_no_method() -> None:
    methods = methods_of(account_service_pb2.DESCRIPTOR.services_by_name["AccountService"])
    check_prepared(methods, ["Register"])
    with pytest.raises(BrokenContract, match="Registre"):
        check_prepared(methods, ["Registre"])
