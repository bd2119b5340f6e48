"""Starting, watching and stopping programs; the programs are small Python scripts."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from stack import runfile
from stack.process import Program, StartFailed
from stack.supervisor import Supervisor

_SERVE = """
import pathlib, signal, sys
def stop(number, frame):
    pathlib.Path(sys.argv[1] + ".stopped").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
pathlib.Path(sys.argv[1]).touch()
while True:
    signal.pause()
"""
_DEAF = _SERVE.replace("signal.SIGTERM, stop", "signal.SIGTERM, signal.SIG_IGN")


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    supervisor = Supervisor()
    yield supervisor
    for name in list(supervisor.running):
        await supervisor.stop(name)


def _program(folder: Path, script: str = _SERVE, stop_seconds: float = 10) -> Program:
    mark = folder / "ready"

    async def ready(_: int) -> bool:
        return await asyncio.to_thread(mark.exists)

    return Program(
        name="toy",
        command=(sys.executable, "-c", script, str(mark)),
        log=folder / "toy.log",
        ready=ready,
        stop_seconds=stop_seconds,
    )


async def test_a_program_is_asked_to_stop(supervisor: Supervisor, tmp_path: Path) -> None:
    await supervisor.start(_program(tmp_path))
    await supervisor.stop("toy")
    assert (tmp_path / "ready.stopped").exists()
    assert supervisor.running == {}


async def test_a_deaf_program_is_killed(supervisor: Supervisor, tmp_path: Path) -> None:
    await supervisor.start(_program(tmp_path, _DEAF, stop_seconds=0.1))
    running = supervisor.running["toy"]
    await supervisor.stop("toy")
    assert running.exit_code == -signal.SIGKILL


async def test_a_dead_program_is_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    await supervisor.start(_program(tmp_path))
    pid = supervisor.kill("toy")
    await asyncio.wait_for(supervisor.wait_restarted("toy", pid), 10)
    assert supervisor.running["toy"].pid != pid
    assert supervisor.restarts == {"toy": 1}


async def test_a_stopped_program_stays_stopped_until_asked(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    await supervisor.start(_program(tmp_path))
    await supervisor.stop("toy")
    await supervisor.start_again("toy")
    assert supervisor.running["toy"].exit_code is None
    assert supervisor.restarts == {}


async def test_a_failed_start_shows_the_log(supervisor: Supervisor, tmp_path: Path) -> None:
    broken = _program(tmp_path, "import sys; print('the disk is on fire'); sys.exit(3)")
    with pytest.raises(StartFailed, match=r"ended with code 3(.|\n)*the disk is on fire"):
        await supervisor.start(broken)
    assert supervisor.running == {}


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_no_program_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    script = tmp_path / "mesh.py"
    script.write_text(
        "import asyncio, pathlib, sys\n"
        "from stack.process import Program\n"
        "from stack.supervisor import Supervisor\n"
        "async def ready(_): return True\n"
        "async def main():\n"
        "    supervisor = Supervisor()\n"
        "    log = pathlib.Path(sys.argv[1])\n"
        "    await supervisor.start(Program('toy', ('sleep', '60'), log, ready))\n"
        "    print(supervisor.running['toy'].pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, str(script), str(tmp_path / "toy.log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path.cwd()) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert os.getsid(pid) == pid
        # The signal is asked for on the way to the program itself.
        _becomes(pid, "sleep")
        parent.kill()
        parent.wait()
    assert _ended(pid)


def _becomes(pid: int, name: str) -> None:
    end = time.monotonic() + 10
    while psutil.Process(pid).name() != name:
        assert time.monotonic() < end
        time.sleep(0.01)


def _ended(pid: int) -> bool:
    """Gone, or dead and only waiting to be collected by whoever adopted it."""
    try:
        psutil.wait_procs([psutil.Process(pid)], timeout=10)
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return not runfile.is_alive(pid)
