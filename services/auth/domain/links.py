"""Links that mails carry, and invitations: good for a while, and once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.auth.domain.companies import CompanyRole
from services.kit.errors import Refused


class LinkInvalid(Refused):
    """The link of a mail is unknown, used or expired."""

    reason = "LINK_INVALID"


class InvitationInvalid(Refused):
    """No such invitation, or it is not for the caller's e-mail."""

    reason = "INVITATION_INVALID"


class Purpose(StrEnum):
    """What the code of a mail opens."""

    EMAIL_VERIFICATION = "EMAIL_VERIFICATION"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 - the name of a purpose
    # Opens nothing: remembers where an account's former address is to be told.
    EMAIL_CHANGED = "EMAIL_CHANGED"
    INVITATION = "INVITATION"


LIFETIMES = {
    Purpose.EMAIL_VERIFICATION: timedelta(days=1),
    Purpose.PASSWORD_RESET: timedelta(hours=1),
    Purpose.EMAIL_CHANGED: timedelta(days=1),
    Purpose.INVITATION: timedelta(days=7),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A mail to an address, and what its code opens there. Used ones are deleted."""

    id: str
    purpose: Purpose
    # Normalised; where the mail goes.
    email: str
    # None for a reset: whether there is an account is nobody's business before the mail.
    user_id: str | None
    created_at: datetime
    expires_at: datetime

    def is_good(self, purpose: Purpose, now: datetime) -> bool:
        """Whether the link opens `purpose` at that moment."""
        return self.purpose is purpose and now < self.expires_at


def new_link(
    link_id: str, purpose: Purpose, email: str, user_id: str | None, now: datetime
) -> Link:
    """Return a link that is good from now on."""
    return Link(link_id, purpose, email, user_id, now, now + LIFETIMES[purpose])


@dataclass(frozen=True, slots=True)
class Invitation:
    """A role that waits for whoever has the e-mail."""

    id: str
    company_id: str
    # Normalised.
    email: str
    role: CompanyRole
    # The language of the mail for somebody without an account.
    locale: str
    created_at: datetime
    expires_at: datetime

    def check(self, email: str, now: datetime) -> None:
        """Raise InvitationInvalid unless it is good now and meant for `email`."""
        if now >= self.expires_at or email != self.email:
            raise InvitationInvalid(field="code")


def new_invitation(
    invitation_id: str, company_id: str, email: str, role: CompanyRole, locale: str, now: datetime
) -> Invitation:
    """Return an invitation that is good from now on."""
    until = now + LIFETIMES[Purpose.INVITATION]
    return Invitation(invitation_id, company_id, email, role, locale, now, until)
