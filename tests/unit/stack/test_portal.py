"""The mailbox and the pages around it."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from stack.portal.app import create
from stack.standins import mailbox
from stack.topology import Topology


@dataclass(frozen=True)
class Portal:
    pages: httpx.AsyncClient
    smtp_port: int
    folder: Path

    async def deliver(self, *mails: EmailMessage) -> None:
        def send() -> None:
            with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=10) as server:
                for mail in mails:
                    server.send_message(mail)

        await asyncio.to_thread(send)


@pytest.fixture
async def portal(tmp_path: Path) -> AsyncIterator[Portal]:
    topology = Topology.create(tmp_path, public_port=0)
    server = await mailbox.serve(topology.mailbox, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = httpx.ASGITransport(create(topology))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as pages:
        yield Portal(pages, port, topology.mailbox)
    server.close()


def _mail(subject: str, to: str = "camille@example.org", text: str = "Bonjour") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "no-reply@example.org"
    mail["To"] = to
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{abs(hash(subject))}@example.org>"
    mail.set_content(text)
    return mail


async def test_a_mail_is_kept_and_listed(portal: Portal) -> None:
    await portal.deliver(_mail("Entretien à 14 h", text="À demain"))
    (mail,) = (await portal.pages.get("/mailbox.json")).json()["mails"]
    assert mail["subject"] == "Entretien à 14 h"
    assert mail["text"].strip() == "À demain"
    assert mail["recipients"] == "camille@example.org"
    page = await portal.pages.get(f"/mailbox/{mail['id']}")
    assert "À demain" in page.text
    assert {path.stat().st_mode & 0o777 for path in portal.folder.iterdir()} == {0o600}


async def test_a_double_delivery_shows(portal: Portal) -> None:
    mail = _mail("Deux fois")
    await portal.deliver(mail, mail)
    mails = (await portal.pages.get("/mailbox.json")).json()["mails"]
    assert [mail["subject"] for mail in mails] == ["Deux fois", "Deux fois"]
    assert mails[0]["id"] > mails[1]["id"]


async def test_mails_are_filtered_by_recipient(portal: Portal) -> None:
    await portal.deliver(_mail("a", to="ana@example.org"), _mail("b", to="bea@example.org"))
    answer = await portal.pages.get("/mailbox.json", params={"to": "BEA@example.org"})
    assert [mail["subject"] for mail in answer.json()["mails"]] == ["b"]


async def test_strangers_text_is_escaped(portal: Portal) -> None:
    attack = "<script>alert(1)</script>"
    await portal.deliver(_mail(attack, text=attack))
    listing = await portal.pages.get("/mailbox")
    (mail,) = (await portal.pages.get("/mailbox.json")).json()["mails"]
    page = await portal.pages.get(f"/mailbox/{mail['id']}")
    for answer in (listing, page):
        assert attack not in answer.text
        assert "&lt;script&gt;" in answer.text


async def test_html_of_a_mail_is_fenced_in(portal: Portal) -> None:
    mail = _mail("HTML")
    mail.add_alternative("<p onclick='x()'>Bonjour</p>", subtype="html")
    await portal.deliver(mail)
    (kept,) = (await portal.pages.get("/mailbox.json")).json()["mails"]
    answer = await portal.pages.get(f"/mailbox/{kept['id']}/html")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox;")
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize("mail_id", ["nothing", "..%2Ftopology", "..", "a.b", "%00"])
async def test_only_mails_are_shown(portal: Portal, mail_id: str) -> None:
    await portal.deliver(_mail("a"))
    assert (await portal.pages.get(f"/mailbox/{mail_id}")).status_code in (307, 404)


@pytest.mark.parametrize("path", ["/mailbox", "/docs", "/status"])
async def test_pages_run_only_their_own_scripts(portal: Portal, path: str) -> None:
    answer = await portal.pages.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http://" not in answer.text
    assert "https://" not in answer.text


async def test_the_viewer_finds_its_files(portal: Portal) -> None:
    viewer = await portal.pages.get("/docs")
    assets = [part.split('"')[0] for part in viewer.text.split('"/docs/assets/')[1:]]
    assert len(assets) == 5
    for name in assets:
        assert (await portal.pages.get(f"/docs/assets/{name}")).status_code == 200
    assert (await portal.pages.get("/docs/assets/page.py")).status_code == 404


async def test_status_of_a_mesh_that_is_down(portal: Portal) -> None:
    answer = await portal.pages.get("/status.json")
    assert answer.json()["up"] is False
    assert "make up" in (await portal.pages.get("/status")).text
