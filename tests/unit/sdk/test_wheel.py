"""The wheel that clients install."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from stack.gen import wheel

_USE = """
import sys
sys.path.insert(0, sys.argv[1])
sys.modules["buf"] = None
import weneeds
from weneeds import WeNeeds
from weneeds.jobs.v1 import job_service_pb2
assert weneeds.__file__.startswith(sys.argv[1]), weneeds.__file__
client = WeNeeds("127.0.0.1:1", tls=False)
assert client.jobs.create_job.__doc__
print(job_service_pb2.CreateJobRequest(job={"title": "Baker"}).job.title)
"""


@pytest.fixture(scope="module")
async def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    return await asyncio.to_thread(wheel.build, folder / "dist", folder / "work")


def test_it_ships_ours_and_nothing_else(built: Path) -> None:
    names = zipfile.ZipFile(built).namelist()
    assert {name.partition("/")[0] for name in names} == {
        "weneeds",
        f"{'-'.join(built.name.split('-')[:2])}.dist-info",
    }
    assert {"weneeds/py.typed", "weneeds/_facade.py", "weneeds/jobs/v1/job_pb2.pyi"} <= set(names)


def test_it_works_without_the_rules(built: Path) -> None:
    installed = built.parent / "installed"
    zipfile.ZipFile(built).extractall(installed)
    command = [sys.executable, "-c", _USE, str(installed)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=built.parent, check=False)
    assert (done.stdout.strip(), done.returncode) == ("Baker", 0), done.stderr
