"""up, down, clean."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import shutil
import signal
import sys
import time
from typing import Annotated

import typer

from stack import daemon, runfile
from stack.cli.common import Steps, addresses, app, console, state
from stack.hosting import host
from stack.launchers import account
from stack.mesh import Mesh
from stack.runfile import AlreadyRunning
from stack.topology import Topology

_DOWN_SECONDS = 90.0
_DEMO_MARK = "demo-loaded"


@app.command()
def up(
    detach: Annotated[bool, typer.Option(help="Return once it is up.")] = False,
    processes: Annotated[bool, typer.Option(help="Each service in its own process.")] = False,
    port: Annotated[
        int | None, typer.Option(help="Public port; 0: any free one. Remembered; at first 8080.")
    ] = None,
    demo: Annotated[bool, typer.Option(help="Walk the demo at the first start.")] = True,
) -> None:
    """Start the mesh: stores, migrations, services, gateway. Ctrl-C stops it."""
    if runfile.is_locked(state()):
        raise AlreadyRunning(runfile.read(state()))
    topology = Topology.create(state(), port)
    wants_demo = demo and not (state() / _DEMO_MARK).exists()
    if detach:
        with Steps() as steps:
            daemon.start(topology, processes=processes, progress=steps.show)
        asyncio.run(_welcome(topology, wants_demo))
        console.print("It runs in the background; stop it with [bold]make down[/].")
        return
    asyncio.run(_foreground(topology, processes, wants_demo))


async def _foreground(topology: Topology, processes: bool, wants_demo: bool) -> None:
    steps = Steps()
    mesh = Mesh(topology, processes=processes, progress=steps.show)

    async def when_up() -> None:
        steps.__exit__()
        await _welcome(mesh.topology, wants_demo)
        console.print("It runs until [bold]Ctrl-C[/].")

    with steps:
        await host(mesh, when_up)


async def _welcome(topology: Topology, wants_demo: bool) -> None:
    if wants_demo:
        await walk_demo(topology)
    console.print(addresses(topology.gateway))


async def walk_demo(topology: Topology) -> None:
    """Load the demo data and tell its story; remembered once it went well.

    Exits with 1 when its books do not agree.
    """
    from stack.demo import run

    report = await run(topology.gateway, topology.mailbox, console)
    if not report.ok:
        raise typer.Exit(1)
    mark = topology.state / _DEMO_MARK
    await asyncio.to_thread(mark.write_text, f"{dt.datetime.now(dt.UTC).isoformat()}\n")


@app.command()
def down() -> None:
    """Stop the mesh; everything it keeps stays."""
    run = runfile.read(state())
    if run is None:
        console.print("The mesh is down already.")
        return
    os.kill(run.pid, signal.SIGTERM)
    began = time.monotonic()
    with console.status("the services drain, then the stores stop"):
        gone = _wait_unlocked(_DOWN_SECONDS)
    if not gone:
        console.print(f"[red]Process {run.pid} still runs;[/] see [bold]weneeds logs mesh[/].")
        raise typer.Exit(1)
    console.print(f"The mesh is down [dim]({time.monotonic() - began:.1f} s)[/].")


def _wait_unlocked(seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while runfile.is_locked(state()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@app.command()
def clean() -> None:
    """Remove everything the mesh keeps: data, mails, keys, logs."""
    folder = state()
    if runfile.is_locked(folder):
        console.print("The mesh is running; stop it first: [bold]make down[/].")
        raise typer.Exit(1)
    if not folder.exists():
        console.print("Nothing to remove.")
        return
    if not (folder / "topology.json").exists():
        sys.exit(f"{folder} does not look like a state folder; nothing was removed")
    account.remove_elsewhere(folder)
    shutil.rmtree(folder)
    console.print(f"Removed {folder}")
