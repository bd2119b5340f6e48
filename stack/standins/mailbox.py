"""A mail server that delivers to a folder: what a developer's mailbox is on this machine.

Each accepted mail becomes one .eml file. A mail sent twice is kept twice, so that a double
delivery shows.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from stack.paths import write_private

_SIZE_LIMIT_BYTES = 10_000_000
_counter = itertools.count(1)


@dataclass(frozen=True)
class Mail:
    """A delivered mail; `id` is its file name without the ending."""

    id: str
    received_at: dt.datetime
    message_id: str
    sender: str
    recipients: str
    subject: str
    text: str
    html: str


class _Sink:
    """aiosmtpd calls this for each mail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        await asyncio.to_thread(_keep, self._folder, content, envelope.rcpt_tos)
        return "250 delivered"


def _keep(folder: Path, content: bytes, recipients: Sequence[str]) -> None:
    now = dt.datetime.now(dt.UTC)
    name = f"{now:%Y%m%dT%H%M%S%f}-{next(_counter):06d}"
    delivered = "".join(f"X-Delivered-To: {_one_line(address)}\r\n" for address in recipients)
    write_private(folder / f"{name}.eml", delivered.encode() + content)


def _one_line(text: str) -> str:
    return " ".join(text.split())


async def serve(folder: Path, host: str, port: int) -> asyncio.Server:
    """Listen for mail; everything accepted is stored in `folder`."""
    sink = _Sink(folder)
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: SMTP(
            sink,
            hostname="mailbox.weneeds.internal",
            ident="WeNeeds local mailbox",
            data_size_limit=_SIZE_LIMIT_BYTES,
            enable_SMTPUTF8=True,
            loop=loop,
        ),
        host,
        port,
    )


def read_all(folder: Path, recipient: str = "", limit: int = 500) -> list[Mail]:
    """The newest mails first; only those to `recipient` when given (an address, any case)."""
    mails: list[Mail] = []
    for path in sorted(folder.glob("*.eml"), reverse=True):
        mail = _parse(path)
        if recipient.lower() in mail.recipients.lower():
            mails.append(mail)
        if len(mails) == limit:
            break
    return mails


def read(folder: Path, mail_id: str) -> Mail | None:
    """One mail; None when there is none. An id with anything but letters, digits and - is none."""
    path = folder / f"{mail_id}.eml"
    if not mail_id.replace("-", "").isalnum() or not path.is_file():
        return None
    return _parse(path)


def _parse(path: Path) -> Mail:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    recipients = message.get_all("X-Delivered-To") or message.get_all("To") or []
    received_at = dt.datetime.strptime(path.stem.split("-")[0], "%Y%m%dT%H%M%S%f")
    return Mail(
        id=path.stem,
        received_at=received_at.replace(tzinfo=dt.UTC),
        message_id=str(message.get("Message-ID", "")),
        sender=str(message.get("From", "")),
        recipients=", ".join(str(address) for address in recipients),
        subject=str(message.get("Subject", "")),
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content())
