"""What a session may do at this moment, as auth tells it.

The token proves who calls; this snapshot, at most five seconds old, says
whether the session lives, whether the account is banned, and which companies
gave which role.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import grpc
from weneeds.auth.v1 import directory_service_pb2 as directory
from weneeds.auth.v1.directory_service_pb2_grpc import DirectoryServiceStub
from weneeds.auth.v1.user_pb2 import USER_STATUS_BANNED
from weneeds.options.v1.role_pb2 import AdminRole, UserRole

from services.kit.call import User, set_current_call
from services.kit.errors import DependencyDown
from services.kit.times import to_datetime

FRESH_SECONDS = 5.0
# The lookup serves everybody who waits for it, so it has its own time and not a caller's.
_LOOKUP_SECONDS = 5.0
_CAPACITY = 20_000


@dataclass(frozen=True, slots=True)
class Access:
    """What auth knows about a session and its user."""

    session_alive: bool
    banned: bool = False
    # "CANDIDATE" or "RECRUITER"; "ADMIN" or "SUPER_ADMIN" of staff.
    role: str = ""
    # Company id to the number of weneeds.options.v1.CompanyRole.
    memberships: Mapping[str, int] = field(default_factory=dict)
    # Whether the account has a second factor.
    factor_enrolled: bool = False
    # When the session last proved one; None when it never did.
    factor_at: datetime | None = None

    def has_role(self, company_id: str, passing: Container[int]) -> bool:
        """Whether `company_id` gave one of the roles `passing` (CompanyRole numbers)."""
        return bool(company_id) and self.memberships.get(company_id) in passing


class AccessSource(Protocol):
    """Where snapshots come from."""

    async def access(self, user_id: str, session_id: str) -> Access:
        """Return the present state; raise DependencyDown when it cannot be known."""


class RemoteAccess:
    """Asks the auth service."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = DirectoryServiceStub(channel)

    async def access(self, user_id: str, session_id: str) -> Access:
        """Return the present state; raise DependencyDown when auth does not answer."""
        request = directory.GetAccessRequest(user_id=user_id, session_id=session_id)
        try:
            answer = await self._stub.GetAccess(request, timeout=_LOOKUP_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise DependencyDown(dependency="auth") from error
        return Access(
            session_alive=answer.session_alive,
            banned=answer.status == USER_STATUS_BANNED,
            role=UserRole.Name(answer.role).removeprefix("USER_ROLE_"),
            memberships={m.company_id: m.role for m in answer.memberships},
            factor_enrolled=answer.second_factor_enrolled,
            factor_at=_factor_at(answer),
        )


class RemoteAdminAccess:
    """Asks the auth service about staff."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = DirectoryServiceStub(channel)

    async def access(self, user_id: str, session_id: str) -> Access:
        """Return the present state; raise DependencyDown when auth does not answer."""
        request = directory.GetAdminAccessRequest(admin_id=user_id, session_id=session_id)
        try:
            answer = await self._stub.GetAdminAccess(request)
        except grpc.aio.AioRpcError as error:
            raise DependencyDown(dependency="auth") from error
        return Access(
            session_alive=answer.session_alive,
            role=AdminRole.Name(answer.role).removeprefix("ADMIN_ROLE_"),
            # Staff cannot sign in without one.
            factor_enrolled=True,
            factor_at=_factor_at(answer),
        )


def _factor_at(
    answer: directory.GetAccessResponse | directory.GetAdminAccessResponse,
) -> datetime | None:
    return to_datetime(answer.second_factor_at) if answer.HasField("second_factor_at") else None


class AccessCache:
    """Snapshots by session, each at most FRESH_SECONDS old.

    Calls that ask for the same session at the same time share one lookup.
    """

    def __init__(
        self, source: AccessSource, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.source = source
        self._monotonic = monotonic
        self._known: OrderedDict[str, tuple[float, Access]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Access]] = {}

    async def get(self, user_id: str, session_id: str) -> Access:
        """Return a snapshot that is fresh enough."""
        return self.fresh(session_id) or await self._ask(user_id, session_id)

    def fresh(self, session_id: str) -> Access | None:
        """Return the snapshot at hand, or None when there is none that is fresh enough."""
        found = self._known.get(session_id)
        if found is not None and self._monotonic() - found[0] < FRESH_SECONDS:
            return found[1]
        return None

    async def reload(self, user_id: str, session_id: str) -> Access:
        """Return a snapshot taken after this call began.

        A "no" is always asked again: a role given a moment ago counts at once.
        """
        self._asking.pop(session_id, None)
        return await self._ask(user_id, session_id)

    async def has_role(self, user: User, company_id: str, passing: Container[int]) -> bool:
        """Whether `company_id` gave `user` one of the roles `passing` (CompanyRole numbers)."""
        if not company_id or not passing:
            return False
        state = await self.get(user.id, user.session_id)
        if state.has_role(company_id, passing):
            return True
        state = await self.reload(user.id, user.session_id)
        return state.has_role(company_id, passing)

    def _ask(self, user_id: str, session_id: str) -> Awaitable[Access]:
        task = self._asking.get(session_id)
        if task is None:
            context = contextvars.copy_context()
            context.run(set_current_call, None)
            task = asyncio.create_task(self._load(user_id, session_id), context=context)
            self._asking[session_id] = task
        # A caller that gives up must not take the lookup from the others.
        return asyncio.shield(task)

    async def _load(self, user_id: str, session_id: str) -> Access:
        asked_at = self._monotonic()
        try:
            access = await self.source.access(user_id, session_id)
        finally:
            if self._asking.get(session_id) is asyncio.current_task():
                del self._asking[session_id]
        self._known[session_id] = (asked_at, access)
        self._known.move_to_end(session_id)
        while len(self._known) > _CAPACITY:
            self._known.popitem(last=False)
        return access
