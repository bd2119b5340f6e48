"""A mesh in the background: started by `weneeds up --detach`, stopped by `weneeds down`.

It reports to its starter through a pipe, one JSON object a line: steps, then `{"up": ...}` or
`{"error": ...}`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from stack.hosting import host
from stack.mesh import Mesh, Progress, Step
from stack.paths import ROOT
from stack.ports import PortTaken
from stack.process import StartFailed, environment
from stack.runfile import AlreadyRunning
from stack.topology import Topology


class DaemonFailed(Exception):
    """The mesh in the background did not come up; the text is its own message."""


def start(topology: Topology, *, processes: bool, progress: Progress) -> None:
    """Start a mesh in the background and wait until it is up. Raises DaemonFailed."""
    topology.logs.mkdir(parents=True, exist_ok=True)
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "stack.daemon", str(topology.state), str(writing)]
    if processes:
        command.append("--processes")
    with topology.log("mesh").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment({}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[writing],
            start_new_session=True,
        )
    os.close(writing)
    with os.fdopen(reading) as reports:
        try:
            _follow(reports, progress)
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise


def _follow(reports: TextIO, progress: Progress) -> None:
    for line in reports:
        report: dict[str, Any] = json.loads(line)
        if "error" in report:
            raise DaemonFailed(report["error"])
        if "up" in report:
            return
        progress(Step(**report))
    raise DaemonFailed("the mesh ended while it started; see `weneeds logs mesh`")


def _reporter(pipe: TextIO) -> Callable[[dict[str, Any]], None]:
    """A starter that went away does not matter."""

    def report(message: dict[str, Any]) -> None:
        if pipe.closed:
            return
        try:
            pipe.write(json.dumps(message) + "\n")
            pipe.flush()
        except BrokenPipeError:
            pipe.close()

    return report


async def _run(state: Path, pipe: TextIO, *, processes: bool) -> None:
    report = _reporter(pipe)
    topology = Topology.load(state)
    if topology is None:
        raise FileNotFoundError(f"no topology in {state}")
    mesh = Mesh(topology, processes=processes, progress=lambda step: report(asdict(step)))

    async def when_up() -> None:
        report({"up": mesh.topology.gateway})
        pipe.close()

    try:
        await host(mesh, when_up)
    except (AlreadyRunning, PortTaken, StartFailed) as error:
        report({"error": str(error)})
        sys.exit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("report_to", type=int)
    parser.add_argument("--processes", action="store_true")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    with os.fdopen(asked.report_to, "w") as pipe:
        asyncio.run(_run(asked.state, pipe, processes=asked.processes))


if __name__ == "__main__":
    main()
