"""The demo: the whole flow through the gateway, and checks that can fail."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from stack import samples
from stack.demo import DemoReport, run

pytestmark = pytest.mark.mesh


async def _run(mesh: Any) -> tuple[DemoReport, str]:
    screen = StringIO()
    report = await run(mesh.grpc, mesh.topology.mailbox, Console(file=screen, width=120))
    return report, screen.getvalue()


async def test_the_flow_adds_up_the_first_time_and_the_second(mesh: Any) -> None:
    first, told = await _run(mesh)
    assert first.ok, told
    assert first.first_run
    assert first.candidates == len(samples.candidates())
    assert first.applications == 4
    assert first.funded == first.spent + first.balance
    # Four scores at a cent a point, a yes at 1.00 and a no at 0.50.
    assert first.spent % 10_000 == 0
    assert 1_500_000 <= first.spent <= 1_500_000 + 4 * 1_000_000
    second, told = await _run(mesh)
    assert second.ok, told
    assert not second.first_run
    assert second.applications == first.applications + 1
    assert (second.company_id, second.job_id) == (first.company_id, first.job_id)
    assert second.funded == first.funded

    # A letter that is lost is a red line.
    letter = next(mesh.topology.mailbox.glob("*.eml"))
    every = {path: path.read_bytes() for path in mesh.topology.mailbox.glob("*.eml")}
    for path, content in every.items():
        if b"helene.marchand@example.com" in content:
            letter = path
            break
    letter.unlink()
    third, told = await _run(mesh)
    letter.write_bytes(every[letter])
    assert not third.ok
    broken = [check.what for check in third.checks if not check.ok]
    assert "mails that are in the mailbox exactly once" in broken
    assert "checks failed" in told
