"""The route table: gRPC paths to services, REST paths to the transcoder, the rest to an error."""

from __future__ import annotations

from typing import Any

from gateway import pages
from gateway.contract import Method
from gateway.filters import BUFFER, CORS, JWT, LUA, TRANSCODER, bounded, cors_policy, disabled
from gateway.paths import RestRoute
from gateway.topology import GatewayTopology, Limits

Config = dict[str, Any]

PORTAL = "portal"
_AUTH = "auth"
# A cluster without addresses.
NOWHERE = "nowhere"
# With what stands below them.
_PORTAL_FOLDERS = ("/docs", "/mailbox", "/status")
_PORTAL_PAGES = ("/", "/openapi.json", "/mailbox.json", "/status.json")
_PREFLIGHT_HEADERS = ("origin", "access-control-request-method")
_RETRIES = 2
# A webhook of the card processor is some KiB long.
RAW_BODY_BYTES = 256 * 1024
# What a body may have beside the bytes that its method allows.
_ENVELOPE = 64 * 1024
_GRPC = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}


def route_config(
    topology: GatewayTopology, reachable: list[Method], rest: list[RestRoute]
) -> Config:
    """The one virtual host. Only gRPC paths, the portal and pages lead to a cluster."""
    routes = [
        *(_preflight() for _ in topology.cors_origins[:1]),
        *(_grpc(method, topology.limits) for method in reachable),
        *_rest(rest),
        _healthz(),
        *(_portals(topology) if topology.portal else ()),
        *(_not_grpc(method) for method in reachable),
        *([pages.route(topology.pages, cluster_of(_AUTH))] if topology.pages else ()),
        _answer("not_found", {"prefix": "/"}, 404),
    ]
    return {
        "name": "gateway",
        "virtual_hosts": [
            {
                "name": "gateway",
                "domains": ["*"],
                "routes": routes,
                "typed_per_filter_config": {CORS: cors_policy(topology)},
                "request_headers_to_add": [
                    _header("x-weneeds-address", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%")
                ],
                "request_headers_to_remove": ["x-envoy-internal", "x-envoy-external-address"],
            }
        ],
    }


def cluster_of(service: str) -> str:
    """The name of a service's cluster."""
    return f"service_{service}"


def _grpc(method: Method, limits: Limits) -> Config:
    """Native gRPC, gRPC-web and transcoded REST alike end here."""
    room = body_bytes(method.policy.max_request_bytes)
    return {
        "name": method.full_name,
        "match": {
            "path": method.path,
            "headers": [_method_is("POST"), _GRPC],
        },
        "route": _streaming(limits, method) if method.proto.server_streaming
        else _unary(limits, method),
        "request_headers_to_add": [] if method.proto.server_streaming
        else [_default_deadline(limits.unary_timeout)],
        "response_headers_to_add": [_header("cache-control", "no-store")],
        # The body check is for JSON. The choice is made when the request arrives, so a REST
        # call, which gets here by way of the transcoder, has been checked.
        "typed_per_filter_config": {**disabled(LUA), **_roomy(room)},
        **_buffered(room),
    }  # fmt: skip


def body_bytes(most: int, *, rest: bool = False) -> int:
    """Return how many bytes a body may have where a method takes more than others; 0: no more.

    In JSON, bytes come as base64, which takes four characters for three.
    """
    return most * (4 if rest else 3) // 3 + _ENVELOPE if most else 0


def _roomy(size: int) -> Config:
    """A larger bound for the body, by the route that the request arrives at."""
    if not size:
        return {}
    kind = "envoy.extensions.filters.http.buffer.v3.BufferPerRoute"
    per_route = {"@type": f"type.googleapis.com/{kind}", "buffer": {"max_request_bytes": size}}
    return {BUFFER: per_route}


def _buffered(size: int) -> Config:
    return {"request_body_buffer_limit": size} if size else {}


def _unary(limits: Limits, method: Method) -> Config:
    return {
        "cluster": cluster_of(method.owner),
        "timeout": f"{limits.unary_timeout}s",
        "retry_policy": _retry(method),
    }


def _streaming(limits: Limits, method: Method) -> Config:
    return {
        "cluster": cluster_of(method.owner),
        "timeout": "0s",
        "idle_timeout": f"{limits.stream_idle_timeout}s",
        "retry_policy": _retry(method),
    }


def _retry(method: Method) -> Config:
    """A call that may have been executed is sent again only if that does no harm."""
    never_executed = "connect-failure,refused-stream"
    return {
        "retry_on": f"{never_executed},unavailable,reset" if method.retryable else never_executed,
        "num_retries": _RETRIES,
        "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
        "retry_host_predicate": [_previous_hosts()],
        "host_selection_retry_max_attempts": 3,
    }


def _previous_hosts() -> Config:
    kind = "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
    return {
        "name": "envoy.retry_host_predicates.previous_hosts",
        "typed_config": {"@type": f"type.googleapis.com/{kind}"},
    }


def _default_deadline(seconds: float) -> Config:
    return {
        "header": {"key": "grpc-timeout", "value": f"{int(seconds * 1000)}m"},
        "append_action": "ADD_IF_ABSENT",
    }


def _rest(rest: list[RestRoute]) -> list[Config]:
    """REST paths as they arrive. The transcoder rewrites them, and the route is chosen anew.

    A path that the transcoder leaves alone stays on a route that leads nowhere.
    """
    paths = dict.fromkeys(route.template.regex for route in rest)
    refused = [_answer("method_not_allowed", _path_is(path), 405) for path in paths]
    return [*map(_arriving, rest), *refused]


def _arriving(route: RestRoute) -> Config:
    """The body check learns which fields stand in the path, and what the body is.

    A raw body is nobody's JSON: it is bounded in size, and nothing else is looked at.
    """
    if route.raw:
        return {
            "name": "rest",
            "match": {**_path_is(route.template.regex), "headers": [_method_is(route.method)]},
            "route": {"cluster": NOWHERE},
            "typed_per_filter_config": {**disabled(LUA), BUFFER: bounded(RAW_BODY_BYTES)},
        }
    room = body_bytes(route.max_bytes, rest=True)
    facts = {"bound": list(route.template.variables), "body": route.body}
    kind = "envoy.extensions.filters.http.lua.v3.LuaPerRoute"
    return {
        "name": "rest",
        "match": {**_path_is(route.template.regex), "headers": [_method_is(route.method)]},
        "route": {"cluster": NOWHERE},
        "typed_per_filter_config": {
            LUA: {"@type": f"type.googleapis.com/{kind}", "filter_context": facts},
            **_roomy(room),
        },
        **_buffered(room),
    }


def _preflight() -> Config:
    """Answered by the CORS filter, which looks only at routes that lead to a cluster."""
    wanted = [{"name": name, "present_match": True} for name in _PREFLIGHT_HEADERS]
    return {
        "name": "preflight",
        "match": {"prefix": "/", "headers": [_method_is("OPTIONS"), *wanted]},
        "route": {"cluster": NOWHERE},
        "typed_per_filter_config": disabled(LUA, TRANSCODER, JWT),
    }


def _not_grpc(method: Method) -> Config:
    """A POST to a gRPC path with a body that is not gRPC."""
    return _answer("media_type", {"path": method.path, "headers": [_method_is("POST")]}, 415)


def _portals(topology: GatewayTopology) -> list[Config]:
    """The portal's pages; where there is a site, its own are the site's to begin with."""
    below = [_portal({"path_separated_prefix": path}) for path in _PORTAL_FOLDERS]
    single = [path for path in _PORTAL_PAGES if path != "/" or topology.pages is None]
    return [*below, *(_portal({"path": path}) for path in single)]


def _portal(path: Config) -> Config:
    return {
        "name": PORTAL,
        "match": {**path, "headers": [_method_is("GET")]},
        "route": {"cluster": PORTAL, "timeout": "15s"},
        "typed_per_filter_config": disabled(LUA, TRANSCODER, JWT),
    }


def _healthz() -> Config:
    answer = _answer("healthz", {"path": "/healthz", "headers": [_method_is("GET")]}, 200)
    answer["direct_response"]["body"] = {"inline_string": "ok"}
    answer["response_headers_to_add"] = [_header("content-type", "text/plain; charset=utf-8")]
    return answer


def _answer(name: str, match: Config, status: int) -> Config:
    """A response of the gateway itself; the body of errors comes from the local reply mappers."""
    return {
        "name": name,
        "match": match,
        "direct_response": {"status": status},
        "typed_per_filter_config": disabled(LUA, TRANSCODER, JWT),
    }


def _path_is(regex: str) -> Config:
    return {"safe_regex": {"regex": regex}}


def _method_is(method: str) -> Config:
    return {"name": ":method", "string_match": {"exact": method}}


def _header(key: str, value: str) -> Config:
    header = {"key": key, "value": value}
    return {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
