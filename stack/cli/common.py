"""What the commands share."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from stack.mesh import Step
from stack.paths import state_folder
from stack.runfile import is_locked
from stack.topology import Topology

console = Console()
app = typer.Typer(
    name="weneeds",
    help="Run the WeNeeds mesh on this machine and look into it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def state() -> Path:
    return state_folder()


def running_topology() -> Topology:
    """The topology of the running mesh; ends the command when none runs."""
    topology = Topology.load(state())
    if topology is None or not is_locked(state()):
        console.print("The mesh is down; start it with [bold]make up[/].")
        raise typer.Exit(1)
    return topology


class Steps:
    """Shows the steps of a boot: a line when one is done, what still goes on below."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._status = console.status("")

    def __enter__(self) -> Steps:
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def show(self, step: Step) -> None:
        """A progress callback of Mesh."""
        if step.state == "started":
            self._open.append(step.name)
        else:
            self._open.remove(step.name)
            console.print(
                f"  [green]✓[/] {step.name} [dim]{step.seconds:.2f} s[/]", highlight=False
            )
        self._status.update(", ".join(self._open))


def addresses(gateway: str) -> Table:
    """Where to find what."""
    base = f"http://{gateway}"
    table = Table(title="The mesh is up", title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(no_wrap=True)
    for name, where in (
        ("REST", f"{base}/api/v1"),
        ("gRPC", f"{gateway} (plain text)"),
        ("gRPC-web", base),
        ("API page", f"{base}/docs"),
        ("OpenAPI", f"{base}/openapi.json"),
        ("Mailbox", f"{base}/mailbox"),
        ("Status", f"{base}/status"),
    ):
        table.add_row(name, where)
    return table
