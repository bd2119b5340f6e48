"""The demo: one hiring flow through the public gateway, told and checked."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from weneeds import AsyncWeNeeds

from stack.demo.flow import Flow
from stack.demo.report import Check, DemoReport
from stack.demo.scene import load
from stack.demo.settling import settle
from stack.demo.story import Story
from stack.demo.verdict import verify

__all__ = ["Check", "DemoReport", "run"]

_TIMEOUT_SECONDS = 30.0


async def run(gateway: str, mailbox_dir: Path, console: Console) -> DemoReport:
    """Walk the flow through `gateway` ("host:port", plain text) and tell it on `console`.

    The first run loads the sample data; a later one finds it and walks one more
    application. `mailbox_dir` holds the delivered mails as .eml files. A check
    that fails is a red line and makes `report.ok` false. Raises WeNeedsError and
    TimeoutError where the mesh does not play along.
    """
    story = Story(console)
    async with AsyncWeNeeds(gateway, tls=False, locale="en", timeout=_TIMEOUT_SECONDS) as weneeds:
        scene = await load(weneeds, story)
        facts = await Flow(scene, story).walk()
        books = await settle(scene, facts, mailbox_dir, story)
        story.books(scene, books)
        report = verify(scene, facts, books)
        story.verdict(report)
        return report
