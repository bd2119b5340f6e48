"""WeNeeds for Python: typed clients over gRPC, blocking and asynchronous.

The names load when they are first used, so a program that wants only the
generated messages (`weneeds.jobs.v1.job_pb2`) pays for nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weneeds.aio import AsyncWeNeeds
    from weneeds.client import WeNeeds
    from weneeds.errors import (
        Aborted,
        AlreadyExists,
        Cancelled,
        DeadlineExceeded,
        FailedPrecondition,
        FieldProblem,
        Internal,
        InvalidArgument,
        NotFound,
        PermissionDenied,
        RateLimited,
        Unauthenticated,
        Unavailable,
        Unimplemented,
        WeNeedsError,
    )
    from weneeds.money import euros, micros
    from weneeds.paging import AsyncPager, Pager
    from weneeds.retry import RetryPolicy
    from weneeds.streams import AsyncStream, Stream
    from weneeds.tokens import Tokens

__version__ = "0.1.0"

_HOMES = {
    "AsyncWeNeeds": "aio",
    "WeNeeds": "client",
    "Aborted": "errors",
    "AlreadyExists": "errors",
    "Cancelled": "errors",
    "DeadlineExceeded": "errors",
    "FailedPrecondition": "errors",
    "FieldProblem": "errors",
    "Internal": "errors",
    "InvalidArgument": "errors",
    "NotFound": "errors",
    "PermissionDenied": "errors",
    "RateLimited": "errors",
    "Unauthenticated": "errors",
    "Unavailable": "errors",
    "Unimplemented": "errors",
    "WeNeedsError": "errors",
    "euros": "money",
    "micros": "money",
    "AsyncPager": "paging",
    "Pager": "paging",
    "RetryPolicy": "retry",
    "AsyncStream": "streams",
    "Stream": "streams",
    "Tokens": "tokens",
}

__all__ = [
    "Aborted",
    "AlreadyExists",
    "AsyncPager",
    "AsyncStream",
    "AsyncWeNeeds",
    "Cancelled",
    "DeadlineExceeded",
    "FailedPrecondition",
    "FieldProblem",
    "Internal",
    "InvalidArgument",
    "NotFound",
    "Pager",
    "PermissionDenied",
    "RateLimited",
    "RetryPolicy",
    "Stream",
    "Tokens",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "WeNeeds",
    "WeNeedsError",
    "euros",
    "micros",
]


def __getattr__(name: str) -> object:
    """Load a public name from the module that defines it."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'weneeds' has no attribute {name!r}")
    value: object = getattr(import_module(f"weneeds.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted([*globals(), *__all__])
