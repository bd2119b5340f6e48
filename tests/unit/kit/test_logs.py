import json
import logging
import sys

import asyncpg

from services.kit.logs import JsonFormatter, in_brief


def _line(error: Exception) -> str:
    try:
        raise error
    except Exception:
        record = logging.makeLogRecord(
            {"name": "kit", "msg": "failed", "levelname": "ERROR", "exc_info": sys.exc_info()}
        )
    return JsonFormatter().format(record)


def test_a_line_is_json_with_its_exception() -> None:
    line = json.loads(_line(ValueError("why")))
    assert line["message"] == "failed"
    assert "ValueError: why" in line["exception"]


def test_the_values_of_a_row_stay_out_of_the_log() -> None:
    error = asyncpg.UniqueViolationError("duplicate key value")
    error.detail = "Key (email)=(ada@example.org) already exists."
    assert "ada@example.org" in str(error)
    line = _line(error)
    assert "duplicate key value" in line
    assert "ada@example.org" not in line
    assert in_brief(error) == "UniqueViolationError: duplicate key value"
