"""The mail server, by SMTP. Amazon SES speaks it in production."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime

from services.kit.clock import Clock
from services.messaging.app.stores import LetterRefused, MailServerDown
from services.messaging.domain.mail import Letter
from services.messaging.settings import MessagingSettings

_PERMANENT = 500


class SmtpMailer:
    """Sends each letter over a connection of its own, in a worker thread."""

    def __init__(self, settings: MessagingSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._tls = ssl.create_default_context()

    async def send(self, letter: Letter) -> None:
        """Return once the server took the letter; raise MailServerDown or LetterRefused."""
        message = self._message(letter)
        await asyncio.to_thread(self._deliver, message)

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["Message-ID"] = letter.message_id
        message["Date"] = format_datetime(self._clock.now())
        message["From"] = self._settings.sender
        message["To"] = _address(letter.recipient)
        message["Subject"] = letter.subject
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        return message

    def _deliver(self, message: EmailMessage) -> None:
        # Only codes are told on: a server's words may hold the address.
        try:
            with self._connect() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code = min((answer[0] for answer in error.recipients.values()), default=0)
            raise _failure(code) from None
        except smtplib.SMTPDataError as error:
            raise _failure(error.smtp_code) from None
        except smtplib.SMTPResponseException as error:
            # Greeting, log-in or sender: ours to mend, and no fault of the letter.
            raise MailServerDown(f"SMTP_{error.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise MailServerDown(f"SMTP_{type(error).__name__}") from None

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        where = (settings.smtp_host, settings.smtp_port)
        if settings.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                *where, timeout=settings.smtp_timeout, context=self._tls
            )
        else:
            server = smtplib.SMTP(*where, timeout=settings.smtp_timeout)
        try:
            if settings.smtp_security == "starttls":
                server.starttls(context=self._tls)
            if settings.smtp_username:
                server.login(settings.smtp_username, settings.smtp_password)
        except BaseException:
            server.close()
            raise
        return server


def _failure(code: int) -> MailServerDown | LetterRefused:
    kind = LetterRefused if code >= _PERMANENT else MailServerDown
    return kind(f"SMTP_{code}")


def _address(recipient: str) -> str:
    """Return the address; raise LetterRefused when it would break out of its header."""
    if not recipient or any(mark in recipient for mark in "\r\n,;<>"):
        raise LetterRefused("ADDRESS_INVALID")
    return recipient
