"""`weneeds admin` and `weneeds audit` on a running mesh."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from typer.testing import CliRunner, Result
from weneeds import AsyncWeNeeds

from stack.cli import app
from stack.topology import SERVICES
from tests.conftest import RunningMesh
from tests.mesh.staffing import PASSWORD, Admin, rows, signed_in

pytestmark = pytest.mark.mesh


async def test_the_command_line_creates_admins_and_verifies_the_log(
    mesh: RunningMesh, guest: AsyncWeNeeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENEEDS_STATE", str(mesh.topology.state))
    email = f"staff-{uuid4()}@example.org"
    command = ["admin", "create", "--email", email, "--name", "Fictive", "--role", "ADMIN"]

    async def run(*arguments: str, typed: str = "") -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, arguments, typed)

    made = await run(*command, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert made.exit_code == 0, made.output
    assert PASSWORD not in made.output
    (uri,) = [line for line in made.output.splitlines() if line.startswith("otpauth://")]
    admin = await signed_in(guest, "", email, uri)
    await admin.client.admin_users.list_users(page_size=1).page()
    again = await run(*command, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert (again.exit_code, "EMAIL_TAKEN" in again.output) == (1, True)
    short = await run(*command, typed="short\nshort\n")
    assert (short.exit_code, "characters" in short.output) == (1, True)

    verified = await run("audit", "verify")
    assert verified.exit_code == 0, verified.output
    assert verified.output.count("holds") == len(SERVICES)


async def test_a_rewritten_log_fails_the_check(
    mesh: RunningMesh, boss: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENEEDS_STATE", str(mesh.topology.state))
    row = (await rows(mesh, boss.id))[0]
    connection = await asyncpg.connect(mesh.topology.admin_url)
    rewrite = "update auth.audit set success = $2 where seq = $1"
    try:
        await connection.execute(rewrite, row["seq"], not row["success"])
        result = await asyncio.to_thread(CliRunner().invoke, app, ["audit", "verify"])
        assert (result.exit_code, f"broken at row {row['seq']}" in result.output) == (1, True)
    finally:
        await connection.execute(rewrite, row["seq"], row["success"])
        await connection.close()
