"""Runs docs/guides/payments.md, block by block, as it stands."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from weneeds import AsyncWeNeeds

from tests.conftest import RunningMesh
from tests.mesh.staffing import Admin
from tests.support.guide import Step, differences, steps
from tests.support.people import applied, candidate, eventually

pytestmark = pytest.mark.mesh

GUIDE = Path(__file__).parents[2] / "docs/guides/payments.md"
_SECONDS = 60.0
_END = "--end of block--"


class Shell:
    """One bash that keeps its variables from block to block."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def run(self, script: str) -> str:
        """Run a block; return what it printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{script}\necho; echo '{_END}'\n".encode())
        await self._process.stdin.drain()
        lines: list[str] = []
        async with asyncio.timeout(_SECONDS):
            while (line := (await self._process.stdout.readline()).decode()).strip() != _END:
                assert line, f"the shell ended: {''.join(lines)}"
                lines.append(line)
        return "".join(lines).strip()


@pytest.fixture
async def shell(mesh: RunningMesh, tmp_path: Path) -> AsyncIterator[Shell]:
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-u",
        "-o",
        "pipefail",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
        limit=1 << 22,
        env={
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "WENEEDS": mesh.rest,
            "EMAIL": f"guide-{uuid4()}@example.org",
        },
    )
    yield Shell(process)
    process.kill()
    await process.wait()


async def _apply(shell: Shell, guest: AsyncWeNeeds) -> None:
    """Let somebody apply to the job of the guide, and wait for the fee."""
    await applied(await candidate(guest), await shell.run('printf "%s" "$JOB"'))

    async def charged() -> bool | None:
        listed = json.loads(await shell.run('call GET "/api/v1/jobs/$JOB/ledger-entries"'))
        return listed.get("totalSize") == 2 or None

    await eventually(charged)


async def _end_month(shell: Shell, mesh: RunningMesh, boss: Admin) -> None:
    """Put the fees into a month that is over, and have it billed."""
    company_id = await shell.run('printf "%s" "$COMPANY"')
    connection = await asyncpg.connect(mesh.topology.admin_url)
    try:
        await connection.execute(
            "update payment.action_log set processed_at = processed_at - interval '40 days' "
            "where company_id = $1",
            company_id,
        )
    finally:
        await connection.close()
    await boss.client.payment_admins.issue_invoices()


def _judge(step: Step, answer: str) -> list[str]:
    """Return what is not as the guide says."""
    wrong = []
    if step.text is not None and answer != step.text.strip():
        wrong = ["another text"]
    if step.json is not None:
        # A block may print lines before its answer.
        start = answer.find("{")
        wrong = differences(step.json, json.loads(answer[start:])) if start >= 0 else ["no JSON"]
    return [f"{GUIDE.name}:{step.line}: {what}: {answer}" for what in wrong]


async def test_every_block_does_what_the_guide_says(
    mesh: RunningMesh, shell: Shell, guest: AsyncWeNeeds, boss: Admin
) -> None:
    wrong: list[str] = []
    for step in steps(GUIDE.read_text()):
        if step.cue == "somebody applies":
            await _apply(shell, guest)
        elif step.cue == "the month is over":
            await _end_month(shell, mesh, boss)
        else:
            assert step.script, f"line {step.line}: an unknown cue {step.cue!r}"
            wrong += _judge(step, await shell.run(step.script))
    assert wrong == [], "\n".join(wrong)


def test_what_is_missing_or_different_is_found() -> None:
    shown = {"a": {"b": 1, "c": "…"}, "d": [{"e": 2}]}
    assert differences(shown, {"a": {"b": 1, "c": "x", "z": 0}, "d": [{"e": 2}, {}]}) == []
    assert differences(shown, {"a": {"b": 2}, "d": []}) == [
        "$.a.b is 2, not 1",
        "$.a.c is empty",
        "$.d has 0 items, not 1",
    ]
