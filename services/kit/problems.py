"""From an expected failure to google.rpc.Status: one shape for every error.

details hold an ErrorInfo (reason, domain "<service>.weneeds.fr", metadata), a
LocalizedMessage in French or English, for wrong fields a BadRequest, for
limits a RetryInfo, and a RequestInfo with the correlation id.
"""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from services.kit.contract import Reason
from services.kit.errors import InvalidFields, RateLimited, Refused

DOMAIN = "weneeds.fr"
_LOCALES = {"fr": "fr-FR", "en": "en-US"}


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


class Problems:
    """Writes the statuses of one service."""

    def __init__(self, service: str, reasons: Mapping[str, Reason]) -> None:
        self._domain = f"{service}.{DOMAIN}"
        self._reasons = reasons

    def status(self, refused: Refused, locale: str, correlation_id: str) -> status_pb2.Status:
        """Return the status of `refused` in `locale` ("fr" or "en").

        A reason that the contract does not know is a defect of the service and
        raises KeyError, which the recovery layer turns into INTERNAL.
        """
        reason = self._reasons[refused.reason]
        metadata = {**refused.metadata, "correlation_id": correlation_id}
        text = (reason.en if locale == "en" else reason.fr).format_map(_Blank(metadata))
        details: list[Message] = [
            error_details_pb2.ErrorInfo(
                reason=refused.reason, domain=self._domain, metadata=refused.metadata
            ),
            error_details_pb2.LocalizedMessage(locale=_LOCALES[locale], message=text),
        ]
        if violations := _violations(refused, text):
            details.append(error_details_pb2.BadRequest(field_violations=violations))
        if isinstance(refused, RateLimited):
            delay = duration_pb2.Duration(seconds=refused.retry_after)
            details.append(error_details_pb2.RetryInfo(retry_delay=delay))
        details.append(error_details_pb2.RequestInfo(request_id=correlation_id))
        message = f"{refused.reason}: {reason.en.format_map(_Blank(metadata))}"
        return status_pb2.Status(
            code=reason.code, message=message, details=[_packed(detail) for detail in details]
        )


def _violations(refused: Refused, text: str) -> list[error_details_pb2.BadRequest.FieldViolation]:
    wrong = refused.violations if isinstance(refused, InvalidFields) else []
    if refused.field:
        wrong = [*wrong, (refused.field, text)]
    return [
        error_details_pb2.BadRequest.FieldViolation(field=field, description=description)
        for field, description in wrong
    ]


def _packed(detail: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed
