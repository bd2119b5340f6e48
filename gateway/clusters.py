"""The services behind the gateway and how it watches them."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

from gateway import key_sets, secrets
from gateway.pages import PAGES
from gateway.routes import NOWHERE, PORTAL, cluster_of
from gateway.topology import Address, GatewayTopology, Limits

Config = dict[str, Any]

OTLP = "otlp"
_HTTP2_WINDOW = 1024 * 1024


def clusters(topology: GatewayTopology) -> list[Config]:
    """One cluster for each service, and those of the gateway's own needs."""
    found = [_service(topology, name, hosts) for name, hosts in topology.services.items()]
    found += [_plain(NOWHERE, []), key_sets.cluster()]
    if topology.portal:
        found.append(_plain(PORTAL, [topology.portal]))
    if topology.pages:
        found.append(_plain(PAGES, topology.pages.upstreams))
    # The tracer wants a collector even if there is none: then its cluster has no address.
    found.append({**_plain(OTLP, [topology.otlp] if topology.otlp else []), **_http2()})
    return found


def _service(topology: GatewayTopology, name: str, hosts: Sequence[Address]) -> Config:
    return {
        **_plain(cluster_of(name), hosts),
        **_http2(),
        "lb_policy": "LEAST_REQUEST",
        "transport_socket": _mutual_tls(topology, name),
        "health_checks": [_health_check()],
        "outlier_detection": _outliers(),
        "circuit_breakers": {"thresholds": [_breaker(topology.limits)]},
        "ignore_health_on_host_removal": True,
        "close_connections_on_host_health_failure": True,
    }


def _plain(name: str, hosts: Sequence[Address]) -> Config:
    endpoints = [{"endpoint": {"address": socket_address(host, port)}} for host, port in hosts]
    return {
        "name": name,
        "type": "STATIC" if all(_is_ip(host) for host, _ in hosts) else "STRICT_DNS",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
    }


def socket_address(host: str, port: int) -> Config:
    """A TCP address."""
    return {"socket_address": {"address": host, "port_value": port}}


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _http2() -> Config:
    kind = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    # No keepalive pings: gRPC servers close connections that ping while idle, and health checks
    # find dead replicas.
    options = {
        "initial_stream_window_size": _HTTP2_WINDOW,
        "initial_connection_window_size": 4 * _HTTP2_WINDOW,
    }
    return {
        "typed_extension_protocol_options": {
            kind: {
                "@type": f"type.googleapis.com/{kind}",
                "explicit_http_config": {"http2_protocol_options": options},
            }
        }
    }


def _mutual_tls(topology: GatewayTopology, service: str) -> Config:
    """Shows the gateway's certificate and accepts only the service's own name."""
    name = {"exact": f"spiffe://{topology.trust_domain}/{service}"}
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/"
            "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            "sni": f"{service}.{topology.trust_domain}.internal",
            "common_tls_context": {
                "alpn_protocols": ["h2"],
                "tls_params": {
                    "tls_minimum_protocol_version": "TLSv1_3",
                    "tls_maximum_protocol_version": "TLSv1_3",
                },
                **secrets.used(topology),
                "combined_validation_context": {
                    "default_validation_context": {
                        "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": name}]
                    },
                    **secrets.authority(topology),
                },
            },
        },
    }


def _health_check() -> Config:
    return {
        "timeout": "1s",
        "interval": "2s",
        "no_traffic_interval": "2s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "grpc_health_check": {},
    }


def _outliers() -> Config:
    """Ejects replicas that are unreachable or say UNAVAILABLE, never for INTERNAL.

    A caller who finds a request that fails with INTERNAL must not be able to eject replicas.
    """
    return {
        "consecutive_gateway_failure": 5,
        "enforcing_consecutive_gateway_failure": 100,
        "enforcing_consecutive_5xx": 0,
        "enforcing_success_rate": 0,
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": 3,
        "enforcing_local_origin_success_rate": 0,
        "interval": "2s",
        "base_ejection_time": "5s",
        "max_ejection_percent": 50,
    }


def _breaker(limits: Limits) -> Config:
    return {
        "max_connections": 256,
        "max_pending_requests": limits.pending_per_service,
        # Open streams count as requests, so this bounds live subscriptions too.
        "max_requests": 8 * limits.pending_per_service,
        "retry_budget": {"budget_percent": {"value": 20}, "min_retry_concurrency": 3},
    }
