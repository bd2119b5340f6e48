"""Mails and the live stream through the public gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from weneeds import AsyncWeNeeds, InvalidArgument
from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1 import mail_pb2
from weneeds.messaging.v1.stream_service_pb2 import Notice

from services.kit.bus import Bus
from services.kit.publisher import Outgoing
from stack.launchers import portal
from stack.standins import mailbox

pytestmark = pytest.mark.mesh

SECONDS = 40


class Person:
    """A fictitious person, signed in, and their letter box."""

    def __init__(self, mesh: Any, weneeds: AsyncWeNeeds) -> None:
        self.email = f"mail-{uuid4()}@example.org"
        self.weneeds = weneeds.with_token(None)
        self.id = ""
        self._folder = mesh.topology.mailbox

    async def enter(self, first_name: str = "Fictive", locale: str = "fr") -> None:
        """Register, which asks for a welcome mail, and sign in."""
        await self.weneeds.accounts.register(
            email=self.email,
            password="correct horse battery",
            first_name=first_name,
            last_name="Personne",
            role="USER_ROLE_CANDIDATE",
            locale=locale,
        )
        answer = await self.weneeds.sessions.sign_in(
            email=self.email, password="correct horse battery"
        )
        self.id = answer.user.id

    async def settled(self, count: int) -> list[mail_pb2.Mail]:
        """Wait until `count` mails are there and none waits; newest first."""
        async with asyncio.timeout(SECONDS):
            while True:
                mails = [m async for m in self.weneeds.mails.list_my_mails()]
                waiting = any(m.status == mail_pb2.MAIL_STATUS_PENDING for m in mails)
                if len(mails) >= count and not waiting:
                    return mails
                await asyncio.sleep(0.05)

    def letters(self) -> list[mailbox.Mail]:
        """What the mail server took, newest first."""
        return mailbox.read_all(self._folder, recipient=self.email)


@pytest.fixture(scope="module")
async def weneeds(mesh: Any) -> AsyncIterator[AsyncWeNeeds]:
    async with AsyncWeNeeds(mesh.grpc, tls=False, locale="en") as client:
        yield client


@pytest.fixture
async def person(mesh: Any, weneeds: AsyncWeNeeds) -> Person:
    someone = Person(mesh, weneeds)
    await someone.enter()
    return someone


@pytest.fixture(scope="module")
async def bus(mesh: Any) -> AsyncIterator[Bus]:
    connected = await Bus.connect(mesh.topology.nats_url, "tests")
    yield connected
    await connected.close()


async def _ask(
    bus: Bus, person: Person, variables: dict[str, str], *, event_id: str = "", times: int = 1
) -> None:
    """Publish one wish for a mail, `times` times; JetStream takes each for a new message."""
    wish = MailSend(
        recipient_user_id=person.id,
        type=mail_pb2.MAIL_TYPE_APPLICATION_MOVED,
        variables=variables,
    )
    payload = wish.SerializeToString()
    headers = {"weneeds-id": event_id or str(uuid4())}
    for _ in range(times):
        await bus.publish([Outgoing(str(uuid4()), "events.mail.send", payload, headers)])


async def test_a_mail_is_rendered_in_the_readers_language_and_sent_once(
    mesh: Any, weneeds: AsyncWeNeeds
) -> None:
    person = Person(mesh, weneeds)
    await person.enter(first_name="<Zoé>", locale="en")
    [mail] = await person.settled(1)
    assert mail.type == mail_pb2.MAIL_TYPE_WELCOME
    assert mail.status == mail_pb2.MAIL_STATUS_SENT
    assert mail.subject == "Welcome to WeNeeds"
    assert mail.created_at.ToDatetime() <= mail.sent_at.ToDatetime()
    [letter] = person.letters()
    assert letter.message_id == f"<{mail.id}@mail.weneeds.fr>"
    assert letter.subject == mail.subject
    assert "Hello <Zoé>," in letter.text
    assert "Hello &lt;Zoé&gt;," in letter.html


async def test_an_event_that_comes_again_sends_nothing(bus: Bus, person: Person) -> None:
    variables = {"job_title": "Cuisinier", "status": "SHORTLISTED"}
    await _ask(bus, person, variables, event_id=str(uuid4()), times=3)
    await _ask(bus, person, {**variables, "job_title": "Last"})
    mails = await person.settled(3)
    assert [m.subject.rpartition(": ")[2] for m in mails][:2] == ["Last", "Cuisinier"]
    assert len(mails) == len(person.letters()) == 3
    assert "Elle est désormais : présélectionnée." in person.letters()[1].text


async def test_a_missing_variable_fails_the_mail(bus: Bus, person: Person) -> None:
    await _ask(bus, person, {"job_title": "Cuisinier"})
    mails = await person.settled(2)
    assert mails[0].status == mail_pb2.MAIL_STATUS_FAILED
    assert not mails[0].HasField("sent_at")
    assert len(person.letters()) == 1


async def test_mails_wait_for_a_mail_server_that_is_down(mesh: Any, weneeds: AsyncWeNeeds) -> None:
    person = Person(mesh, weneeds)
    await mesh.mesh.supervisor.stop("portal")
    try:
        await person.enter()
        async with asyncio.timeout(SECONDS):
            # The subject is known from the first try on.
            while not (mails := [m async for m in person.weneeds.mails.list_my_mails()]) or (
                not mails[0].subject
            ):
                await asyncio.sleep(0.05)
        assert mails[0].status == mail_pb2.MAIL_STATUS_PENDING
        assert not person.letters()
    finally:
        await mesh.mesh.supervisor.start(portal.program(mesh.topology))
    [mail] = await person.settled(1)
    assert mail.status == mail_pb2.MAIL_STATUS_SENT
    assert len(person.letters()) == 1


async def test_my_mails_come_in_pages(
    bus: Bus, person: Person, mesh: Any, weneeds: AsyncWeNeeds
) -> None:
    for number in range(4):
        await _ask(bus, person, {"job_title": f"n{number}", "status": "HIRED"})
    everything = await person.settled(5)
    pages = [page async for page in person.weneeds.mails.list_my_mails(page_size=2).pages()]
    assert [len(page.mails) for page in pages] == [2, 2, 1]
    assert {page.total_size for page in pages} == {5}
    assert [m.id for page in pages for m in page.mails] == [m.id for m in everything]
    other = Person(mesh, weneeds)
    await other.enter()
    for stranger, token in ((other, pages[0].next_page_token), (person, "bm90IGEgdG9rZW4")):
        with pytest.raises(InvalidArgument) as refused:
            await stranger.weneeds.mails.list_my_mails(page_token=token).page()
        assert refused.value.reason == "PAGE_TOKEN_INVALID"


async def _notices(person: Person, count: int, **request: Any) -> list[Notice]:
    found: list[Notice] = []
    async with asyncio.timeout(SECONDS), person.weneeds.streams.subscribe(**request) as stream:
        async for message in stream:
            if message.HasField("notice"):
                found.append(message.notice)
            if len(found) == count:
                break
    return found


async def test_the_stream_tells_live_and_resumes_after_a_break(bus: Bus, person: Person) -> None:
    await person.settled(1)
    variables = {"job_title": "Cuisinier", "status": "HIRED"}
    async with asyncio.timeout(SECONDS), person.weneeds.streams.subscribe() as stream:
        opened = await anext(stream)
        assert opened.HasField("heartbeat")
        await _ask(bus, person, variables)
        first = (await anext(stream)).notice
    assert (first.topic, first.kind) == ("mails", "mail.sent")
    assert first.resource_id == (await person.settled(2))[0].id
    # While nobody listens.
    await _ask(bus, person, variables)
    mails = await person.settled(3)
    [second] = await _notices(person, 1, cursor=first.cursor, topics=["mails"])
    assert second.resource_id == mails[0].id


@pytest.mark.parametrize("cursor", ["nonsense", "n7vvvvvvvvvvvv", "n1"])
async def test_a_cursor_that_is_not_of_this_feed_is_refused(person: Person, cursor: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await _notices(person, 1, cursor=cursor)
    assert refused.value.reason == "CURSOR_INVALID"
    assert [problem.field for problem in refused.value.fields] == ["cursor"]


async def test_browsers_read_the_stream_as_server_sent_events(
    mesh: Any, bus: Bus, person: Person
) -> None:
    await person.settled(1)
    tokens = person.weneeds.tokens
    assert tokens is not None
    headers = {
        "authorization": f"Bearer {tokens.access_token}",
        "accept": "text/event-stream",
    }
    async with asyncio.timeout(SECONDS), httpx.AsyncClient(timeout=None) as http:
        url = f"{mesh.rest}/api/v1/me/stream?topics=mails"
        async with http.stream("GET", url, headers=headers) as response:
            assert response.status_code == 200
            events = _events(response.aiter_lines())
            assert "heartbeat" in await anext(events)
            await _ask(bus, person, {"job_title": "Cuisinier", "status": "HIRED"})
            notice = (await anext(events))["notice"]
    assert notice["kind"] == "mail.sent"
    assert notice["resourceId"] == (await person.settled(2))[0].id


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[dict[str, Any]]:
    async for line in lines:
        if line.startswith("data:"):
            yield json.loads(line.removeprefix("data:"))
