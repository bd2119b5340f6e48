"""The one documented error shape, whichever way an error came."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import grpc
import httpx
from google.protobuf.json_format import MessageToDict
from google.rpc import error_details_pb2, status_pb2

from gateway.wording import HTTP_STATUS

GATEWAY = "gateway.weneeds.fr"
_DOMAIN = re.compile(r"[a-z]+\.weneeds\.fr")
_HIDDEN = re.compile(
    r"Traceback|File \"|\.py\b|asyncpg|sqlalchemy|psycopg|nats\.|redis|grpc\.|<class|Error\("
    r"|\bselect\b.+\bfrom\b|\binsert into\b|violates|constraint|pg_|postgresql:|127\.0\.0\.1:",
    re.IGNORECASE,
)
_LOCALES = {"fr": "fr-FR", "en": "en-US"}


@dataclass(frozen=True)
class Problem:
    """An error as a caller sees it."""

    code: int
    message: str
    reason: str
    domain: str
    # By the short name of their type.
    details: dict[str, dict[str, Any]]

    @property
    def fields(self) -> list[str]:
        """The wrong fields, by dotted path."""
        wrong = self.details.get("BadRequest", {}).get("fieldViolations", [])
        return [violation.get("field", "") for violation in wrong]

    @property
    def local(self) -> str:
        """The text for people."""
        return str(self.details["LocalizedMessage"]["message"])

    @property
    def anonymous(self) -> tuple[Any, ...]:
        """All but what is each answer's own: the correlation id."""
        rest = {name: each for name, each in self.details.items() if name != "RequestInfo"}
        return self.code, self.message, rest


def of_rest(answer: httpx.Response, locale: str = "fr") -> Problem:
    """Read and check an error that came as JSON."""
    assert answer.is_error, answer.text
    assert answer.headers["content-type"].startswith("application/json"), answer.headers
    body = answer.json()
    assert set(body) == {"code", "message", "details"}, body
    assert answer.status_code == HTTP_STATUS[body["code"]] or answer.status_code >= 400
    problem = _problem(body["code"], body["message"], body["details"])
    if problem.domain != GATEWAY:
        assert answer.status_code == HTTP_STATUS[problem.code]
    return _checked(problem, locale, answer.text)


def of_grpc(error: grpc.aio.AioRpcError, locale: str = "fr") -> Problem:
    """Read and check an error that came over gRPC."""
    trailers = {key: value for key, value in error.trailing_metadata() or ()}  # noqa: C416
    packed = trailers.get("grpc-status-details-bin")
    assert isinstance(packed, bytes), f"{error.code()}: {error.details()}"
    return _of_status(packed, error.code().value[0], error.details() or "", locale)


def of_web(trailers: Mapping[str, str], locale: str = "fr") -> Problem:
    """Read and check an error that came over gRPC-web."""
    packed = trailers["grpc-status-details-bin"]
    decoded = base64.b64decode(packed + "=" * (-len(packed) % 4))
    message = unquote(trailers["grpc-message"])
    return _of_status(decoded, int(trailers["grpc-status"]), message, locale)


def _of_status(packed: bytes, code: int, message: str, locale: str) -> Problem:
    status = status_pb2.Status.FromString(packed)
    assert status.code == code
    assert status.message == message
    # As the gateway writes JSON: empty fields stand there too.
    details = [
        MessageToDict(detail, always_print_fields_with_no_presence=True)
        for detail in status.details
    ]
    return _checked(_problem(status.code, status.message, details), locale, str(status))


def _problem(code: int, message: str, details: list[dict[str, Any]]) -> Problem:
    by_name = {detail["@type"].rpartition(".")[2]: detail for detail in details}
    assert len(by_name) == len(details), "a detail stands there twice"
    info = by_name.get("ErrorInfo", {})
    return Problem(code, message, info.get("reason", ""), info.get("domain", ""), by_name)


def _checked(problem: Problem, locale: str, text: str) -> Problem:
    assert problem.code
    assert problem.message
    assert problem.reason, text
    assert _DOMAIN.fullmatch(problem.domain), problem.domain
    assert not _HIDDEN.search(text), text
    if problem.domain != GATEWAY:
        assert problem.message.startswith(f"{problem.reason}: ")
        assert problem.details["LocalizedMessage"]["locale"] == _LOCALES[locale]
        assert problem.local
        assert problem.details["RequestInfo"]["requestId"]
    return problem


# Unpacking Any by name needs the types to be loaded.
_LOADED = error_details_pb2.DESCRIPTOR
