"""The rendered configuration: Envoy takes it, and it says what the contract says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodDescriptorProto
from weneeds.options.v1 import policy_pb2

from gateway.contract import Contract, ContractError, reachable
from gateway.errors import REFUSALS
from gateway.render import render
from gateway.topology import TokenIssuer
from tests.contract.gateway.world import (
    ENVOY,
    Certificates,
    Tokens,
    descriptors,
    topology,
    write_config,
    write_files,
)

Mutation = Callable[[dict[str, MethodDescriptorProto]], None]


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return render(topology(tmp_path_factory.mktemp("render")), descriptors())


def _manager(bootstrap: dict[str, Any]) -> dict[str, Any]:
    chain = bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]
    return dict(chain["filters"][0]["typed_config"])


def _routes(bootstrap: dict[str, Any]) -> list[dict[str, Any]]:
    return list(_manager(bootstrap)["route_config"]["virtual_hosts"][0]["routes"])


def _filter(bootstrap: dict[str, Any], name: str) -> dict[str, Any]:
    filters = _manager(bootstrap)["http_filters"]
    return dict(next(f["typed_config"] for f in filters if f["name"].endswith(name)))


def _cluster_routes(bootstrap: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The routes that lead to a service, by path."""
    found = [
        r for r in _routes(bootstrap) if r.get("route", {}).get("cluster", "")[:8] == "service_"
    ]
    return {route["match"]["path"]: route for route in found}


def test_nobody_outside_reaches_the_listener_of_the_keys(bootstrap: dict[str, Any]) -> None:
    keys = bootstrap["static_resources"]["listeners"][1]
    assert "address" not in keys
    assert keys["internal_listener"] == {}


