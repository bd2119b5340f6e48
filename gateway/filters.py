"""The HTTP filters, in the order in which a request meets them (docs/gateway.md says why)."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from weneeds.options.v1 import policy_pb2

from gateway import key_sets
from gateway.contract import Contract, Method
from gateway.headers import response_headers
from gateway.topology import GatewayTopology, Limits, TokenIssuer

Config = dict[str, Any]

CORS = "envoy.filters.http.cors"
RATE_LIMIT = "envoy.filters.http.local_ratelimit"
BUFFER = "envoy.filters.http.buffer"
LUA = "envoy.filters.http.lua"
GRPC_WEB = "envoy.filters.http.grpc_web"
TRANSCODER = "envoy.filters.http.grpc_json_transcoder"
BROWSER = "weneeds.filters.http.browser"
JWT = "envoy.filters.http.jwt_authn"
ROUTER = "envoy.filters.http.router"

_CLOCK_SKEW_SECONDS = 5
_FOLDER = Path(__file__).parent


def http_filters(
    topology: GatewayTopology, contract: Contract, reachable: list[Method]
) -> list[Config]:
    """The chain. Everything after the transcoder sees gRPC only."""
    return [
        response_headers(topology),
        _filter(CORS, "cors.v3.Cors"),
        _filter(GRPC_WEB, "grpc_web.v3.GrpcWeb"),
        _rate_limit(topology.limits),
        _filter(BUFFER, "buffer.v3.Buffer", max_request_bytes=topology.limits.body_bytes),
        _json_fields(topology.limits),
        _transcoder(topology.limits, contract, reachable),
        _browser(topology, reachable),
        _jwt(topology, reachable),
        _filter(ROUTER, "router.v3.Router", suppress_envoy_headers=True),
    ]


def cors_policy(topology: GatewayTopology) -> Config:
    """What browsers of the configured origins may do; the virtual host carries it."""
    return {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
        "allow_origin_string_match": [{"exact": origin} for origin in topology.cors_origins],
        "allow_methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
        "allow_headers": "authorization, content-type, accept-language, grpc-timeout, "
        "x-grpc-web, x-user-agent, traceparent, tracestate, x-weneeds-client, x-weneeds-csrf",
        "expose_headers": "grpc-status, grpc-message, grpc-status-details-bin, x-request-id, "
        "retry-after",
        "allow_credentials": True,
        "max_age": "7200",
        "forward_not_matching_preflights": False,
    }


def _filter(name: str, kind: str, **config: Any) -> Config:
    type_url = f"type.googleapis.com/envoy.extensions.filters.http.{kind}"
    return {"name": name, "typed_config": {"@type": type_url, **config}}


def _rate_limit(limits: Limits) -> Config:
    """A token bucket for each client address; the descriptor without a value is a wildcard."""
    bucket = {
        "max_tokens": limits.request_burst,
        "tokens_per_fill": limits.requests_per_second,
        "fill_interval": "1s",
    }
    everybody = {"max_tokens": 1_000_000, "tokens_per_fill": 1_000_000, "fill_interval": "1s"}
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return _filter(
        RATE_LIMIT,
        "local_ratelimit.v3.LocalRateLimit",
        stat_prefix="client",
        token_bucket=everybody,
        filter_enabled=always,
        filter_enforced=always,
        descriptors=[{"entries": [{"key": "remote_address"}], "token_bucket": bucket}],
        max_dynamic_descriptors=limits.tracked_addresses,
        rate_limits=[{"actions": [{"remote_address": {}}]}],
    )


def _json_fields(limits: Limits) -> Config:
    bounds = {
        "MAX_PATHS": limits.json_paths,
        "MAX_BYTES": limits.json_path_bytes,
        "MAX_DEPTH": limits.json_depth,
        "MAX_STEPS": limits.json_steps,
    }
    head = "".join(f"local {name} = {bound}\n" for name, bound in bounds.items())
    script = head + (_FOLDER / "json_fields.lua").read_text()
    return _filter(LUA, "lua.v3.Lua", default_source_code={"inline_string": script})


def _browser(topology: GatewayTopology, reachable: list[Method]) -> Config:
    needing = [m.path for m in reachable if m.policy.access != policy_pb2.ACCESS_PUBLIC]
    head = _lua_set("NEEDS_TOKEN", needing) + _lua_set("ORIGINS", topology.cors_origins)
    script = head + (_FOLDER / "browser.lua").read_text()
    return _filter(BROWSER, "lua.v3.Lua", default_source_code={"inline_string": script})


def _lua_set(name: str, members: Sequence[str]) -> str:
    """A Lua table with `true` for each member; JSON strings of such members are Lua strings."""
    entries = "".join(f"  [{json.dumps(member)}] = true,\n" for member in members)
    return f"local {name} = {{\n{entries}}}\n"


def _transcoder(limits: Limits, contract: Contract, reachable: list[Method]) -> Config:
    services = {f"{m.package}.{m.service}": None for m in reachable if m.bindings}
    return _filter(
        TRANSCODER,
        "grpc_json_transcoder.v3.GrpcJsonTranscoder",
        proto_descriptor_bin=base64.b64encode(contract.for_envoy()).decode(),
        services=list(services),
        convert_grpc_status=True,
        # The filter before has kept bodies to what their routes allow.
        max_request_body_size=max([limits.body_bytes, *map(_json_bytes, reachable)]),
        max_response_body_size=limits.response_bytes,
        print_options={
            "always_print_primitive_fields": True,
            "stream_newline_delimited": True,
            "stream_sse_style_delimited": True,
        },
        request_validation_options={
            "reject_unknown_method": True,
            "reject_unknown_query_parameters": True,
            "reject_binding_body_field_collisions": True,
        },
    )


def _json_bytes(method: Method) -> int:
    """In JSON, bytes come as base64, which takes four characters for three."""
    return method.policy.max_request_bytes * 4 // 3 + 64 * 1024


def _jwt(topology: GatewayTopology, reachable: list[Method]) -> Config:
    """One rule for each method that has a route; whatever else gets here needs a site token."""
    providers = {
        kind: _provider(kind, tokens) for kind, tokens in key_sets.issuers(topology).items()
    }
    deny_by_default = {"match": {"prefix": "/"}, "requires": {"provider_name": key_sets.SITE}}
    return _filter(
        JWT,
        "jwt_authn.v3.JwtAuthentication",
        providers=providers,
        rules=[*(_rule(method, list(providers)) for method in reachable), deny_by_default],
        bypass_cors_preflight=True,
    )


def _provider(kind: str, tokens: TokenIssuer) -> Config:
    """The token is passed on: services verify it again."""
    return {
        "issuer": tokens.issuer,
        "audiences": [tokens.audience],
        "remote_jwks": key_sets.followed(kind),
        "from_headers": [{"name": "authorization", "value_prefix": "Bearer "}],
        "forward": True,
        "require_expiration": True,
        "clock_skew_seconds": _CLOCK_SKEW_SECONDS,
        "jwt_cache_config": {"jwt_cache_size": 1000},
    }


def _rule(method: Method, providers: list[str]) -> Config:
    """Any genuine token passes; the service tells a user's from one of staff, and says which."""
    match = {"path": method.path}
    if method.policy.access == policy_pb2.ACCESS_PUBLIC:
        return {"match": match}
    names = [{"provider_name": name} for name in providers]
    wanted = names[0] if len(names) == 1 else {"requires_any": {"requirements": names}}
    return {"match": match, "requires": wanted}


def disabled(*names: str) -> Config:
    """A per-route entry that leaves filters out; decided by the route that arrives."""
    config = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}
    return dict.fromkeys(names, config)


def bounded(size: int) -> Config:
    """A per-route entry of the body size limit."""
    kind = "envoy.extensions.filters.http.buffer.v3.BufferPerRoute"
    return {"@type": f"type.googleapis.com/{kind}", "buffer": {"max_request_bytes": size}}
