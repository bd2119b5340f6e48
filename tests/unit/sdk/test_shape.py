"""The client's face against the contract, and its small pure parts."""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import grpc
import pytest
import weneeds
from google.protobuf.descriptor import MethodDescriptor
from weneeds import RetryPolicy, WeNeedsError, euros, micros
from weneeds._facade import AsyncFacade, Facade
from weneeds.errors import Problem, error_of
from weneeds.options.v1 import policy_pb2

from stack.gen.facade import attribute_of
from stack.gen.facade_types import snake

HOME = Path(weneeds.__file__).parent


def _methods() -> Iterator[MethodDescriptor]:
    for path in sorted(HOME.glob("*/v1/*_service_pb2.py")):
        module = import_module(f"weneeds.{path.parent.parent.name}.v1.{path.stem}")
        for service in module.DESCRIPTOR.services_by_name.values():
            yield from service.methods


@pytest.mark.parametrize("method", list(_methods()), ids=lambda method: method.full_name)
@pytest.mark.parametrize("face", [Facade, AsyncFacade])
def test_each_public_rpc_has_a_method(method: MethodDescriptor, face: type) -> None:
    access = method.GetOptions().Extensions[policy_pb2.policy].access
    attribute = getattr(face, attribute_of(method.containing_service.name), None)
    group = (
        attribute.func.__globals__[attribute.func.__annotations__["return"]] if attribute else None
    )
    has = group is not None and snake(method.name) in vars(group)
    assert has == (access != policy_pb2.ACCESS_INTERNAL)


def test_each_method_says_what_it_does() -> None:
    for name, attribute in vars(Facade).items():
        if name.startswith("_"):
            continue
        group = attribute.func.__globals__[attribute.func.__annotations__["return"]]
        bare = [each for each, made in vars(group).items() if callable(made) and not made.__doc__]
        assert bare == [], name


@pytest.mark.parametrize(
    ("service", "attribute"),
    [
        ("JobService", "jobs"),
        ("CompanyService", "companies"),
        ("ScoringService", "scoring"),
        ("MediaService", "media"),
        ("AdminUserService", "admin_users"),
        ("AdminManagementService", "admin_management"),
        ("MaintenanceService", "maintenance"),
        ("SurveyService", "surveys"),
    ],
)
def test_services_are_named_as_one_would_say(service: str, attribute: str) -> None:
    assert attribute_of(service) == attribute


def test_public_names_load() -> None:
    assert {name for name in weneeds.__all__ if getattr(weneeds, name, None) is None} == set()
    with pytest.raises(AttributeError):
        _ = weneeds.Nonsense


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code.value[0]])
def test_each_status_has_an_exception_that_survives_pickling(code: grpc.StatusCode) -> None:
    error = error_of(Problem(code=code, message="no", reason="WHY", metadata={"a": "b"}))
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(error, WeNeedsError)
    assert (type(again), again.problem) == (type(error), error.problem)


def test_pauses_grow_within_bounds_and_spread() -> None:
    random.seed(7)
    policy = RetryPolicy(attempts=20, first=0.1, longest=1.0)
    gone = error_of(Problem(code=grpc.StatusCode.UNAVAILABLE, message=""))
    for attempt, bound in [(1, 0.1), (2, 0.2), (3, 0.4), (4, 0.8), (5, 1.0), (19, 1.0)]:
        drawn = [policy.pause(attempt, gone, left=60) or 0 for _ in range(200)]
        assert 0 <= min(drawn) < bound * 0.2
        assert bound * 0.8 < max(drawn) <= bound
    assert policy.pause(20, gone, left=60) is None
    assert policy.pause(1, gone, left=0) is None


def test_only_what_passes_is_retried() -> None:
    policy = RetryPolicy()
    retried = {
        code
        for code in grpc.StatusCode
        if policy.pause(1, error_of(Problem(code=code, message="")), left=60) is not None
    }
    assert retried == {grpc.StatusCode.UNAVAILABLE}


@pytest.mark.parametrize(
    ("amount", "total"),
    [("12.50", 12_500_000), (3, 3_000_000), ("-0.000001", -1), (Decimal("0.01"), 10_000)],
)
def test_euros_are_exact(amount: str | int | Decimal, total: int) -> None:
    money = euros(amount)
    assert (micros(money), money.currency_code) == (total, "EUR")


@pytest.mark.parametrize("amount", ["1.0000001", "NaN", "Infinity", 0.1])
def test_an_amount_that_cannot_be_kept_exactly_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals|float"):
        euros(amount)
