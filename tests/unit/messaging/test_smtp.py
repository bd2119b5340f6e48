"""Letters to the mail server: what strangers wrote does not break out of a header."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.kit.clock import SystemClock
from services.messaging.app.stores import LetterRefused, MailServerDown
from services.messaging.domain.mail import Letter
from services.messaging.domain.template import Template, render
from services.messaging.ports.smtp import SmtpMailer
from services.messaging.settings import MessagingSettings


@pytest.fixture
def mailer(tmp_path: Path) -> SmtpMailer:
    """A mailer whose server nobody runs: whoever gets there is told so."""
    settings = MessagingSettings(database_url="", tls_dir=tmp_path, jwks_file=tmp_path, smtp_port=1)
    return SmtpMailer(settings, SystemClock())


def letter(recipient: str) -> Letter:
    return Letter("<1@weneeds.example>", recipient, "Hello", "text", "<p>html</p>")


@pytest.mark.parametrize(
    "recipient",
    [
        "a@b.example\r\nBcc: everyone@c.example",
        "a@b.example\nX-Other: 1",
        "a@b.example, other@c.example",
        "a@b.example; other@c.example",
        "Somebody <other@c.example>",
        "",
    ],
)
async def test_an_address_is_one_address(mailer: SmtpMailer, recipient: str) -> None:
    with pytest.raises(LetterRefused, match="ADDRESS_INVALID"):
        await mailer.send(letter(recipient))


async def test_a_good_address_goes_to_the_server(mailer: SmtpMailer) -> None:
    with pytest.raises(MailServerDown):
        await mailer.send(letter("a@b.example"))


@pytest.mark.parametrize("breaks", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x0b", "\x1c"])
def test_a_subject_is_one_line(breaks: str) -> None:
    template = Template("New: {{title}}", "", "")
    subject = render(template, {"title": f"Baker{breaks}Bcc: everyone@c.example"}).subject
    assert subject == "New: Baker Bcc: everyone@c.example"
