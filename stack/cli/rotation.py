"""certs, keys."""

from __future__ import annotations

import typer

from stack import upkeep
from stack.cli.common import app, console, state
from stack.keys import RETIRED_AFTER_SECONDS
from stack.topology import Topology

certs = typer.Typer(help="Certificates between the members of the mesh.", no_args_is_help=True)
keys = typer.Typer(help="Keys that sign access tokens and receipts.", no_args_is_help=True)
app.add_typer(certs, name="certs")
app.add_typer(keys, name="keys")


@certs.command()
def renew() -> None:
    """Give every member a new certificate; a running mesh takes it over by itself."""
    upkeep.renew_certificates(_topology())
    console.print(f"New certificates for {', '.join(upkeep.MEMBERS)}.", highlight=False)


@keys.command()
def rotate() -> None:
    """Add new signing keys. They sign after ten seconds; the old ones retire by themselves.

    Receipts are signed with their new key at once, and their old keys stay.
    """
    topology = _topology()
    users, staff = upkeep.rotate_keys(topology)
    receipts = upkeep.rotate_receipt_key(topology)
    minutes = round(RETIRED_AFTER_SECONDS / 60)
    console.print(f"Users: {users}\nStaff: {staff}\nReceipts: {receipts}", highlight=False)
    console.print(
        f"Former keys of users and staff retire in {minutes} minutes, "
        "while a mesh runs or at its start."
    )


def _topology() -> Topology:
    topology = Topology.load(state())
    if topology is None:
        console.print("There is no mesh yet; start it with [bold]make up[/].")
        raise typer.Exit(1)
    return topology
