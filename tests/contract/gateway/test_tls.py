"""Which TLS the gateway speaks with the services."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.render import render
from tests.contract.gateway.world import SERVICES, descriptors, topology


def test_services_are_reached_by_the_newest_tls_alone(tmp_path: Path) -> None:
    rendered = render(topology(tmp_path), descriptors())
    clusters = {c["name"]: c for c in rendered["static_resources"]["clusters"]}
    for service in SERVICES:
        parameters = _tls(clusters[f"service_{service}"])["tls_params"]
        assert set(parameters.values()) == {"TLSv1_3"}


def _tls(cluster: dict[str, Any]) -> dict[str, Any]:
    socket = cluster["transport_socket"]
    assert socket["name"] == "envoy.transport_sockets.tls"
    return dict(socket["typed_config"]["common_tls_context"])
