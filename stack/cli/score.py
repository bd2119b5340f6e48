"""score verify: a receipt, checked offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from stack.cli.common import app, console, state
from stack.topology import Topology

if TYPE_CHECKING:
    from services.matching.ports.receipt_keys import KeySet

score = typer.Typer(help="Scores and what proves them.", no_args_is_help=True)
app.add_typer(score, name="score")

REFUTED, UNKNOWN = 1, 2
_MARKS = {"PROVED": "[green]✓[/]", "REFUTED": "[bold red]✗[/]", "UNKNOWN": "[yellow]?[/]"}


@score.command()
def verify(
    receipt: Annotated[Path, typer.Argument(help="The document of a receipt, or its answer.")],
    keys: Annotated[
        Path | None, typer.Option(help="A JWK set, from /api/v1/receipt-keys or kept by you.")
    ] = None,
) -> None:
    """Compute a receipt again and check its signature. Nothing is asked of any server.

    Ends with 0 when everything is proved, 1 when something is refuted, 2 when something cannot
    be told: no such key, another engine, erased facts, a file that cannot be read.
    """
    from services.matching.domain.proof import MAX_DOCUMENT_BYTES, Verdict, overall, prove
    from services.matching.ports.engine import engine_hash

    try:
        with receipt.open("rb") as file:
            text = file.read(MAX_DOCUMENT_BYTES + 1)
        if len(text) > MAX_DOCUMENT_BYTES:
            raise ValueError("it is larger than any receipt")
        known = _keys(keys)
        steps = prove(text.decode(), engine_hash(), known.check)
    except (OSError, ValueError) as error:
        console.print(f"[bold red]✗[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(UNKNOWN) from None
    table = Table(title=escape(receipt.name), title_justify="left")
    for heading in ("", "What", "Detail"):
        table.add_column(heading, overflow="fold")
    for step in steps:
        table.add_row(_MARKS[step.verdict], step.name, escape(step.detail))
    console.print(table)
    outcome = overall(steps)
    said = {
        Verdict.PROVED: "[green]✓[/] Proved: the same bytes, and the signature is good.",
        Verdict.REFUTED: "[bold red]✗[/] Refuted: this is not what was signed and computed.",
        Verdict.UNKNOWN: "[yellow]?[/] Not proved: something that it takes is not at hand.",
    }
    console.print(said[outcome])
    if outcome is not Verdict.PROVED:
        raise typer.Exit(REFUTED if outcome is Verdict.REFUTED else UNKNOWN)


def _keys(file: Path | None) -> KeySet:
    """The key set given, else that of the mesh on this machine, else none."""
    from services.matching.ports.receipt_keys import KeySet

    if file is not None:
        return KeySet.parse(file.read_text())
    topology = Topology.load(state())
    if topology is None or not topology.receipt_jwks.exists():
        return KeySet({})
    return KeySet.parse(topology.receipt_jwks.read_text())
