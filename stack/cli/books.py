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
    from services.payment.app.explaining import Story
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


@ledger.command()
def explain(item: str) -> None:
    """Tell why money moved: the id of a transaction, of a line, or of the action behind a fee."""
    story = asyncio.run(_told(item))
    if story is None:
        console.print(f"Nothing in the books has the id {item}.", highlight=False)
        raise typer.Exit(1)
    for line in story_lines(story):
        console.print(line, highlight=False)


def story_lines(story: Story) -> list[str]:
    """Return a story in sentences."""
    from services.kit.money import decimal_text

    stored, action = story.stored, story.stored.action
    lines = [f"Transaction {stored.transaction_id} of {stored.created_at:%Y-%m-%d %H:%M:%S} UTC"]
    lines += [f"  known as {stored.key}"]
    if action:
        lines += [
            f"  because of {action.type}, action {action.id},",
            f"    on application {action.application_id} of job {action.job_id}",
            f"  fee: {story.calculation} EUR",
        ]
    told = {
        "score receipt": stored.receipt_id,
        "at the card processor": stored.reference,
        "invoice": stored.invoice_number,
        "takes back": stored.reverses,
        "taken back by": stored.reversed_by,
        "note": stored.note,
    }
    lines += [f"  {name}: {value}" for name, value in told.items() if value]
    for line in stored.lines:
        lines.append(f"  {decimal_text(line.amount):>14} EUR  {line.account}")
    sealed = f"in block {stored.block} of the chain" if stored.block else "not sealed yet"
    return [*lines, f"  {sealed}"]


async def _told(item: str) -> Story | None:
    from services.kit.clock import SystemClock
    from services.kit.db import Database
    from services.kit.ids import Uuid7Ids, is_uuid
    from services.kit.work import UnitsOfWork
    from services.payment.app.explaining import Stories
    from services.payment.app.prices import Prices
    from services.payment.domain.errors import LedgerItemNotFound
    from services.payment.ports.prices import contract_prices
    from services.payment.store.prices import PriceTable
    from services.payment.store.stories import StoryTables

    if not is_uuid(item):
        return None
    database = await Database.connect(running_topology().database_url("payment"))
    clock = SystemClock()
    try:
        work = UnitsOfWork(database, clock, Uuid7Ids(clock))
        prices = Prices(work, PriceTable(), contract_prices(), clock)
        return await Stories(work, StoryTables(), prices).tell(item)
    except LedgerItemNotFound:
        return None
    finally:
        await database.close()


async def _recount() -> LedgerFigures:
    from services.kit.db import Database
    from services.payment.store.recount import Recount

    database = await Database.connect(running_topology().database_url("payment"))
    try:
        return await Recount(database).figures()
    finally:
        await database.close()
