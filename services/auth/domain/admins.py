"""Staff: accounts apart from those of users, each with a second factor."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.auth.domain.sessions import Session
from services.kit.errors import Refused

# A working day; refreshing does not prolong it.
ADMIN_LIFETIME = timedelta(hours=12)
# Who goes away leaves a desk behind.
ADMIN_IDLE = timedelta(hours=1)


class AdminRole(StrEnum):
    """What a member of staff may do."""

    ADMIN = "ADMIN"
    SUPER_ADMIN = "SUPER_ADMIN"


class AdminNotFound(Refused):
    """No such admin. Metadata: admin_id."""

    reason = "ADMIN_NOT_FOUND"


class LastSuperAdmin(Refused):
    """There is always a super admin."""

    reason = "LAST_SUPER_ADMIN"


@dataclass(frozen=True, slots=True)
class Admin:
    """A member of staff. The password's hash and the app's secret are not part of it."""

    id: str
    # Normalised.
    email: str
    name: str
    role: AdminRole
    created_at: datetime


def check_remains(admin_id: str, super_admins: Collection[str]) -> None:
    """Raise LastSuperAdmin when `admin_id` is the only super admin."""
    if admin_id in super_admins and len(super_admins) == 1:
        raise LastSuperAdmin


def shortened(session: Session) -> Session:
    """Return a session just opened with the life of a session of staff."""
    return replace(session, expires_at=session.created_at + ADMIN_LIFETIME, idle=ADMIN_IDLE)
