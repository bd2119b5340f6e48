"""Wrong passwords in a row: an account rests, longer each time."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.auth.app.ports import CountedAttempt, Failures
from services.auth.domain.users import CredentialsInvalid
from services.kit.clock import Clock
from services.kit.errors import DependencyDown, RateLimited

_LOG = logging.getLogger(__name__)


class Lockouts:
    """Guards what proves a person by something that can be guessed.

    Accounts are normalised e-mails; whether there is such an account makes no
    difference.
    """

    def __init__(self, failures: Failures, clock: Clock) -> None:
        self._failures = failures
        self._clock = clock

    @asynccontextmanager
    async def attempt(self, account: str) -> AsyncIterator[None]:
        """Count how the body ends: a CredentialsInvalid as a failure, its end as a success.

        Raises RateLimited while the account rests, whatever the body would
        find, and DependencyDown when failures cannot be counted: nothing is
        guessed uncounted. It counts as failed until it has ended otherwise, so
        attempts at the same time are no more than attempts in a row; one whose
        caller went away stays a failure.
        """
        counted = await self._failures.begin(account, self._clock.now())
        if counted.wait:
            raise RateLimited(math.ceil(counted.wait.total_seconds()))
        try:
            yield
        except CredentialsInvalid:
            if counted.locked_until:
                _LOG.warning("An account is locked after wrong passwords in a row")
            raise
        except Exception:
            await self._take_back(account, counted)
            raise
        await self._failures.forget(account)

    async def lift(self, account: str) -> None:
        """Let an account start from zero: its owner proved the mailbox."""
        await self._failures.forget(account)

    async def _take_back(self, account: str, counted: CountedAttempt) -> None:
        try:
            await self._failures.undo(account, counted)
        except DependencyDown:
            _LOG.warning("An attempt that was not decided stays counted")
