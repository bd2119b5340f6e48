"""Sends the mails that are due.

A mail is claimed (SENDING, with the time of the try) in a commit of its own
before the mail server hears of it. A crash between the server's answer and the
commit that says SENT is the one window in which a mail goes out twice; both
copies then carry the same Message-ID.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextvars import Context
from datetime import datetime, timedelta

from services.kit.clock import Clock
from services.kit.errors import DependencyDown
from services.kit.work import UnitsOfWork
from services.messaging.app.notices import Notices
from services.messaging.app.stores import (
    Directory,
    LetterRefused,
    Mailer,
    MailServerDown,
    MailStore,
    Settlement,
    TemplateStore,
    Wording,
)
from services.messaging.domain.mail import (
    ClaimedMail,
    Contact,
    Letter,
    MailStatus,
    RetryPolicy,
    message_id,
)
from services.messaging.domain.notice import NewNotice, Topic
from services.messaging.domain.template import Template, TemplateVariableMissing, in_words, render

_log = logging.getLogger(__name__)
# Each letter has a connection and a thread of its own while it is sent.
_BATCH = 8
_DEFAULT_LOCALE = "fr"

Templates = Mapping[Wording, Template]


class Sender:
    """Empties the queue of mails whenever it is woken: by a new mail, by the sweep."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        mails: MailStore,
        templates: TemplateStore,
        directory: Directory,
        mailer: Mailer,
        notices: Notices,
        clock: Clock,
        retry: RetryPolicy,
        claim_for: timedelta,
        jitter: Callable[[], float],
    ) -> None:
        self._work = work
        self._mails = mails
        self._templates = templates
        self._directory = directory
        self._mailer = mailer
        self._notices = notices
        self._clock = clock
        self._retry = retry
        self._claim_for = claim_for
        self._jitter = jitter
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def wake(self) -> None:
        """Send soon what is due. A sender that is at work looks once more."""
        if self._task is not None and not self._task.done():
            self._again = True
            return
        # A context of its own: sending is no part of the call that woke it.
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._run(), context=Context())

    async def drain(self) -> None:
        """Send what is due, until nothing is."""
        self._again = True
        while self._again:
            self._again = False
            while await self._batch():
                pass

    async def close(self) -> None:
        """Stop. Mails in hand are left to their claims."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            await self.drain()
        except Exception:
            _log.exception("sending mails failed; the next sweep goes on")

    async def _batch(self) -> bool:
        """Send one batch. Return whether there may be more that can be sent now."""
        now = self._clock.now()
        async with self._work() as work:
            claimed = await self._mails.claim(work, now, now + self._claim_for, _BATCH)
            if not claimed:
                return False
            kinds = sorted({mail.type for mail in claimed})
            templates = await self._templates.of_types(work, kinds)
        try:
            contacts = await self._recipients(claimed)
        except DependencyDown:
            await self._give_back(claimed)
            return False
        await asyncio.gather(*(self._deliver(m, contacts.get(m.id), templates) for m in claimed))
        return len(claimed) == _BATCH

    async def _recipients(self, claimed: list[ClaimedMail]) -> dict[str, Contact | None]:
        """Return to whom each mail goes, by the mail's id; None where nobody is known."""
        people = sorted({m.user_id for m in claimed if not m.reference_id})
        known = await self._directory.contacts(people) if people else {}
        found: dict[str, Contact | None] = {m.id: known.get(m.user_id) for m in claimed}
        for mail in claimed:
            if mail.reference_id:
                found[mail.id] = await self._directory.target(mail.reference_id)
        return found

    async def _give_back(self, claimed: list[ClaimedMail]) -> None:
        """Without the directory there was no try: none is counted."""
        wait = self._retry.base * (0.5 + 0.5 * self._jitter())
        outcome = Settlement(
            MailStatus.PENDING, self._clock.now() + wait, failure="DIRECTORY_DOWN", counts=False
        )
        async with self._work() as work:
            for mail in claimed:
                await self._mails.settle(work, mail, outcome)

    async def _deliver(
        self, mail: ClaimedMail, contact: Contact | None, templates: Templates
    ) -> None:
        outcome = await self._try(mail, contact, templates)
        if outcome.failure:
            _log.warning(
                "mail not sent",
                extra={
                    "mail_id": mail.id,
                    "attempt": mail.attempt,
                    "status": outcome.status.value,
                    "failure": outcome.failure,
                },
            )
        async with self._work() as work:
            settled = await self._mails.settle(work, mail, outcome)
            if settled and mail.user_id and outcome.status is MailStatus.SENT:
                notice = NewNotice(mail.user_id, Topic.MAILS, "mail.sent", mail.id, outcome.at)
                await self._notices.tell(notice)

    async def _try(
        self, mail: ClaimedMail, contact: Contact | None, templates: Templates
    ) -> Settlement:
        if mail.attempt > self._retry.max_attempts:
            return self._failed("TRIES_EXHAUSTED")
        if contact is None:
            return self._failed("REFERENCE_GONE" if mail.reference_id else "CONTACT_UNKNOWN")
        try:
            letter = _letter(mail, contact, templates)
        except TemplateVariableMissing as error:
            return self._failed(f"{error.reason}: {error.metadata['variable']}")
        except LookupError:
            return self._failed("TEMPLATE_MISSING")
        return await self._send(mail, letter)

    async def _send(self, mail: ClaimedMail, letter: Letter) -> Settlement:
        try:
            await self._mailer.send(letter)
        except LetterRefused as error:
            return self._failed(str(error), letter.subject)
        except MailServerDown as error:
            wait = self._retry.wait(mail.attempt, self._jitter())
            if wait is None:
                return self._failed(str(error), letter.subject)
            due = self._clock.now() + wait
            return Settlement(MailStatus.PENDING, due, letter.subject, str(error))
        return Settlement(MailStatus.SENT, self._now(), letter.subject)

    def _failed(self, reason: str, subject: str = "") -> Settlement:
        return Settlement(MailStatus.FAILED, self._now(), subject, reason)

    def _now(self) -> datetime:
        return self._clock.now()


def _letter(mail: ClaimedMail, contact: Contact, templates: Templates) -> Letter:
    """Render the mail in the contact's language; raise LookupError without a template."""
    locale = contact.locale
    if (mail.type, locale, mail.variant) not in templates:
        locale = _DEFAULT_LOCALE
    template = templates[mail.type, locale, mail.variant]
    # Name and link come from the directory at the last moment, never from an event.
    variables = {**in_words(mail.variables, locale), "first_name": contact.first_name}
    if contact.link:
        variables["link"] = contact.link
    rendered = render(template, variables)
    return Letter(
        message_id=message_id(mail.id),
        recipient=contact.email,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
    )
