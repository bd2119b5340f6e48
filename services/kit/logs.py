"""Structured logs: one JSON object a line, with the call's correlation id."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

from services.kit.call import current_call
from services.kit.telemetry import trace_id

# `json.dumps` with arguments makes a new encoder for each line.
_ENCODE = json.JSONEncoder(default=str, ensure_ascii=False).encode
# How asyncpg introduces a row's values in the text of an error.
_ROW_TEXT = ("DETAIL:", "CONTEXT:")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
# What JSON leaves as it is, and what a reader of logs may take for the end of a line or for a
# command: DEL, C1, line and paragraph separators, marks of the writing direction.
_UNSAFE = re.compile(
    "[\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)


def in_brief(error: BaseException) -> str:
    """Return the kind of `error` and the first line of its text: no values of rows."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


class JsonFormatter(logging.Formatter):
    """Writes a record and its extra fields. Exceptions come with their trace."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        call = current_call()
        if call is not None:
            line["service"] = call.method.service
            line["method"] = call.method.path
            line["correlation_id"] = call.correlation_id
        if trace := trace_id():
            line["trace_id"] = trace
        extra = {k: v for k, v in record.__dict__.items() if k not in _STANDARD}
        line.update(extra)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        text = _ENCODE(line)
        return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

    def formatException(self, ei: Any) -> str:
        """Return the traceback without what Postgres tells of the row: it may hold a person."""
        lines = super().formatException(ei).splitlines()
        return "\n".join(text for text in lines if not text.lstrip().startswith(_ROW_TEXT))


def configure(level: str) -> None:
    """Send every log of the process to standard output as JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("nats").setLevel(logging.WARNING)