@pytest.mark.parametrize("full", [True, False], ids=["everything", "bare"])
async def test_envoy_accepts_the_configuration(tmp_path: Path, full: bool) -> None:
    write_files(tmp_path, Certificates(), Tokens())
    admins = TokenIssuer("https://admin.weneeds.example", "weneeds-admin", tmp_path / "jwks.json")
    more: dict[str, Any] = {
        "portal": ("127.0.0.1", 2),
        "otlp": ("collector.example", 4317),
        "admin_port": 0,
        "admin_tokens": admins,
        "trusted_hops": 1,
        "access_log": None,
    }
    setup = topology(tmp_path, **more) if full else topology(tmp_path, cors_origins=())
    file = tmp_path / "envoy.json"
    write_config(file, setup)
    process = await asyncio.create_subprocess_exec(
        str(ENVOY), "--mode", "validate", "-c", str(file), "--log-level", "warning",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


def test_every_method_has_a_token_rule_and_the_rest_is_denied(bootstrap: dict[str, Any]) -> None:
    rules = _filter(bootstrap, "jwt_authn")["rules"]
    by_path = {rule["match"]["path"]: rule for rule in rules[:-1]}
    routed = [m for m in Contract(descriptors()).methods if reachable(m, admins=False)]
    assert set(by_path) == {method.path for method in routed}
    for method in routed:
        public = method.policy.access == policy_pb2.ACCESS_PUBLIC
        assert ("requires" not in by_path[method.path]) is public, method.path
    assert rules[-1] == {"match": {"prefix": "/"}, "requires": {"provider_name": "site"}}


def test_a_genuine_token_of_either_kind_reaches_the_service(tmp_path: Path) -> None:
    """The service says TOKEN_TYPE; the gateway could only say that it does not know the issuer."""
    admins = TokenIssuer("https://admin.weneeds.example", "weneeds-admin", tmp_path / "admin.json")
    rules = _filter(render(topology(tmp_path, admin_tokens=admins), descriptors()), "jwt_authn")
    required = {rule["match"].get("path"): rule.get("requires") for rule in rules["rules"]}
    either = {"requires_any": {"requirements": [{"provider_name": n} for n in ("site", "admin")]}}
    assert required["/weneeds.auth.v1.AdminUserService/BanUser"] == either
    assert required["/weneeds.auth.v1.AccountService/GetMe"] == either
    assert required["/weneeds.auth.v1.AdminSessionService/SignInAdmin"] is None


def test_only_reachable_methods_lead_to_a_service(bootstrap: dict[str, Any]) -> None:
    methods = Contract(descriptors()).methods
    internal = {m.path for m in methods if m.policy.access == policy_pb2.ACCESS_INTERNAL}
    staff = {m.path for m in methods if m.policy.access == policy_pb2.ACCESS_ADMIN}
    routed = _cluster_routes(bootstrap)
    assert internal
    # Without an issuer for staff nobody could call their methods.
    assert staff
    assert set(routed) == {method.path for method in methods} - internal - staff
    assert "weneeds.auth.v1.DirectoryService" not in _filter(bootstrap, "transcoder")["services"]


def test_only_harmless_repetitions_are_retried(bootstrap: dict[str, Any]) -> None:
    routes = _cluster_routes(bootstrap)

    def retried(path: str) -> bool:
        policy = routes[path]["route"]["retry_policy"]
        return "unavailable" in policy["retry_on"].split(",")

    assert retried("/weneeds.jobs.v1.JobService/GetJob")
    assert retried("/weneeds.jobs.v1.JobService/CreateJob")
    assert retried("/weneeds.jobs.v1.JobService/CloseJob")
    assert not retried("/weneeds.jobs.v1.JobService/UpdateJob")
    assert not retried("/weneeds.auth.v1.SessionService/Refresh")


def test_unary_calls_have_a_deadline_and_streams_have_none(bootstrap: dict[str, Any]) -> None:
    routes = _cluster_routes(bootstrap)
    unary = routes["/weneeds.jobs.v1.JobService/GetJob"]
    stream = routes["/weneeds.messaging.v1.StreamService/Subscribe"]
    assert unary["route"]["timeout"] == "15.0s"
    assert unary["request_headers_to_add"][0]["header"] == {
        "key": "grpc-timeout",
        "value": "15000m",
    }
    assert stream["route"]["timeout"] == "0s"
    assert stream["request_headers_to_add"] == []


def test_filters_stand_in_order(bootstrap: dict[str, Any]) -> None:
    names = [f["name"].rsplit(".", 1)[1] for f in _manager(bootstrap)["http_filters"]]
    assert names == [
        "header_mutation", "cors", "grpc_web", "local_ratelimit", "buffer", "lua",
        "grpc_json_transcoder", "browser", "jwt_authn", "router",
    ]  # fmt: skip


def test_each_service_is_known_by_its_own_name_alone(bootstrap: dict[str, Any]) -> None:
    clusters = {c["name"]: c for c in bootstrap["static_resources"]["clusters"]}
    tls = clusters["service_payment"]["transport_socket"]["typed_config"]
    validation = tls["common_tls_context"]["combined_validation_context"]
    names = validation["default_validation_context"]["match_typed_subject_alt_names"]
    assert tls["sni"] == "payment.weneeds.internal"
    assert names == [{"san_type": "URI", "matcher": {"exact": "spiffe://weneeds/payment"}}]


def test_the_access_log_names_no_person(bootstrap: dict[str, Any]) -> None:
    fields = _manager(bootstrap)["access_log"][0]["typed_config"]["log_format"]["json_format"]
    written = json.dumps(fields).upper()
    for word in ("%PATH", "REQ(:PATH)", "REMOTE_ADDRESS", "AUTHORIZATION", "USER-AGENT"):
        assert word not in written
    assert {"trace_id", "request_id", "grpc_status", "method"} <= set(fields)


def test_shared_refusals_carry_the_code_that_the_contract_gives_the_reason() -> None:
    contract = Contract(descriptors())
    enum = contract.enums["weneeds.common.v1.ErrorReason"]
    from weneeds.options.v1 import reason_pb2

    codes = {
        value.name.removeprefix("ERROR_REASON_"): value.options.Extensions[reason_pb2.reason].code
        for value in enum.value
    }
    shared = [refusal for refusal in REFUSALS if refusal.reason in codes]
    assert len(shared) >= 6
    for refusal in shared:
        assert refusal.code == codes[refusal.reason], refusal.reason


def _broken(mutate: Mutation) -> bytes:
    """The contract after a mutation of its methods."""
    files = FileDescriptorSet.FromString(descriptors())
    methods = {
        f"{service.name}.{method.name}": method
        for file in files.file
        for service in file.service
        for method in service.method
    }
    mutate(methods)
    return files.SerializeToString()


def _collide(methods: dict[str, MethodDescriptorProto]) -> None:
    methods["JobService.GetJob"].options.Extensions[annotations_pb2.http].get = "/api/v1/me/{x}"


def _expose(methods: dict[str, MethodDescriptorProto]) -> None:
    rule = methods["DirectoryService.GetAccess"].options.Extensions[annotations_pb2.http]
    rule.get = "/api/v1/access"


def _forget(methods: dict[str, MethodDescriptorProto]) -> None:
    methods["JobService.GetJob"].options.ClearExtension(policy_pb2.policy)


def _elsewhere(methods: dict[str, MethodDescriptorProto]) -> None:
    methods["JobService.GetJob"].options.Extensions[annotations_pb2.http].get = "/jobs/{job_id}"


@pytest.mark.parametrize(
    ("mutate", "complaint"),
    [
        (_collide, "collide"),
        (_expose, "is internal and has a REST path"),
        (_forget, "has no policy"),
        (_elsewhere, "begin with /api/"),
    ],
)
def test_a_broken_contract_is_not_rendered(
    tmp_path: Path, mutate: Mutation, complaint: str
) -> None:
    with pytest.raises(ContractError, match=complaint):
        render(topology(tmp_path), _broken(mutate))


def test_a_service_without_an_address_is_not_rendered(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no service payment"):
        render(
            topology(tmp_path, services={n: [("h", 1)] for n in ("auth", "jobs", "matching",
                                                                  "messaging")}),
            descriptors(),
        )  # fmt: skip
