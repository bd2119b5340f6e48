"""The public listener and its connection manager."""

from __future__ import annotations

from typing import Any

from gateway import errors
from gateway.clusters import OTLP, socket_address
from gateway.contract import Contract, Method
from gateway.filters import http_filters
from gateway.paths import RestRoute
from gateway.routes import route_config
from gateway.topology import GatewayTopology

Config = dict[str, Any]

_EXTENSIONS = "type.googleapis.com/envoy.extensions"
_ACCESS_LOG = {
    # No path, query, address or user agent: they can hold or point to people.
    "time": "%START_TIME%",
    "level": "info",
    "logger": "gateway.access",
    "route": "%ROUTE_NAME%",
    "method": "%REQ(X-ENVOY-ORIGINAL-METHOD?:METHOD)%",
    "protocol": "%PROTOCOL%",
    "status": "%RESPONSE_CODE%",
    "grpc_status": "%GRPC_STATUS(SNAKE_STRING)%",
    "flags": "%RESPONSE_FLAGS%",
    "duration_ms": "%DURATION%",
    "request_bytes": "%BYTES_RECEIVED%",
    "response_bytes": "%BYTES_SENT%",
    "cluster": "%UPSTREAM_CLUSTER%",
    "upstream_failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "trace_id": "%TRACE_ID%",
}
_OWN_PREFIXES = ("x-weneeds-", "x-envoy-")
# What a client may say all the same, and the name under which it outlasts the removal.
_SPOKEN = {"x-weneeds-client": "x-kept-client", "x-weneeds-csrf": "x-kept-csrf"}
_STREAM_IDLE = "300s"


def listeners(
    topology: GatewayTopology, contract: Contract, reachable: list[Method], rest: list[RestRoute]
) -> list[Config]:
    """One port for REST, gRPC-web and gRPC."""
    manager = _manager(topology, contract, reachable, rest)
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager",
                          "typed_config": manager}]}  # fmt: skip
    return [
        {
            "name": "public",
            "address": socket_address(topology.host, topology.port),
            "filter_chains": [chain],
            "per_connection_buffer_limit_bytes": topology.limits.body_bytes,
        }
    ]


def _manager(
    topology: GatewayTopology, contract: Contract, reachable: list[Method], rest: list[RestRoute]
) -> Config:
    return {
        "@type": f"{_EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "public",
        "codec_type": "AUTO",
        "server_name": "weneeds",
        "route_config": route_config(topology, reachable, rest),
        "http_filters": http_filters(topology, contract, reachable),
        "local_reply_config": errors.local_reply(),
        "access_log": [_access_log(topology)],
        "tracing": _tracing(topology),
        **_client_facts(topology),
        **_strictness(topology),
    }


def _client_facts(topology: GatewayTopology) -> Config:
    """Who the client is, in words that only the gateway can say."""
    return {
        "use_remote_address": True,
        "xff_num_trusted_hops": topology.trusted_hops,
        "generate_request_id": True,
        "always_set_request_id_in_response": True,
        "early_header_mutation_extensions": [_strip(topology)],
    }


def _strip(topology: GatewayTopology) -> Config:
    mutations: list[Config] = [
        *({"remove": kept} for kept in _SPOKEN.values()),
        *(_copied(spoken, kept) for spoken, kept in _SPOKEN.items()),
        *({"remove_on_match": {"key_matcher": {"prefix": prefix}}} for prefix in _OWN_PREFIXES),
        {"remove": "x-request-id"},
        *(_copied(kept, spoken) for spoken, kept in _SPOKEN.items()),
        *({"remove": kept} for kept in _SPOKEN.values()),
    ]
    if topology.trusted_hops == 0:
        mutations += [{"remove": "x-forwarded-for"}, {"remove": "x-forwarded-proto"}]
    return {
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": {
            "@type": f"{_EXTENSIONS}.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            "mutations": mutations,
        },
    }


def _copied(source: str, target: str) -> Config:
    """Nothing when the source is not there."""
    header = {"key": target, "value": f"%REQ({source})%"}
    return {"append": {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}


def _strictness(topology: GatewayTopology) -> Config:
    return {
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "max_request_headers_kb": topology.limits.header_kib,
        "request_headers_timeout": "10s",
        "request_timeout": "30s",
        "stream_idle_timeout": _STREAM_IDLE,
        "common_http_protocol_options": {
            "idle_timeout": "3600s",
            "headers_with_underscores_action": "DROP_HEADER",
        },
        "http2_protocol_options": {
            "max_concurrent_streams": 256,
            "initial_stream_window_size": 256 * 1024,
            "initial_connection_window_size": 1024 * 1024,
        },
    }


def _access_log(topology: GatewayTopology) -> Config:
    log_format = {"json_format": _ACCESS_LOG}
    if topology.access_log is None:
        kind = "access_loggers.stream.v3.StdoutAccessLog"
        return _logger("stdout", {"@type": f"{_EXTENSIONS}.{kind}", "log_format": log_format})
    kind = "access_loggers.file.v3.FileAccessLog"
    path = str(topology.access_log)
    return _logger(
        "file", {"@type": f"{_EXTENSIONS}.{kind}", "path": path, "log_format": log_format}
    )


def _logger(kind: str, config: Config) -> Config:
    return {"name": f"envoy.access_loggers.{kind}", "typed_config": config}


def _tracing(topology: GatewayTopology) -> Config:
    """Passes traceparent on, or begins a trace; unsampled when nobody collects."""
    return {
        "provider": {
            "name": "envoy.tracers.opentelemetry",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
                "service_name": "gateway",
                "grpc_service": {"envoy_grpc": {"cluster_name": OTLP}, "timeout": "1s"},
            },
        },
        "random_sampling": {"value": topology.trace_percent if topology.otlp else 0},
        "spawn_upstream_span": False,
    }
