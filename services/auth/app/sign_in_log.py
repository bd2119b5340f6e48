"""What the audit log keeps of sign-ins, those that succeed and those that fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from weneeds.options.v1.policy_pb2 import AUDIT_ACTION_END_STOLEN_SESSION, AUDIT_ACTION_SIGN_IN

from services.auth.domain.sessions import RefreshTokenInvalid, Session
from services.kit.audit import AuditLog, Entry
from services.kit.errors import DependencyDown, RateLimited, Refused
from services.kit.work import UnitOfWork, UnitsOfWork


@dataclass(slots=True)
class Attempt:
    """One attempt, filled in while it goes on."""

    # "site" for users, "admin" for staff.
    access: str
    # Empty for as long as no account is known.
    account_id: str = ""
    # The password was right and a second factor is awaited.
    awaits_factor: bool = False


class SignInLog:
    """Records each attempt with its outcome."""

    def __init__(self, work: UnitsOfWork, audit: AuditLog) -> None:
        self._work = work
        self._audit = audit

    @asynccontextmanager
    async def attempt(self, access: str = "site") -> AsyncIterator[Attempt]:
        """Record how the body ends: well, or with a Refused.

        What was not decided (too many attempts, a store that does not answer)
        leaves no row. Raises DependencyDown when the row cannot be written: no
        session without one.
        """
        attempt = Attempt(access)
        try:
            yield attempt
        except (DependencyDown, RateLimited):
            raise
        except Refused as refused:
            await self._record(attempt, refused.reason)
            raise
        await self._record(attempt, "")

    async def stolen(self, work: UnitOfWork, session: Session, access: str = "site") -> None:
        """Record that a used refresh token came back and its session was ended for it."""
        entry = Entry(
            action=AUDIT_ACTION_END_STOLEN_SESSION,
            actor_id=session.user_id,
            actor_access=access,
            resource_type="session",
            resource_id=session.id,
            success=False,
            reason=RefreshTokenInvalid.reason,
        )
        await self._audit.note(work, entry)

    async def _record(self, attempt: Attempt, reason: str) -> None:
        pending = {"new": {"awaits": "second factor"}} if attempt.awaits_factor else {}
        entry = Entry(
            action=AUDIT_ACTION_SIGN_IN,
            actor_id=attempt.account_id,
            actor_access=attempt.access,
            resource_type="session",
            success=not reason,
            reason=reason,
            metadata=pending,
        )
        async with self._work() as work:
            await self._audit.note(work, entry)
