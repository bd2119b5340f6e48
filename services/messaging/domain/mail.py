"""A mail: what it is about, where it is, when it is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class MailType(StrEnum):
    """What a mail is about. Each has a template in each language."""

    WELCOME = "WELCOME"
    EMAIL_VERIFICATION = "EMAIL_VERIFICATION"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 - the name of a mail
    COLLABORATOR_ADDED = "COLLABORATOR_ADDED"
    APPLICATION_CONFIRMED = "APPLICATION_CONFIRMED"
    APPLICATION_MOVED = "APPLICATION_MOVED"
    APPLICATION_RECEIVED = "APPLICATION_RECEIVED"
    MEETING_SCHEDULED = "MEETING_SCHEDULED"
    BUDGET_EXHAUSTED = "BUDGET_EXHAUSTED"
    JOB_SUGGESTIONS = "JOB_SUGGESTIONS"
    BUDGET_THRESHOLD = "BUDGET_THRESHOLD"
    INVOICE_ISSUED = "INVOICE_ISSUED"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    PAYMENT_CONFIRMATION = "PAYMENT_CONFIRMATION"
    PAYMENT_METHOD_ADDED = "PAYMENT_METHOD_ADDED"


class MailCategory(StrEnum):
    """What a person can switch on and off together."""

    ACCOUNT = "ACCOUNT"
    TEAM = "TEAM"
    APPLICATIONS = "APPLICATIONS"
    MEETINGS = "MEETINGS"
    BILLING = "BILLING"
    MATCHES = "MATCHES"


CATEGORY_OF: Mapping[MailType, MailCategory] = {
    MailType.WELCOME: MailCategory.ACCOUNT,
    MailType.EMAIL_VERIFICATION: MailCategory.ACCOUNT,
    MailType.PASSWORD_RESET: MailCategory.ACCOUNT,
    MailType.COLLABORATOR_ADDED: MailCategory.TEAM,
    MailType.APPLICATION_CONFIRMED: MailCategory.APPLICATIONS,
    MailType.APPLICATION_MOVED: MailCategory.APPLICATIONS,
    MailType.APPLICATION_RECEIVED: MailCategory.APPLICATIONS,
    MailType.MEETING_SCHEDULED: MailCategory.MEETINGS,
    MailType.BUDGET_EXHAUSTED: MailCategory.BILLING,
    MailType.JOB_SUGGESTIONS: MailCategory.MATCHES,
    MailType.BUDGET_THRESHOLD: MailCategory.BILLING,
    MailType.INVOICE_ISSUED: MailCategory.BILLING,
    MailType.PAYMENT_FAILED: MailCategory.BILLING,
    MailType.PAYMENT_CONFIRMATION: MailCategory.BILLING,
    MailType.PAYMENT_METHOD_ADDED: MailCategory.BILLING,
}


class MailStatus(StrEnum):
    """Where a mail is. A reader outside sees SENDING as PENDING."""

    PENDING = "PENDING"
    # Claimed by a sender; the mail server may or may not have it.
    SENDING = "SENDING"
    SENT = "SENT"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail that was asked for and has not been tried."""

    id: str
    # Empty when the reference tells who the recipient is.
    user_id: str
    type: MailType
    variables: Mapping[str, str]
    created_at: datetime
    # Where auth tells address and link when the mail is sent; empty without a link.
    reference_id: str = ""
    # Another wording of the same type; empty for the usual one.
    variant: str = ""


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail that this sender holds, and the number of this try, from 1."""

    id: str
    user_id: str
    type: MailType
    variables: Mapping[str, str]
    attempt: int
    reference_id: str = ""
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as its recipient sees it. The subject is empty before the first try."""

    id: str
    type: MailType
    subject: str
    status: MailStatus
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach one person."""

    user_id: str
    email: str
    first_name: str
    # "fr" or "en".
    locale: str
    # A secret that is for this recipient alone: never kept, never logged.
    link: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready for the mail server."""

    message_id: str
    recipient: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a mail is tried again: doubling waits up to a cap, then given up."""

    base: timedelta = timedelta(seconds=5)
    cap: timedelta = timedelta(minutes=15)
    max_attempts: int = 10

    def wait(self, attempt: int, jitter: float) -> timedelta | None:
        """Return the wait after try number `attempt` failed; None: give up.

        `jitter` in [0, 1) spreads the wait over its upper half, so that mails
        that failed together do not come back together.
        """
        if attempt >= self.max_attempts:
            return None
        full = min(self.base * (1 << (attempt - 1)), self.cap)
        return full * (0.5 + 0.5 * jitter)


def message_id(mail: str) -> str:
    """Return the Message-ID header of a mail: the same at each try."""
    return f"<{mail}@mail.weneeds.fr>"
