"""status, logs, doctor, openapi."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.table import Table

from stack import doctor as physician
from stack import status as state_of
from stack.cli.common import app, console, state
from stack.paths import contract

_FOLLOW_SECONDS = 0.2


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Show how each store, service and edge does. Ends with 1 unless all serve."""
    report = asyncio.run(state_of.collect(state()))
    if as_json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        if report.running:
            console.print(_status_table(report))
        console.print(report.summary, highlight=False)
    if not report.is_up:
        raise typer.Exit(1)


def _status_table(report: state_of.Report) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("Name", "Health", "Address", "Process", "Up for", "Memory", "Restarts"):
        table.add_column(heading, no_wrap=True)
    for row in report.rows:
        health = f"[green]{row.condition}[/]" if row.is_up else f"[bold red]{row.condition}[/]"
        process = str(row.pid or "")
        restarts = str(row.restarts or "")
        table.add_row(row.name, health, row.address, process, row.uptime, row.memory, restarts)
    return table


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="One program; without it all are shown.")] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Show new lines too.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many old lines.")] = 50,
) -> None:
    """Show what the programs wrote."""
    folder = state() / "logs"
    found = sorted(folder.glob("*.log"))
    wanted = [path for path in found if not name or path.stem == name]
    if not wanted:
        known = ", ".join(path.stem for path in found) or "none yet"
        console.print(f"No log of that name; there are: {known}")
        raise typer.Exit(1)
    handles = [(path, path.open(errors="replace")) for path in wanted]
    prefixed = len(handles) > 1
    for path, handle in handles:
        _show(path, deque(handle, maxlen=lines), prefixed=prefixed)
    if follow:
        _follow(handles, prefixed=prefixed)


def _follow(handles: Sequence[tuple[Path, TextIO]], *, prefixed: bool) -> None:
    while True:
        for path, handle in handles:
            _show(path, handle, prefixed=prefixed)
        time.sleep(_FOLLOW_SECONDS)


def _show(path: Path, lines: deque[str] | TextIO, *, prefixed: bool) -> None:
    for line in lines:
        sys.stdout.write(f"{path.stem:<10} {line}" if prefixed else line)
    sys.stdout.flush()


@app.command()
def doctor() -> None:
    """Say what this machine lacks, and how to mend it."""
    findings = physician.examine(state())
    for finding in findings:
        mark = "[green]✓[/]" if finding.ok else "[bold red]✗[/]"
        console.print(
            f"{mark} {finding.what:<24} {finding.detail}", highlight=False, soft_wrap=True
        )
        if not finding.ok:
            console.print(f"    to mend it: {finding.mend}", style="yellow", highlight=False)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
    console.print("Everything is there.")


@app.command()
def openapi(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file.")] = None,
) -> None:
    """Print the OpenAPI document of the public API."""
    from gateway import openapi as document

    text = json.dumps(document.render(contract()), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        sys.stdout.write(text)
        return
    output.write_text(text)
