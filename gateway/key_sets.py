"""The public keys of access tokens, as files that Envoy follows.

A JWKS named as a file is read when Envoy starts and never again; one named by URL is fetched
again and again. So the gateway serves the files to itself: a listener that only Envoy can reach
(no socket), with a route for each file and nothing else.
"""

from __future__ import annotations

from typing import Any

from gateway.topology import GatewayTopology, TokenIssuer

Config = dict[str, Any]

SITE = "site"
ADMIN = "admin"
_NAME = "keysets"
# How old the gateway's keys may be. Must be below the age at which a new key begins to sign.
_FRESH = "2s"
_RETRIES = 2
_MAX_BYTES = 64 * 1024
_EXTENSIONS = "type.googleapis.com/envoy.extensions"


def issuers(topology: GatewayTopology) -> dict[str, TokenIssuer]:
    """The issuers of access tokens by kind."""
    found = {SITE: topology.site_tokens}
    if topology.admin_tokens:
        found[ADMIN] = topology.admin_tokens
    return found


def followed(kind: str) -> Config:
    """The `remote_jwks` of a provider.

    A call that finds the keys too old waits for the file to be read. Reading ahead of calls would
    refuse the calls that come between the start and the first success.
    """
    return {
        "http_uri": {"uri": f"http://{_NAME}/{kind}.json", "cluster": _NAME, "timeout": "1s"},
        "cache_duration": _FRESH,
        "retry_policy": {"num_retries": _RETRIES},
    }


def extension() -> Config:
    """What allows listeners without a socket."""
    kind = "bootstrap.internal_listener.v3.InternalListener"
    return {
        "name": "envoy.bootstrap.internal_listener",
        "typed_config": {"@type": f"{_EXTENSIONS}.{kind}"},
    }


def cluster() -> Config:
    """The way to the listener."""
    address = {"envoy_internal_address": {"server_listener_name": _NAME}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    raw = {
        "name": "envoy.transport_sockets.raw_buffer",
        "typed_config": {"@type": f"{_EXTENSIONS}.transport_sockets.raw_buffer.v3.RawBuffer"},
    }
    kind = "transport_sockets.internal_upstream.v3.InternalUpstreamTransport"
    return {
        "name": _NAME,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": _NAME, "endpoints": endpoints},
        "transport_socket": {
            "name": "envoy.transport_sockets.internal_upstream",
            "typed_config": {"@type": f"{_EXTENSIONS}.{kind}", "transport_socket": raw},
        },
    }


def listener(topology: GatewayTopology) -> Config:
    """Serves the files; everything else is not found."""
    kind_of_manager = "filters.network.http_connection_manager.v3.HttpConnectionManager"
    routes = [_file(kind, tokens) for kind, tokens in issuers(topology).items()]
    manager = {
        "@type": f"{_EXTENSIONS}.{kind_of_manager}",
        "stat_prefix": _NAME,
        "route_config": {
            "virtual_hosts": [{"name": _NAME, "domains": ["*"], "routes": routes}],
            "max_direct_response_body_size_bytes": _MAX_BYTES,
        },
        "http_filters": [_router()],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager",
                          "typed_config": manager}]}  # fmt: skip
    return {"name": _NAME, "internal_listener": {}, "filter_chains": [chain]}


def _file(kind: str, tokens: TokenIssuer) -> Config:
    """Answers with what the file holds; read again when something is moved into its folder."""
    file = tokens.jwks_file
    body = {"filename": str(file), "watched_directory": {"path": str(file.parent)}}
    return {
        "match": {"path": f"/{kind}.json"},
        "direct_response": {"status": 200, "body": body},
    }


def _router() -> Config:
    return {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": f"{_EXTENSIONS}.filters.http.router.v3.Router"},
    }
