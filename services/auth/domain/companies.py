"""Companies and the people who act for them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.auth.domain.users import User, UserRole, UserStatus
from services.kit.errors import Refused


class CompanyRole(StrEnum):
    """What a person may do in one company. The roles form no ladder."""

    ADMIN = "ADMIN"
    MANAGER = "MANAGER"
    RECRUITER = "RECRUITER"
    VIEWER = "VIEWER"


class CompanyNotFound(Refused):
    """No such company. Metadata: company_id."""

    reason = "COMPANY_NOT_FOUND"


class CollaboratorNotFound(Refused):
    """Nobody has an account with that e-mail, or it is not a recruiter's."""

    reason = "COLLABORATOR_NOT_FOUND"


class CollaboratorExists(Refused):
    """The person already works for the company."""

    reason = "COLLABORATOR_EXISTS"


class LastAdmin(Refused):
    """A company keeps at least one ADMIN."""

    reason = "LAST_ADMIN"


@dataclass(frozen=True, slots=True)
class Company:
    """An employer."""

    id: str
    name: str
    # 14 digits, or empty.
    siret: str
    city: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Membership:
    """The role that a company gave to a user, as the user sees it."""

    company_id: str
    company_name: str
    role: CompanyRole


@dataclass(frozen=True, slots=True)
class Collaborator:
    """A person to whom a company gave a role, as the company sees them."""

    user_id: str
    email: str
    first_name: str
    last_name: str
    role: CompanyRole
    added_at: datetime


def collaborator(user: User | None, role: CompanyRole, at: datetime) -> Collaborator:
    """Return the person as a collaborator; raise CollaboratorNotFound if they cannot be one.

    A candidate, a banned account and no account at all answer alike.
    """
    if user is None or user.role is not UserRole.RECRUITER or user.status is UserStatus.BANNED:
        raise CollaboratorNotFound(field="email")
    return Collaborator(user.id, user.email, user.first_name, user.last_name, role, at)


def check_removal(user_id: str, admins: Collection[str]) -> None:
    """Raise LastAdmin when `user_id` is the only one of the company's admins."""
    if user_id in admins and len(admins) == 1:
        raise LastAdmin
