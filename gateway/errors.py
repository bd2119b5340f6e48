"""The gateway's own refusals, in the shape of everybody else's.

An error is a google.rpc.Status. For REST it is the JSON body; for gRPC and gRPC-web, and for REST
calls that the transcoder already turned into gRPC, it travels in grpc-status, grpc-message and
grpc-status-details-bin, from which the transcoder writes the same JSON.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf import any_pb2, duration_pb2
from google.protobuf.json_format import MessageToDict
from google.rpc import code_pb2, error_details_pb2, status_pb2

Config = dict[str, Any]

DOMAIN = "gateway.weneeds.fr"
_RETRY_AFTER_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Refusal:
    """One error of the gateway. `details` narrows it to response code details that contain it.

    `answers` is the HTTP status that the caller sees, `http` if 0; `says_why` puts the filter's
    own words into the message.
    """

    http: int
    code: int
    reason: str
    text: str
    details: str = ""
    answers: int = 0
    says_why: bool = False
    retry_after: bool = False


# The first match wins, so those told apart by the response code details come first. Messages
# of the transcoder and the body check speak of the caller's own input and are passed on.
REFUSALS = (
    Refusal(400, code_pb2.INVALID_ARGUMENT, "REQUEST_MALFORMED",
            "The request is malformed.", details="lua_response", says_why=True),
    Refusal(400, code_pb2.INVALID_ARGUMENT, "REQUEST_MALFORMED",
            "The request is malformed.", details="grpc_json_transcode", says_why=True),
    Refusal(400, code_pb2.INVALID_ARGUMENT, "REQUEST_MALFORMED", "The request is malformed."),
    Refusal(401, code_pb2.UNAUTHENTICATED, "TOKEN_MISSING",
            "Sign in to continue.", details="Jwt_is_missing"),
    Refusal(401, code_pb2.UNAUTHENTICATED, "TOKEN_EXPIRED",
            "The access token has expired.", details="Jwt_is_expired"),
    Refusal(401, code_pb2.UNAUTHENTICATED, "TOKEN_INVALID",
            "The access token is not valid."),
    # The signature is good and the audience is not: a token all the same not meant for us.
    Refusal(403, code_pb2.UNAUTHENTICATED, "TOKEN_INVALID",
            "The access token is not valid.", details="jwt_authn_access_denied", answers=401),
    Refusal(403, code_pb2.PERMISSION_DENIED, "CSRF_REQUIRED",
            "Calls by cookie need a known Origin and the header x-weneeds-csrf.",
            details="lua_response"),
    Refusal(403, code_pb2.PERMISSION_DENIED, "REFUSED", "The request is refused."),
    Refusal(404, code_pb2.NOT_FOUND, "ROUTE_NOT_FOUND", "There is nothing at this path."),
    Refusal(405, code_pb2.UNIMPLEMENTED, "METHOD_NOT_ALLOWED",
            "This path does not answer to this HTTP method."),
    Refusal(408, code_pb2.DEADLINE_EXCEEDED, "REQUEST_TOO_SLOW", "The request took too long."),
    Refusal(413, code_pb2.RESOURCE_EXHAUSTED, "BODY_TOO_LARGE", "The body is too large."),
    Refusal(415, code_pb2.INVALID_ARGUMENT, "MEDIA_TYPE_UNSUPPORTED",
            "Send application/json, or gRPC to a gRPC path."),
    Refusal(426, code_pb2.INVALID_ARGUMENT, "REQUEST_MALFORMED", "The request is malformed."),
    Refusal(429, code_pb2.RESOURCE_EXHAUSTED, "RATE_LIMITED",
            "Too many requests. Try again in 1 s.", retry_after=True),
    Refusal(431, code_pb2.RESOURCE_EXHAUSTED, "HEADERS_TOO_LARGE", "The headers are too large."),
    Refusal(500, code_pb2.INTERNAL, "INTERNAL", "An unexpected error occurred."),
    Refusal(502, code_pb2.UNAVAILABLE, "DEPENDENCY_DOWN",
            "The service is unavailable for the moment. Try again."),
    Refusal(503, code_pb2.UNAVAILABLE, "DEPENDENCY_DOWN",
            "The service is unavailable for the moment. Try again."),
    Refusal(504, code_pb2.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT",
            "The service did not answer in time."),
)  # fmt: skip


def status_of(refusal: Refusal) -> status_pb2.Status:
    """The status that stands for a refusal."""
    details: list[any_pb2.Any] = [any_pb2.Any()]
    details[0].Pack(error_details_pb2.ErrorInfo(reason=refusal.reason, domain=DOMAIN))
    if refusal.retry_after:
        wait = duration_pb2.Duration(seconds=_RETRY_AFTER_SECONDS)
        details.append(any_pb2.Any())
        details[1].Pack(error_details_pb2.RetryInfo(retry_delay=wait))
    return status_pb2.Status(code=refusal.code, message=refusal.text, details=details)


def local_reply() -> Config:
    """The HttpConnectionManager's local_reply_config."""
    other = {"code": code_pb2.UNKNOWN, "message": "The request failed.", "details": []}
    last = {"filter": _status_is("GE", 400), "body_format_override": _json(other)}
    return {"mappers": [*(m for refusal in REFUSALS for m in _mappers(refusal)), last]}


