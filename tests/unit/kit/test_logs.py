"""Log lines: one JSON object each, whatever strangers put into them."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timedelta

import asyncpg
import pytest

from services.kit.logs import JsonFormatter, in_brief

# What some reader takes for the end of a line or for a command to a terminal.
FORGED = [
    'x\n{"level": "INFO", "message": "all is well"}',
    "x\r\ny",
    "x\x85y",
    "x\u2028y",
    "x\u2029y",
    "x\x1b[2Ky",
    "x\x9b2Ky",
    "x\x7fy",
    "x\u202ey",
    "x\x00y",
]


def written(message: str, *arguments: object, **extra: object) -> str:
    """The line of one record."""
    record = logging.LogRecord("test", logging.WARNING, __file__, 1, message, arguments, None)
    record.__dict__.update(extra)
    return JsonFormatter().format(record)


@pytest.mark.parametrize("text", FORGED)
def test_a_strangers_text_stays_on_its_line(text: str) -> None:
    line = written("said %s", text, name_of_field=text)
    assert line.splitlines() == [line]
    assert line.isprintable()
    told = json.loads(line)
    assert told["message"] == f"said {text}"
    assert told["name_of_field"] == text
    assert told["level"] == "WARNING"


def test_letters_stay_readable() -> None:
    assert "Éloïse" in written("Éloïse")


def test_a_line_says_when_in_utc_where_and_what() -> None:
    told = json.loads(written("served", port=1))
    assert datetime.fromisoformat(told["time"]).utcoffset() == timedelta(0)
    assert told["logger"] == "test"
    assert told["port"] == 1


def test_an_exception_is_part_of_the_line() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        failure = sys.exc_info()
    record = logging.LogRecord("test", logging.ERROR, __file__, 1, "failed", (), failure)
    line = JsonFormatter().format(record)
    assert line.splitlines() == [line]
    assert "ValueError: first\nsecond" in json.loads(line)["exception"]


def test_the_values_of_a_row_stay_out_of_the_log() -> None:
    error = asyncpg.UniqueViolationError("duplicate key value")
    error.detail = "Key (email)=(ada@example.org) already exists."
    assert "ada@example.org" in str(error)
    try:
        raise error
    except asyncpg.UniqueViolationError:
        failure = sys.exc_info()
    record = logging.LogRecord("test", logging.ERROR, __file__, 1, "failed", (), failure)
    line = JsonFormatter().format(record)
    assert "duplicate key value" in line
    assert "ada@example.org" not in line
    assert in_brief(error) == "UniqueViolationError: duplicate key value"
