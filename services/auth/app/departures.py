"""Leaving: what is known of a person, handed out or erased."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from google.protobuf.timestamp_pb2 import Timestamp
from weneeds.auth.events.v1.events_pb2 import CollaboratorRemoved, UserDeleted
from weneeds.options.v1.role_pb2 import UserRole as UserRoleNumber

from services.auth.app.endings import SessionEndings
from services.auth.app.lockouts import Lockouts
from services.auth.app.own_password import OwnPassword, check_unchanged
from services.auth.app.ports import Passwords, Sessions
from services.auth.app.stores import (
    CompanyStore,
    InvitationStore,
    LinkStore,
    Member,
    Source,
    UserStore,
)
from services.auth.domain.companies import check_removal
from services.auth.domain.sessions import Session
from services.auth.domain.users import User
from services.kit.clock import Clock
from services.kit.errors import SessionEnded
from services.kit.work import UnitOfWork, UnitsOfWork


class Traces(Protocol):
    """What the store holds of a person beside the account itself."""

    async def of_user(self, source: Source, user_id: str) -> Mapping[str, Sequence[Any]]:
        """Return JSON values by section, without secrets."""

    async def erase(self, work: UnitOfWork, user_id: str) -> None:
        """Delete what would outlive the account and tells of the person."""


class Departures:
    """Exports and deletes accounts."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        users: UserStore,
        companies: CompanyStore,
        links: LinkStore,
        invitations: InvitationStore,
        traces: Traces,
        sessions: Sessions,
        passwords: Passwords,
        lockouts: Lockouts,
        endings: SessionEndings,
        clock: Clock,
    ) -> None:
        self._work = work
        self._users = users
        self._companies = companies
        self._links = links
        self._invitations = invitations
        self._traces = traces
        self._sessions = sessions
        self._own_password = OwnPassword(work.reader, users, passwords, lockouts)
        self._endings = endings
        self._clock = clock

    async def export(self, user_id: str) -> str:
        """Return all that this service knows of the person, as JSON, without secrets."""
        now = self._clock.now()
        sessions = await self._sessions.of_user(user_id)
        async with self._work() as work:
            member = await self._users.member(work, user_id)
            if member is None:
                raise SessionEnded
            invitations = await self._invitations.to_email(work, member.user.email, now)
            document = {
                "exported_at": _text(now),
                "account": _account(member.user),
                "memberships": _memberships(member),
                "sessions": [_session(one) for one in sessions],
                "invitations": [
                    {
                        "company_id": one.company_id,
                        "role": one.role.value,
                        "created_at": _text(one.created_at),
                        "expires_at": _text(one.expires_at),
                    }
                    for one in invitations
                ],
                **await self._traces.of_user(work, user_id),
            }
        return json.dumps(document, ensure_ascii=False, indent=2)

    async def delete(self, user_id: str, password: str) -> None:
        """Erase an account and tell the other services to do the same.

        Raises CredentialsInvalid, RateLimited after many of them, LastAdmin
        while the person is a company's only admin, VersionConflict and
        DependencyDown; then nothing is gone.
        """
        proved = await self._own_password.known(user_id)
        await self._own_password.prove(proved, password, "password")
        async with self._work() as work:
            known = check_unchanged(proved, await self._users.lock(work, user_id))
            await self._leave_companies(work, user_id)
            await self._links.drop(work, known.user.email)
            await self._links.drop_of_user(work, user_id)
            await self._invitations.drop(work, known.user.email)
            await self._traces.erase(work, user_id)
            await self._users.erase(work, user_id)
            await self._endings.with_commit(work, user_id)
            work.publish(_deleted(known.user, self._clock.now()))

    async def _leave_companies(self, work: UnitOfWork, user_id: str) -> None:
        member = await self._users.member(work, user_id)
        held = member.memberships if member else []
        # In one order, so that two people who leave the same companies take turns.
        for company_id in sorted(one.company_id for one in held):
            await self._companies.lock(work, company_id)
            check_removal(user_id, await self._companies.admins(work, company_id))
            if await self._companies.remove_collaborator(work, company_id, user_id):
                work.publish(CollaboratorRemoved(company_id=company_id, user_id=user_id))


def _deleted(user: User, now: datetime) -> UserDeleted:
    at = Timestamp()
    at.FromDatetime(now)
    role = UserRoleNumber.Value(f"USER_ROLE_{user.role}")
    return UserDeleted(user_id=user.id, deleted_at=at, role=role)


def _account(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "email": user.email,
        "email_verified_at": _text(user.email_verified_at),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": user.role.value,
        "status": user.status.value,
        "locale": user.locale,
        "created_at": _text(user.created_at),
    }


def _memberships(member: Member) -> list[dict[str, str]]:
    return [
        {
            "company_id": held.company_id,
            "company_name": held.company_name,
            "role": held.role.value,
        }
        for held in member.memberships
    ]


def _session(session: Session) -> dict[str, object]:
    return {
        "id": session.id,
        "device": session.device,
        "created_at": _text(session.created_at),
        "last_used_at": _text(session.last_used_at),
        "expires_at": _text(session.expires_at),
    }


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
