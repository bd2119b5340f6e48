"""Stand-ins for what the use cases of messaging ask for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.kit.errors import DependencyDown
from services.messaging.app.stores import Settlement, Wording
from services.messaging.domain.mail import ClaimedMail, Contact, Letter, MailStatus, MailType
from services.messaging.domain.notice import NewNotice, Notice
from services.messaging.domain.template import Template


@dataclass
class Work:
    """A unit of work without a database."""

    after: list[Callable[[], None]] = field(default_factory=list)

    def after_commit(self, action: Callable[[], None]) -> None:
        self.after.append(action)


class Units:
    """Opens units that commit at once."""

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Any]:
        work = Work()
        yield work
        for action in work.after:
            action()


@dataclass
class MailQueue:
    """Mails in memory, claimed in order of their ids."""

    waiting: list[ClaimedMail] = field(default_factory=list)
    settled: dict[str, Settlement] = field(default_factory=dict)
    # Ids whose claim another sender took over.
    lost: set[str] = field(default_factory=set)

    async def claim(
        self, work: Any, now: datetime, until: datetime, limit: int
    ) -> list[ClaimedMail]:
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return [replace(mail, attempt=mail.attempt + 1) for mail in taken]

    async def settle(self, work: Any, mail: ClaimedMail, outcome: Settlement) -> bool:
        if mail.id in self.lost:
            return False
        self.settled[mail.id] = outcome
        return True

    def status(self, mail_id: str) -> MailStatus:
        return self.settled[mail_id].status


class Templates:
    """One template a type, in French only."""

    async def of_types(self, work: Any, types: Sequence[MailType]) -> Mapping[Wording, Template]:
        usual = {
            (kind, "fr", ""): Template("{{job_title}}", "{{first_name}}", "{{job_title}}")
            for kind in types
            if kind is not MailType.WELCOME
        }
        opening = Template("{{company_name}}", "{{first_name}} {{link}}", "{{link}}")
        return {**usual, (MailType.COLLABORATOR_ADDED, "fr", "invitation"): opening}


@dataclass
class People:
    """Knows everybody but "nobody"."""

    down: bool = False

    async def contacts(self, user_ids: Sequence[str]) -> Mapping[str, Contact]:
        if self.down:
            raise DependencyDown(dependency="auth")
        return {
            user: Contact(user, f"{user}@example.org", user.title(), "fr")
            for user in user_ids
            if user != "nobody"
        }

    async def target(self, reference_id: str) -> Contact | None:
        if self.down:
            raise DependencyDown(dependency="auth")
        if reference_id == "gone":
            return None
        return Contact("", "guest@example.org", "", "en", f"https://site.example/#{reference_id}")


@dataclass
class Mailbox:
    """Takes letters, or raises what it is told to."""

    letters: list[Letter] = field(default_factory=list)
    failure: Exception | None = None

    async def send(self, letter: Letter) -> None:
        if self.failure is not None:
            raise self.failure
        self.letters.append(letter)


class Bell:
    """Rings that stay in the process."""

    def __init__(self) -> None:
        self.rung: list[str] = []
        self.heard: asyncio.Queue[str] = asyncio.Queue()

    def ring(self, user_id: str) -> None:
        self.rung.append(user_id)

    async def listen(self) -> AsyncIterator[str]:
        while True:
            yield await self.heard.get()


@dataclass
class Feed:
    """Notices in memory."""

    rows: list[tuple[str, Notice]] = field(default_factory=list)

    async def add(self, work: Any, notice: NewNotice) -> None:
        row = Notice(
            len(self.rows) + 1,
            notice.topic.value,
            notice.kind,
            notice.resource_id,
            notice.created_at,
        )
        self.rows.append((notice.user_id, row))

    async def after(
        self, reader: Any, user_id: str, seq: int, topics: Sequence[str], limit: int
    ) -> list[Notice]:
        found = [n for user, n in self.rows if user == user_id and n.seq > seq]
        return [n for n in found if n.topic in topics][:limit]

    async def last(self, reader: Any, user_id: str) -> int:
        return max((n.seq for user, n in self.rows if user == user_id), default=0)

    async def holds(self, reader: Any, user_id: str, seq: int) -> bool:
        return any(user == user_id and n.seq == seq for user, n in self.rows)


@dataclass
class Doorman:
    """Says which sessions live; raises when it is down."""

    ended: set[str] = field(default_factory=set)
    down: bool = False

    async def alive(self, user_id: str, session_id: str) -> bool:
        if self.down:
            raise DependencyDown(dependency="auth")
        return session_id not in self.ended
