"""certs, keys."""

from __future__ import annotations

import typer

from stack import upkeep
from stack.cli.common import app, console, state
from stack.keys import RETIRED_AFTER_SECONDS
from stack.topology import Topology

certs = typer.Typer(help="Certificates between the members of the mesh.", no_args_is_help=True)
keys = typer.Typer(help="Keys that sign access tokens.", no_args_is_help=True)
app.add_typer(certs, name="certs")
app.add_typer(keys, name="keys")


@certs.command()
def renew() -> None:
    """Give every member a new certificate; a running mesh takes it over by itself."""
    upkeep.renew_certificates(_topology())
    console.print(f"New certificates for {', '.join(upkeep.MEMBERS)}.", highlight=False)


@keys.command()
def rotate() -> None:
    """Add new signing keys. They sign after ten seconds; the old ones retire by themselves."""
    users, staff = upkeep.rotate_keys(_topology())
    minutes = round(RETIRED_AFTER_SECONDS / 60)
    console.print(f"Users: {users}\nStaff: {staff}", highlight=False)
    console.print(f"Former keys retire in {minutes} minutes, while a mesh runs or at its start.")


def _topology() -> Topology:
    topology = Topology.load(state())
    if topology is None:
        console.print("There is no mesh yet; start it with [bold]make up[/].")
        raise typer.Exit(1)
    return topology
