"""When a failed call is tried again, and after how long."""

from __future__ import annotations

import random
from dataclasses import dataclass

import grpc

from weneeds.errors import WeNeedsError


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff with full jitter.

    Only calls that are safe to repeat are: reads, idempotent methods, and
    calls that carry a request_id. All tries share the call's timeout.
    """

    attempts: int = 5
    """Tries in all; 1 switches retries off."""
    first: float = 0.1
    """Upper bound of the first pause, in seconds; it doubles with each try."""
    longest: float = 5.0
    """Upper bound of any pause, in seconds."""
    stream_attempts: int = 30
    """Tries to reopen a broken stream without a single message in between."""

    def pause(self, attempt: int, error: WeNeedsError, left: float) -> float | None:
        """Return the seconds to wait after failed try number `attempt`, from 1.

        None: give up, because the tries are used up, the error will not pass,
        or the pause does not fit into the `left` seconds.
        """
        if attempt >= self.attempts or not passing(error):
            return None
        wait = self._wait(attempt, error)
        return wait if wait < left else None

    def reopening(self, attempt: int, error: WeNeedsError) -> float | None:
        """The same for a stream, which has no deadline."""
        if attempt >= self.stream_attempts or not (passing(error) or _broken(error)):
            return None
        return self._wait(attempt, error)

    def _wait(self, attempt: int, error: WeNeedsError) -> float:
        # Jitter spreads clients that failed together; it is no secret.
        jitter = random.random()  # noqa: S311
        bound = min(self.longest, self.first * 2.0 ** min(attempt - 1, 30))
        told = error.problem.retry_after
        return jitter * bound if told is None else told + jitter * self.first


def passing(error: WeNeedsError) -> bool:
    """Whether the same call may succeed a moment later.

    RESOURCE_EXHAUSTED counts only with a time to come back: without one it is
    a message that is too large, which stays so.
    """
    if error.code is grpc.StatusCode.UNAVAILABLE:
        return True
    return (
        error.code is grpc.StatusCode.RESOURCE_EXHAUSTED and error.problem.retry_after is not None
    )


def _broken(error: WeNeedsError) -> bool:
    """Whether a stream's connection broke, rather than the server refusing.

    A server always gives a reason; a reset by a proxy comes as INTERNAL,
    UNKNOWN or CANCELLED without one.
    """
    return not error.reason and error.code in {
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.CANCELLED,
    }
