"""A circuit breaker: what keeps failing is left alone for a while."""

from __future__ import annotations

from collections.abc import Callable


class Breaker:
    """Opens after some failures in a row; after a rest one call tries again."""

    def __init__(
        self, monotonic: Callable[[], float], failures: int = 5, rest_seconds: float = 30.0
    ) -> None:
        self._monotonic = monotonic
        self._most = failures
        self._rest = rest_seconds
        self._failed = 0
        self._until = 0.0

    def admits(self) -> bool:
        """Whether a call may be made now. After the rest one may, and the next after its end."""
        if self._failed < self._most:
            return True
        now = self._monotonic()
        if now < self._until:
            return False
        self._until = now + self._rest
        return True

    def succeeded(self) -> None:
        """A call was answered: all is well."""
        self._failed = 0

    def failed(self) -> None:
        """A call failed."""
        self._failed += 1
        self._until = self._monotonic() + self._rest