def _mappers(refusal: Refusal) -> Iterator[Config]:
    """One mapper for gRPC, then one for everything else."""
    status = status_of(refusal)
    retry = _headers({"retry-after": str(_RETRY_AFTER_SECONDS)}) if refusal.retry_after else []
    yield {
        "filter": _matching(refusal, grpc=True),
        "status_code": 200,
        "headers_to_add": retry + _headers(_grpc_headers(status)),
        "body_format_override": {
            "text_format_source": {"inline_string": ""},
            "content_type": "application/grpc",
        },
    }
    body = MessageToDict(status)
    if refusal.says_why:
        body["message"] = "%LOCAL_REPLY_BODY%"
    yield {
        "filter": _matching(refusal, grpc=False),
        "status_code": refusal.answers or refusal.http,
        "headers_to_add": retry,
        "body_format_override": _json(body),
    }


def _grpc_headers(status: status_pb2.Status) -> dict[str, str]:
    packed = base64.b64encode(status.SerializeToString()).decode().rstrip("=")
    return {
        "grpc-status": str(status.code),
        "grpc-message": status.message,
        "grpc-status-details-bin": packed,
    }


def _headers(values: dict[str, str]) -> list[Config]:
    return [
        {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        for key, value in values.items()
    ]


def _json(body: Config) -> Config:
    return {"json_format": body, "content_type": "application/json"}


def _matching(refusal: Refusal, *, grpc: bool) -> Config:
    filters = [_status_is("EQ", refusal.http), _speaks(grpc=grpc)]
    if refusal.details:
        filters.append(_details_have(refusal.details))
    return _all(*filters)


def _status_is(comparison: str, http: int) -> Config:
    value = {"default_value": http, "runtime_key": "gateway.unused"}
    return {"status_code_filter": {"comparison": {"op": comparison, "value": value}}}


def _speaks(*, grpc: bool) -> Config:
    """Whether the caller does; a transcoded call has the type of gRPC, and its first path."""
    kind = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
    first = {"name": "x-envoy-original-path", "present_match": True}
    if grpc:
        return _all(_has(kind), _has({**first, "invert_match": True}))
    no_kind = {**kind, "invert_match": True, "treat_missing_header_as_empty": True}
    return {"or_filter": {"filters": [_has(no_kind), _has(first)]}}


def _has(header: Config) -> Config:
    return {"header_filter": {"header": header}}


def _all(*filters: Config) -> Config:
    return {"and_filter": {"filters": list(filters)}}


def _details_have(text: str) -> Config:
    return {
        "extension_filter": {
            "name": "envoy.access_loggers.extension_filters.cel",
            "typed_config": {
                "@type": "type.googleapis.com/"
                "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
                "expression": f'response.code_details.contains("{text}")',
            },
        }
    }
