"""`weneeds ledger verify` on the books of the running mesh."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from tests.conftest import RunningMesh

pytestmark = pytest.mark.mesh


async def test_the_books_of_the_mesh_add_up(mesh: RunningMesh) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from stack.cli import main; main()",
        "ledger",
        "verify",
        env={**os.environ, "WENEEDS_STATE": str(mesh.topology.state)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert "adds up to zero" in output.decode()
