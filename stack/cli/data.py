"""demo, migrate, events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from stack import runfile, schema
from stack.cli.common import app, console, running_topology, state
from stack.cli.running import walk_demo
from stack.launchers import postgres
from stack.supervisor import Supervisor
from stack.topology import Topology

if TYPE_CHECKING:
    from services.kit.bus import Bus
    from services.kit.deadletters import DeadLetter

events = typer.Typer(help="Events that a consumer gave up.", no_args_is_help=True)
app.add_typer(events, name="events")


@app.command()
def demo() -> None:
    """Walk one hiring flow through the gateway of the running mesh and tell it."""
    asyncio.run(walk_demo(running_topology()))


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema; `up` does it too."""
    asyncio.run(_migrate())
    console.print("The database has the newest schema.")


async def _migrate() -> None:
    if runfile.is_locked(state()):
        await schema.migrate(running_topology())
        return
    lock = runfile.Lock(state())
    lock.acquire()
    supervisor = Supervisor()
    try:
        topology = Topology.create(state())
        await supervisor.start(await postgres.program(topology))
        await schema.migrate(topology)
    finally:
        await supervisor.stop("postgres")
        lock.release()


@events.command()
def dead(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
) -> None:
    """List dead letters, the oldest first."""
    letters = asyncio.run(_dead(limit))
    if not letters:
        console.print("No dead letters.")
        return
    table = Table()
    for heading in ("Number", "Consumer", "Event", "Id", "Published"):
        table.add_column(heading)
    for letter in letters:
        table.add_row(
            str(letter.seq), letter.consumer, letter.event_type, letter.event_id, letter.time
        )
    console.print(table)


@events.command()
def replay(
    number: Annotated[int, typer.Argument(help="The number that `events dead` shows.")],
) -> None:
    """Publish a dead letter again; who handled it before will not do so twice."""
    letter = asyncio.run(_replay(number))
    if letter is None:
        console.print(f"There is no dead letter {number}.")
        raise typer.Exit(1)
    console.print(f"Published {letter.event_type} {letter.event_id} again.")


async def _dead(limit: int) -> list[DeadLetter]:
    from services.kit import deadletters

    async with _bus() as bus:
        return await deadletters.list_dead(bus, limit)


async def _replay(number: int) -> DeadLetter | None:
    from services.kit import deadletters

    async with _bus() as bus:
        return await deadletters.replay(bus, number)


@asynccontextmanager
async def _bus() -> AsyncIterator[Bus]:
    from services.kit.bus import Bus

    bus = await Bus.connect(running_topology().nats_url, "weneeds-cli")
    try:
        yield bus
    finally:
        await bus.client.close()
