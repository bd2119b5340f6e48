"""Maintenance mode: while it is on, users' calls are refused before anything else.

The switch is in the auth service. Each service looks at it at most once in five
minutes, whatever the load.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextvars import Context
from typing import Protocol

import grpc
from weneeds.auth.v1.admin_service_pb2 import GetMaintenanceRequest
from weneeds.auth.v1.admin_service_pb2_grpc import MaintenanceServiceStub

from services.kit.errors import DependencyDown

log = logging.getLogger(__name__)

FRESH_SECONDS = 300.0
# A lookup that failed told nothing: it is made again after this.
RETRY_SECONDS = 5.0
_PATIENCE_SECONDS = 1.0


class MaintenanceSource(Protocol):
    """Where the switch is."""

    async def is_on(self) -> bool:
        """Return the switch's present position; raise DependencyDown when nobody answers."""


class RemoteMaintenance:
    """Asks the auth service."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = MaintenanceServiceStub(channel)

    async def is_on(self) -> bool:
        """Return the switch's present position; raise DependencyDown when auth does not answer."""
        try:
            answer = await self._stub.GetMaintenance(
                GetMaintenanceRequest(), timeout=_PATIENCE_SECONDS
            )
        except grpc.aio.AioRpcError as error:
            raise DependencyDown(dependency="auth") from error
        return answer.on


class Maintenance:
    """The switch as this service last saw it. Off until it was seen."""

    def __init__(
        self, source: MaintenanceSource, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.source = source
        self._monotonic = monotonic
        self._on = False
        self._due = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    async def is_on(self) -> bool:
        """Whether maintenance is on, seen at most FRESH_SECONDS ago.

        Calls that find the last look too old wait for one new look together.
        When it fails, what was known holds on.
        """
        if self.seen() is None:
            await self._look()
        return self._on

    def seen(self) -> bool | None:
        """Whether maintenance is on, or None when the last look is too old."""
        return self._on if self._monotonic() < self._due else None

    def switched(self, on: bool) -> None:
        """Learn at once that the switch was turned here."""
        self._on = on
        self._due = self._monotonic() + FRESH_SECONDS

    async def _look(self) -> None:
        if self._asking is None:
            # A context of its own: the deadline and the token of the call that
            # happens to be first are not those of everybody who waits.
            self._asking = asyncio.create_task(self._ask(), context=Context())
        # A caller that gives up must not take the lookup from the others.
        await asyncio.shield(self._asking)

    async def _ask(self) -> None:
        asked_at = self._monotonic()
        try:
            self._on = await self.source.is_on()
            self._due = asked_at + FRESH_SECONDS
        except DependencyDown:
            log.warning("The maintenance switch cannot be seen", extra={"on": self._on})
            self._due = self._monotonic() + RETRY_SECONDS
        finally:
            self._asking = None
