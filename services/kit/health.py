"""Says by name which stores a service has to do without.

The standard gRPC health service answers for "postgres", "valkey" and "nats" as
this service sees them. The overall answer ("") does not follow them: a service
whose store is away still answers, with DEPENDENCY_DOWN where it must, and
taking it out of the gateway would help nobody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

log = logging.getLogger(__name__)

POSTGRES = "postgres"
VALKEY = "valkey"
NATS = "nats"
_EVERY_SECONDS = 2.0
_LOOK_SECONDS = 1.5

# Returns when the store answers, raises when it does not.
Look = Callable[[], Awaitable[object]]


class StoreHealth:
    """Looks at each store every two seconds and tells what it saw."""

    def __init__(
        self, looks: Mapping[str, Look], tell: Callable[[str, bool], Awaitable[None]]
    ) -> None:
        self._looks = looks
        self._tell = tell
        self._known: dict[str, bool] = {}

    async def run(self) -> None:
        """Look for as long as the service runs."""
        while True:
            await self.look()
            await asyncio.sleep(_EVERY_SECONDS)

    async def look(self) -> None:
        """Look at all stores once."""
        await asyncio.gather(*(self._see(name, look) for name, look in self._looks.items()))

    async def _see(self, name: str, look: Look) -> None:
        answers = await _answers(look)
        if self._known.get(name) == answers:
            return
        if not answers:
            log.warning("Store is away", extra={"store": name})
        elif name in self._known:
            log.info("Store is back", extra={"store": name})
        self._known[name] = answers
        await self._tell(name, answers)


async def _answers(look: Look) -> bool:
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            await look()
    # Whatever a client library raises: the store did not answer.
    except Exception:
        return False
    return True
