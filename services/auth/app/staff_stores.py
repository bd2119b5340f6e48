"""What the use cases of staff ask of the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.auth.app.stores import Source
from services.auth.domain.admins import Admin, AdminRole
from services.auth.domain.sessions import Ends
from services.auth.domain.users import User, UserStatus
from services.kit.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class AdminCredentials:
    """An admin with what a sign-in is checked against."""

    admin: Admin
    password_hash: str
    # Sealed.
    totp_secret: bytes
    # The time step of the last code that was accepted; None before the first.
    totp_last_step: int | None


@dataclass(frozen=True, slots=True)
class AdminHolder:
    """Whose session it is, and what stands written of its end."""

    admin: Admin
    ends: Ends


@dataclass(frozen=True, slots=True)
class AdminList:
    """Some of the admins, and how many there are in all."""

    rows: list[Admin]
    total: int


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which users a list shows."""

    # Part of the e-mail or the name; empty for all.
    query: str = ""
    # None for all.
    status: UserStatus | None = None


@dataclass(frozen=True, slots=True)
class UserList:
    """Some of the users that a filter fits, and how many it fits."""

    rows: list[User]
    total: int


@dataclass(frozen=True, slots=True)
class Switch:
    """The maintenance switch."""

    on: bool
    # None if never.
    switched_at: datetime | None


class AdminStore(Protocol):
    """Keeps the accounts of staff."""

    async def add(self, work: UnitOfWork, credentials: AdminCredentials) -> bool:
        """Add an admin; False when another has the e-mail."""

    async def get(self, source: Source, admin_id: str) -> Admin | None:
        """Return an admin."""

    async def holder(self, source: Source, admin_id: str, session_id: str) -> AdminHolder | None:
        """Return an admin and the ends of a session."""

    async def credentials(self, source: Source, email: str) -> AdminCredentials | None:
        """Return the admin with a normalised e-mail, and what proves them."""

    async def credentials_of(self, source: Source, admin_id: str) -> AdminCredentials | None:
        """Return an admin and what proves them."""

    async def set_totp(self, work: UnitOfWork, admin_id: str, sealed: bytes) -> None:
        """Replace the app's secret; no code of it was accepted yet."""

    async def spend(self, work: UnitOfWork, admin_id: str, step: int) -> bool:
        """Keep the time step of an accepted code; False when it or a later one was kept."""

    async def rehash(self, work: UnitOfWork, admin_id: str, old: str, new: str) -> None:
        """Replace a password's hash, unless it changed meanwhile."""

    async def lock_super_admins(self, work: UnitOfWork) -> set[str]:
        """Return the ids of the super admins; others who ask wait for the commit."""

    async def set_role(self, work: UnitOfWork, admin_id: str, role: AdminRole) -> None:
        """Give an admin another role."""

    async def delete(self, work: UnitOfWork, admin_id: str) -> bool:
        """Delete an admin; False when there is none."""

    async def page(
        self, source: Source, after: tuple[datetime, str] | None, limit: int
    ) -> AdminList:
        """Return admins after a position, oldest first."""


class UserDeskStore(Protocol):
    """What staff sees and does of users."""

    async def page(
        self, source: Source, wanted: UserFilter, after: tuple[datetime, str] | None, limit: int
    ) -> UserList:
        """Return users after a position, newest first."""

    async def set_status(self, work: UnitOfWork, user_id: str, status: UserStatus) -> None:
        """Ban an account or let it in again."""


class MaintenanceStore(Protocol):
    """Keeps the maintenance switch."""

    async def get(self, source: Source) -> Switch:
        """Return its position."""

    async def turn(self, work: UnitOfWork, *, on: bool, at: datetime) -> bool:
        """Turn it; False when it stood there already."""
