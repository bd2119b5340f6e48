"""Response headers that protect browsers, on whatever leaves the filter chain."""

from __future__ import annotations

from typing import Any

from gateway.topology import GatewayTopology

Config = dict[str, Any]

HEADERS = "envoy.filters.http.header_mutation"

# An answer of the API is data: it loads nothing, runs nothing and stands in no frame. Pages of
# the portal bring a policy of their own.
_DATA_ONLY = (
    "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


def response_headers(topology: GatewayTopology) -> Config:
    """The filter that adds them. It stands first, so that refusals of the others have them too."""
    added = [
        _set("x-content-type-options", "nosniff", "OVERWRITE_IF_EXISTS_OR_ADD"),
        _set("referrer-policy", "no-referrer", "OVERWRITE_IF_EXISTS_OR_ADD"),
        _set("content-security-policy", _DATA_ONLY, "ADD_IF_ABSENT"),
        _set("cache-control", "no-store", "ADD_IF_ABSENT"),
    ]
    if topology.trusted_hops:
        # RFC 6797 forbids it over plain HTTP: only with a proxy in front, which ends TLS.
        added.append(
            _set("strict-transport-security", _STRICT_TRANSPORT, "OVERWRITE_IF_EXISTS_OR_ADD")
        )
    kind = "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation"
    return {
        "name": HEADERS,
        "typed_config": {"@type": kind, "mutations": {"response_mutations": added}},
    }


def _set(key: str, value: str, action: str) -> Config:
    return {"append": {"header": {"key": key, "value": value}, "append_action": action}}
