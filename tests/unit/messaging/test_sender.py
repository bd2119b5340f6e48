"""The sender: what becomes of a mail, whatever fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.kit.clock import FakeClock
from services.messaging.app.hub import Hub
from services.messaging.app.notices import Notices
from services.messaging.app.sender import Sender
from services.messaging.app.stores import LetterRefused, MailServerDown
from services.messaging.domain.mail import ClaimedMail, MailStatus, MailType, RetryPolicy
from tests.unit.messaging.fakes import Bell, Feed, Mailbox, MailQueue, People, Templates, Units

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TITLE = {"job_title": "Cuisinier"}


class House:
    """A sender with everything around it in memory."""

    def __init__(self, *mails: ClaimedMail) -> None:
        self.queue = MailQueue(list(mails))
        self.people = People()
        self.mailbox = Mailbox()
        self.feed = Feed()
        bell = Bell()
        self.sender = Sender(
            work=Units(),  # type: ignore[arg-type]
            mails=self.queue,  # type: ignore[arg-type]
            templates=Templates(),
            directory=self.people,
            mailer=self.mailbox,
            notices=Notices(Units(), self.feed, bell, Hub(bell)),  # type: ignore[arg-type]
            clock=FakeClock(NOW),
            retry=RetryPolicy(timedelta(seconds=5), timedelta(minutes=15), max_attempts=10),
            claim_for=timedelta(minutes=2),
            jitter=lambda: 1.0,
        )


def _mail(name: str = "m1", *, user: str = "ada", tries: int = 0, **variables: str) -> ClaimedMail:
    return ClaimedMail(name, user, MailType.APPLICATION_RECEIVED, variables or TITLE, tries)


async def test_a_mail_is_sent_once_and_told_to_its_reader() -> None:
    house = House(_mail())
    await house.sender.drain()
    [letter] = house.mailbox.letters
    assert letter.message_id == "<m1@mail.weneeds.fr>"
    assert (letter.recipient, letter.subject, letter.text) == (
        "ada@example.org",
        "Cuisinier",
        "Ada",
    )
    assert house.queue.status("m1") is MailStatus.SENT
    assert [(user, n.topic, n.kind, n.resource_id) for user, n in house.feed.rows] == [
        ("ada", "mails", "mail.sent", "m1")
    ]


async def test_all_batches_are_sent() -> None:
    house = House(*(_mail(f"m{i}") for i in range(20)))
    await house.sender.drain()
    assert len(house.mailbox.letters) == 20


async def test_a_server_that_is_down_leaves_the_mail_for_later() -> None:
    house = House(_mail(tries=2))
    house.mailbox.failure = MailServerDown("SMTP_421")
    await house.sender.drain()
    outcome = house.queue.settled["m1"]
    assert outcome.status is MailStatus.PENDING
    assert outcome.at == NOW + timedelta(seconds=20)
    assert outcome.failure == "SMTP_421"
    assert not house.feed.rows


async def test_the_tenth_try_is_the_last() -> None:
    house = House(_mail(tries=9))
    house.mailbox.failure = MailServerDown("SMTP_421")
    await house.sender.drain()
    assert house.queue.status("m1") is MailStatus.FAILED


async def test_a_mail_that_kills_its_senders_is_given_up_untried() -> None:
    house = House(_mail(tries=10))
    await house.sender.drain()
    assert house.queue.settled["m1"].failure == "TRIES_EXHAUSTED"
    assert not house.mailbox.letters


async def test_a_refused_letter_is_not_tried_again() -> None:
    house = House(_mail())
    house.mailbox.failure = LetterRefused("SMTP_550")
    await house.sender.drain()
    assert house.queue.status("m1") is MailStatus.FAILED


async def test_without_the_directory_no_try_is_counted() -> None:
    house = House(_mail())
    house.people.down = True
    await house.sender.drain()
    outcome = house.queue.settled["m1"]
    assert (outcome.status, outcome.counts) == (MailStatus.PENDING, False)
    assert outcome.at > NOW


@pytest.mark.parametrize(
    ("mail", "reason"),
    [
        (_mail(user="nobody"), "CONTACT_UNKNOWN"),
        (_mail(fee="1.00"), "TEMPLATE_VARIABLE_MISSING: job_title"),
        (ClaimedMail("m1", "ada", MailType.WELCOME, {}, 0), "TEMPLATE_MISSING"),
    ],
)
async def test_a_mail_that_cannot_be_written_fails_with_its_reason(
    mail: ClaimedMail, reason: str
) -> None:
    house = House(mail, _mail("m2"))
    await house.sender.drain()
    assert house.queue.status("m1") is MailStatus.FAILED
    assert house.queue.settled["m1"].failure == reason
    assert house.queue.status("m2") is MailStatus.SENT


async def test_a_lost_claim_tells_nobody() -> None:
    house = House(_mail())
    house.queue.lost.add("m1")
    await house.sender.drain()
    assert not house.feed.rows


def _invitation(reference: str) -> ClaimedMail:
    variables = {"company_name": "Maison Fictive"}
    kind = MailType.COLLABORATOR_ADDED
    return ClaimedMail("m1", "", kind, variables, 0, reference, "invitation")


async def test_a_reference_tells_address_and_link_when_the_mail_is_sent() -> None:
    house = House(_invitation("r1"), _mail("m2"))
    await house.sender.drain()
    letters = {letter.recipient: letter for letter in house.mailbox.letters}
    assert letters["guest@example.org"].text == " https://site.example/#r1"
    assert letters["guest@example.org"].subject == "Maison Fictive"
    assert letters["ada@example.org"].text == "Ada"
    # Somebody without an account has no feed.
    assert [user for user, _ in house.feed.rows] == ["ada"]


async def test_a_mail_whose_reference_is_gone_is_not_sent() -> None:
    house = House(_invitation("gone"), _mail("m2"))
    await house.sender.drain()
    assert house.queue.settled["m1"].failure == "REFERENCE_GONE"
    assert house.queue.status("m2") is MailStatus.SENT


async def test_a_reference_waits_for_the_directory() -> None:
    house = House(_invitation("r1"))
    house.people.down = True
    await house.sender.drain()
    outcome = house.queue.settled["m1"]
    assert (outcome.status, outcome.counts) == (MailStatus.PENDING, False)
