"""Renders Envoy's bootstrap from the contract and a topology."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weneeds.options.v1 import policy_pb2

from gateway import key_sets, paths
from gateway.clusters import clusters, socket_address
from gateway.contract import Contract, ContractError, Method, reachable
from gateway.listeners import listeners
from gateway.secrets import secrets
from gateway.topology import GatewayTopology

Config = dict[str, Any]

__all__ = ["render", "secrets"]


def render(topology: GatewayTopology, descriptors: bytes) -> Config:
    """The bootstrap as a dict; written as JSON, Envoy takes it with `-c`.

    Raises:
        ContractError: when a method has no policy, an internal method has a REST path, two REST
            paths collide, or the topology lacks a service that the contract names.
    """
    contract = Contract(descriptors)
    _check(contract.methods, topology.services)
    routed = [m for m in contract.methods if reachable(m, admins=topology.admin_tokens is not None)]
    rest = paths.table(routed)
    bootstrap: Config = {
        "node": {"id": "gateway", "cluster": "weneeds"},
        "static_resources": {
            "listeners": [
                *listeners(topology, contract, routed, rest),
                key_sets.listener(topology),
            ],
            "clusters": clusters(topology),
        },
        "bootstrap_extensions": [key_sets.extension()],
        "overload_manager": _overload(topology.limits.connections),
    }
    if topology.admin_port is not None:
        bootstrap["admin"] = {"address": socket_address("127.0.0.1", topology.admin_port)}
    return bootstrap


def _check(methods: list[Method], services: Mapping[str, object]) -> None:
    paths.table(methods)
    for method in methods:
        access = method.policy.access
        if access == policy_pb2.ACCESS_UNSPECIFIED:
            raise ContractError(f"{method.full_name} has no policy")
        if access == policy_pb2.ACCESS_INTERNAL and method.bindings:
            raise ContractError(f"{method.full_name} is internal and has a REST path")
        if method.owner not in services:
            raise ContractError(f"{method.full_name}: the topology has no service {method.owner}")


def _overload(connections: int) -> Config:
    kind = (
        "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
    )
    return {
        "resource_monitors": [
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": {
                    "@type": f"type.googleapis.com/{kind}",
                    "max_active_downstream_connections": connections,
                },
            }
        ]
    }
