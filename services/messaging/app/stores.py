"""What the use cases ask of the outside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from services.kit.db import Reader
from services.kit.work import UnitOfWork
from services.messaging.domain.mail import (
    ClaimedMail,
    Contact,
    Letter,
    Mail,
    MailStatus,
    MailType,
    NewMail,
)
from services.messaging.domain.notice import NewNotice, Notice
from services.messaging.domain.template import Template


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a try: SENT or FAILED at `at`, or PENDING until `at`."""

    status: MailStatus
    at: datetime
    # Empty when nothing was rendered.
    subject: str = ""
    # Empty when nothing failed.
    failure: str = ""
    # False for a mail given back untried.
    counts: bool = True


# Type, language, variant.
Wording: TypeAlias = tuple[MailType, str, str]


class MailStore(Protocol):
    """Keeps mails."""

    async def add(self, work: UnitOfWork, mail: NewMail) -> None:
        """Write the mail down as PENDING and due."""

    async def claim(
        self, work: UnitOfWork, now: datetime, until: datetime, limit: int
    ) -> list[ClaimedMail]:
        """Take up to `limit` mails that are due; they are ours until `until`."""

    async def settle(self, work: UnitOfWork, mail: ClaimedMail, outcome: Settlement) -> bool:
        """Write down what became of a try; False when the claim was lost."""

    async def erase(self, work: UnitOfWork, user_id: str) -> None:
        """Blank the user's mails and give up those that wait."""

    async def page(
        self, reader: Reader, user_id: str, before: str, limit: int
    ) -> tuple[list[Mail], int]:
        """Return mails to the user below the id `before` (all when empty), and their number."""


class TemplateStore(Protocol):
    """Keeps the wording of mails."""

    async def of_types(
        self, work: UnitOfWork, types: Sequence[MailType]
    ) -> Mapping[Wording, Template]:
        """Return the templates of the types."""


class NoticeStore(Protocol):
    """Keeps notices."""

    async def erase(self, work: UnitOfWork, user_id: str) -> None:
        """Delete the user's feed and close it for good."""

    async def add(self, work: UnitOfWork, notice: NewNotice) -> None:
        """Write the notice down, after all that its feed holds."""

    async def after(
        self, reader: Reader, user_id: str, seq: int, topics: Sequence[str], limit: int
    ) -> list[Notice]:
        """Return the oldest notices of the feed above `seq`."""

    async def last(self, reader: Reader, user_id: str) -> int:
        """Return the feed's last position; 0 when it is empty."""

    async def holds(self, reader: Reader, user_id: str, seq: int) -> bool:
        """Whether the position is one of the feed's."""


class Directory(Protocol):
    """Knows how to reach people."""

    async def contacts(self, user_ids: Sequence[str]) -> Mapping[str, Contact]:
        """Return contacts by user id, without unknown ones; raise DependencyDown."""

    async def target(self, reference_id: str) -> Contact | None:
        """Return who a reference is for, with the link; None once there is nothing to send.

        Raises DependencyDown.
        """


class Sessions(Protocol):
    """Knows which sessions live."""

    async def alive(self, user_id: str, session_id: str) -> bool:
        """Whether the session lives and its user is not banned; raise DependencyDown."""


class MailServerDown(Exception):
    """The mail server did not take the letter now; it may later."""


class LetterRefused(Exception):
    """The mail server will never take this letter."""


class Mailer(Protocol):
    """Hands letters to a mail server."""

    async def send(self, letter: Letter) -> None:
        """Return once the server took the letter; raise MailServerDown or LetterRefused."""


class Bell(Protocol):
    """Tells the other processes that a feed grew. May lose a ring at any time."""

    def ring(self, user_id: str) -> None:
        """Tell them, soon. Never raises, never waits."""

    def listen(self) -> AsyncIterator[str]:
        """Yield a user id for each ring, and "" when rings may have been lost.

        Goes on for ever; what breaks is mended inside.
        """


class Companies(Protocol):
    """Who belongs to a company."""

    async def company_people(self, company_id: str) -> Sequence[str]:
        """Return the ids of those who have a role in a company; raise DependencyDown."""
