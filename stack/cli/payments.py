"""payments: the books against the card processor."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from stack.cli.common import app, console, running_topology

if TYPE_CHECKING:
    from services.payment.app.reconciling import Reconciliation

payments = typer.Typer(help="Cards, and the books behind them.", no_args_is_help=True)
app.add_typer(payments, name="payments")

_EVER = datetime(1970, 1, 3, tzinfo=UTC)


@payments.command()
def reconcile(
    days: Annotated[
        int, typer.Option(help="How far back to look; 0 for everything.", min=0, max=3650)
    ] = 0,
) -> None:
    """Compare ledger, card processor and outbox. Ends with 1 when a cent is not explained."""
    since = datetime.now(UTC) - timedelta(days=days) if days else _EVER
    report = asyncio.run(_compare(since))
    console.print(_totals(report))
    if report.on_their_way:
        console.print(f"{report.on_their_way} on their way: younger than five minutes.")
    if report.sound:
        console.print("[green]✓[/] Every cent on either side is explained.")
        return
    table = Table(title="What is not explained", title_justify="left")
    for heading in ("What", "Object", "Ledger", "Processor", "Note"):
        table.add_column(heading)
    for one in report.differences:
        table.add_row(one.finding.value, one.id, _euros(one.ours), _euros(one.theirs), one.note)
    console.print(table)
    raise typer.Exit(1)


def _totals(report: Reconciliation) -> Table:
    table = Table()
    for heading in ("Side", "Entries", "Money that came in, EUR"):
        table.add_column(heading, justify="left" if heading == "Side" else "right")
    table.add_row("Processor", str(report.objects), _euros(report.theirs))
    table.add_row("Ledger", str(report.movements), _euros(report.ours))
    return table


def _euros(micros: int) -> str:
    whole, rest = divmod(abs(micros), 1_000_000)
    digits = f"{rest:06}"
    shown = digits[:2] if digits.endswith("0000") else digits
    return f"{'-' if micros < 0 else ''}{whole}.{shown}"


async def _compare(since: datetime) -> Reconciliation:
    from services.payment.reconcile import opened
    from services.payment.settings import PaymentSettings

    settings = PaymentSettings.load("payment", running_topology().environment())
    async with opened(settings) as reconciler:
        return await reconciler.compare(since)
