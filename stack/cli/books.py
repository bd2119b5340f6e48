"""ledger, policy: what can be proved and what is allowed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer
from rich.markdown import Markdown
from rich.table import Table

from stack.cli.common import app, console, running_topology
from stack.paths import ROOT

if TYPE_CHECKING:
    from services.payment.app.verifying import LedgerFigures

ledger = typer.Typer(help="The books of the payment service.", no_args_is_help=True)
app.add_typer(ledger, name="ledger")


@app.command()
def policy() -> None:
    """Print who may call what, as the contract says it."""
    from stack.gen import permissions

    page = permissions.render((ROOT / "gen" / "descriptors.binpb").read_bytes())
    console.print(Markdown(page))


@ledger.command()
def verify() -> None:
    """Recount the books from zero. Ends with 1 when a cent is not explained."""
    figures = asyncio.run(_recount())
    console.print(
        f"{figures.actions} actions, {figures.transactions} transactions, {figures.entries} "
        f"entries in {figures.blocks} blocks; {figures.unsealed} transactions not sealed yet."
    )
    if figures.sound:
        console.print(
            "[green]✓[/] Every transaction adds up to zero, every balance is right "
            "and the chain is whole."
        )
        return
    table = Table(title="What does not add up", title_justify="left")
    for heading in ("What", "Id", "Found", "Expected"):
        table.add_column(heading)
    for problem in figures.problems:
        table.add_row(problem.kind, problem.id, str(problem.found), str(problem.expected))
    console.print(table)
    raise typer.Exit(1)


async def _recount() -> LedgerFigures:
    from services.kit.db import Database
    from services.payment.store.recount import Recount

    database = await Database.connect(running_topology().database_url("payment"))
    try:
        return await Recount(database).figures()
    finally:
        await database.close()
