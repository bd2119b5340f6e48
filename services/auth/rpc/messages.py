"""From domain to contract and back."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp
from weneeds.auth.v1 import company_pb2, company_service_pb2, session_service_pb2, user_pb2
from weneeds.options.v1 import role_pb2

from services.auth.app.sessions import Tokens
from services.auth.domain.companies import Collaborator, Company, CompanyRole, Membership
from services.auth.domain.links import Invitation
from services.auth.domain.sessions import Session
from services.auth.domain.users import User, UserRole, UserStatus

USER_ROLES = {
    UserRole.CANDIDATE: role_pb2.USER_ROLE_CANDIDATE,
    UserRole.RECRUITER: role_pb2.USER_ROLE_RECRUITER,
}
USER_STATUSES = {
    UserStatus.ACTIVE: user_pb2.USER_STATUS_ACTIVE,
    UserStatus.BANNED: user_pb2.USER_STATUS_BANNED,
}
COMPANY_ROLES = {
    CompanyRole.ADMIN: role_pb2.COMPANY_ROLE_ADMIN,
    CompanyRole.MANAGER: role_pb2.COMPANY_ROLE_MANAGER,
    CompanyRole.RECRUITER: role_pb2.COMPANY_ROLE_RECRUITER,
    CompanyRole.VIEWER: role_pb2.COMPANY_ROLE_VIEWER,
}
USER_ROLE_OF = {number: role for role, number in USER_ROLES.items()}
COMPANY_ROLE_OF = {number: role for role, number in COMPANY_ROLES.items()}


def timestamp(at: datetime) -> Timestamp:
    """Return an instant as a message."""
    message = Timestamp()
    message.FromDatetime(at)
    return message


def moment(at: datetime | None) -> Timestamp | None:
    """Return an instant as a message; None, which leaves its field unset, for none."""
    return None if at is None else timestamp(at)


def user(account: User) -> user_pb2.User:
    """Return an account as a message."""
    return user_pb2.User(
        id=account.id,
        email=account.email,
        first_name=account.first_name,
        last_name=account.last_name,
        role=USER_ROLES[account.role],
        status=USER_STATUSES[account.status],
        locale=account.locale,
        created_at=timestamp(account.created_at),
        email_verified=account.email_verified_at is not None,
    )


def membership(held: Membership) -> user_pb2.Membership:
    """Return a membership as a message."""
    return user_pb2.Membership(
        company_id=held.company_id,
        company_name=held.company_name,
        role=COMPANY_ROLES[held.role],
    )


def tokens(kept: Tokens) -> session_service_pb2.Tokens:
    """Return a session's tokens as a message."""
    return session_service_pb2.Tokens(
        access_token=kept.access.text,
        access_expires_at=timestamp(kept.access.expires_at),
        refresh_token=kept.refresh,
        refresh_expires_at=timestamp(kept.refresh_expires_at),
    )


def company(employer: Company) -> company_pb2.Company:
    """Return a company as a message."""
    return company_pb2.Company(
        id=employer.id,
        name=employer.name,
        siret=employer.siret,
        city=employer.city,
        created_at=timestamp(employer.created_at),
    )


def collaborator(person: Collaborator) -> company_pb2.Collaborator:
    """Return a collaborator as a message."""
    return company_pb2.Collaborator(
        user_id=person.user_id,
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        role=COMPANY_ROLES[person.role],
        added_at=timestamp(person.added_at),
    )


def session(opened: Session, current_id: str) -> session_service_pb2.Session:
    """Return an open session as a message, as seen from the session `current_id`."""
    return session_service_pb2.Session(
        id=opened.id,
        created_at=timestamp(opened.created_at),
        last_used_at=timestamp(opened.last_used_at),
        expires_at=timestamp(opened.expires_at),
        device=opened.device,
        current=opened.id == current_id,
    )


def invitation(waiting: Invitation) -> company_service_pb2.Invitation:
    """Return an open invitation as a message."""
    return company_service_pb2.Invitation(
        id=waiting.id,
        email=waiting.email,
        role=COMPANY_ROLES[waiting.role],
        created_at=timestamp(waiting.created_at),
        expires_at=timestamp(waiting.expires_at),
    )
