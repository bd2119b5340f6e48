"""Password hashing with argon2id, off the event loop and bounded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type
from zxcvbn import zxcvbn

from services.kit.errors import RateLimited

_LOG = logging.getLogger(__name__)
_Result = TypeVar("_Result")

# A hash takes some 40 ms of a core: two threads leave the loop room, and what
# waits longer than about a second is better told to come back.
THREADS = 2
QUEUE = 48
RETRY_AFTER_SECONDS = 1
# What needs fewer guesses falls to a list of leaked passwords and the usual ways to vary them.
# zxcvbn brings such a list: 30,000 passwords, names, words, rows of keys, dates, repetitions.
GUESSES_FEWEST = 1_000_000_000
# The time that it takes grows with the square of the length; this is some 40 ms.
_JUDGED_LONGEST = 36


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash costs (OWASP's floor for argon2id by default)."""

    memory_kib: int = 19_456
    passes: int = 2
    lanes: int = 1


class Argon2Passwords:
    """Hashes and verifies passwords; never tells whether an account exists.

    Raises RateLimited when more than `queue` hashes wait.
    """

    def __init__(
        self, cost: Cost | None = None, threads: int = THREADS, queue: int = QUEUE
    ) -> None:
        cost = cost or Cost()
        self._hasher = PasswordHasher(
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            type=Type.ID,
        )
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._room = threads + queue
        self._pending = 0
        # What an unknown e-mail is verified against, so that it takes as long.
        self._decoy = self._hasher.hash("the password of nobody")

    async def hash(self, password: str) -> str:
        """Return the encoded hash, which names its own parameters and salt."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Tell whether `password` made `encoded`; None takes as long and is False."""
        matches = await self._run(lambda: self._matches(encoded or self._decoy, password))
        return matches and encoded is not None

    async def guessable(self, password: str, context: Sequence[str]) -> bool:
        """Tell whether a password is common or soon guessed by who knows the `context` words."""
        return await self._run(lambda: _is_guessable(password, context))

    def outdated(self, encoded: str) -> bool:
        """Tell whether `encoded` was made with parameters other than today's."""
        return self._hasher.check_needs_rehash(encoded)

    def close(self) -> None:
        """Stop the threads; hashes under way end first."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _matches(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except InvalidHashError:
            _LOG.error("a stored password hash is not readable")
            return False
        except VerificationError:
            return False

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        if self._pending >= self._room:
            raise RateLimited(RETRY_AFTER_SECONDS)
        loop = asyncio.get_running_loop()
        self._pending += 1
        future = self._pool.submit(work)
        # Counted until the thread is done, not until the caller gives up.
        future.add_done_callback(lambda done: self._release(loop, done))
        return await asyncio.wrap_future(future)

    def _release(self, loop: asyncio.AbstractEventLoop, _: Future[_Result]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        self._pending -= 1


def _is_guessable(password: str, context: Sequence[str]) -> bool:
    judged = zxcvbn(password[:_JUDGED_LONGEST], user_inputs=list(context))
    return int(judged["guesses"]) < GUESSES_FEWEST
