"""The errors that the API answers, and the ways in which it can be made to fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """An error answer, in the shape that the API gives it."""

    def __init__(self, status: int, kind: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        # What the request did before it failed stays: a declined intent is an object.
        self.keeps = status == 402  # noqa: PLR2004 - payment required: the card said no
        self.body: Json = {"error": {"type": kind, "message": message, **more}}


def invalid(message: str, code: str = "", param: str = "") -> ApiError:
    """A request that makes no sense."""
    more = {key: value for key, value in (("code", code), ("param", param)) if value}
    return ApiError(400, "invalid_request_error", message, **more)


def missing(kind: str, object_id: str) -> ApiError:
    """An id that names nothing."""
    message = f"No such {kind}: '{object_id}'"
    return ApiError(404, "invalid_request_error", message, code="resource_missing", param="id")


class Mode(StrEnum):
    """How a request can go wrong."""

    # Nothing happens, and the answer is a 500.
    ERROR_500 = "error_500"
    # The objects are there; the answer, kept under the idempotency key, is a 500.
    COMMIT_THEN_500 = "commit_then_500"
    # The connection ends before anything happened.
    DROP_REQUEST = "drop_request"
    # The objects are there, the answer is lost on the way.
    DROP_REPLY = "drop_reply"
    # The answer takes `seconds`.
    SLOW = "slow"
    # 429.
    RATE_LIMIT = "rate_limit"


@dataclass
class Fault:
    """A rule: POST requests whose path starts with `path` fail with this chance, `count` times."""

    mode: Mode
    path: str = "/v1/"
    chance: float = 1.0
    # None: without an end.
    count: int | None = None
    seconds: float = 2.0


@dataclass
class Faults:
    """The rules in force; the first that strikes is the one."""

    rules: list[Fault] = field(default_factory=list)
    random: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - chance, no secret
    # How often each mode struck.
    struck: dict[str, int] = field(default_factory=dict)

    def replace(self, rules: list[Fault], seed: int) -> None:
        """Put other rules in force, with the dice of `seed`."""
        self.rules = rules
        self.random = Random(seed)  # noqa: S311
        self.struck = {}

    def strike(self, path: str) -> Fault | None:
        """Return the fault that this request meets."""
        for rule in self.rules:
            if rule.count == 0 or not path.startswith(rule.path):
                continue
            if self.random.random() >= rule.chance:
                continue
            if rule.count is not None:
                rule.count -= 1
            self.struck[rule.mode] = self.struck.get(rule.mode, 0) + 1
            return rule
        return None
