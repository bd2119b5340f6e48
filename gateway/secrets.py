"""The gateway's certificate and its authority, as files that Envoy follows.

Envoy's secret discovery reads two files that never change. They name the three PEM files and the
folder to watch: whatever is moved in there makes Envoy read them again, for new
connections, without a restart.
"""

from __future__ import annotations

from typing import Any

from gateway.topology import GatewayTopology

Config = dict[str, Any]

_OWN = "own"
_AUTHORITY = "authority"


def secrets(topology: GatewayTopology) -> dict[str, Config]:
    """The files of `topology.secrets_dir` by name."""
    folder = topology.tls_dir
    watched = {"watched_directory": {"path": str(folder)}}
    own = {
        "certificate_chain": {"filename": str(folder / "cert.pem")},
        "private_key": {"filename": str(folder / "key.pem")},
        **watched,
    }
    authority = {"trusted_ca": {"filename": str(folder / "ca.pem")}, **watched}
    return {
        f"{_OWN}.json": _secret(_OWN, tls_certificate=own),
        f"{_AUTHORITY}.json": _secret(_AUTHORITY, validation_context=authority),
    }


def used(topology: GatewayTopology) -> Config:
    """The part of a TLS context that shows the gateway's certificate."""
    return {"tls_certificate_sds_secret_configs": [_named(topology, _OWN)]}


def authority(topology: GatewayTopology) -> Config:
    """The part of a validation context that names the authority."""
    return {"validation_context_sds_secret_config": _named(topology, _AUTHORITY)}


def _secret(name: str, **content: Config) -> Config:
    kind = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
    return {"resources": [{"@type": kind, "name": name, **content}]}


def _named(topology: GatewayTopology, name: str) -> Config:
    source = {"path_config_source": {"path": str(topology.secrets_dir / f"{name}.json")}}
    return {"name": name, "sds_config": {"resource_api_version": "V3", **source}}
