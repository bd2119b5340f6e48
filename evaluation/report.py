"""The table."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from evaluation.measures import Interval


@dataclass(frozen=True, slots=True)
class Row:
    """One system on one set. `beside` is the difference to the better of BM25 and the encoder."""

    labelled: str
    size: str
    system: str
    measure: str
    value: Interval
    beside: Interval | None
    target: float | None
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        return None if self.target is None else self.value.value >= self.target

    def record(self) -> dict[str, object]:
        """The row for a JSON file."""
        return {
            "set": self.labelled,
            "system": self.system,
            "measure": self.measure,
            "value": round(self.value.value, 4),
            "low": round(self.value.low, 4),
            "high": round(self.value.high, 4),
            "target": self.target,
            "note": self.note,
        }


def show(console: Console, rows: list[Row]) -> None:
    """Print a section for each set."""
    table = Table(title="Ranking, 95 % bootstrap intervals over queries", title_justify="left")
    for name in ("set", "engine / profile", "measure", "value", "95 %", "to the better baseline"):
        table.add_column(name, no_wrap=name != "set")
    table.add_column("to reach", no_wrap=True)
    last = ""
    for row in rows:
        if last and row.labelled != last:
            table.add_section()
        beside = "" if row.beside is None else _signed(row.beside)
        table.add_row(
            f"{row.labelled}\n{row.size}" if row.labelled != last else "",
            row.system,
            row.measure,
            f"{row.value.value:.3f}",
            f"{row.value.low:.3f} .. {row.value.high:.3f}",
            beside,
            _target(row),
        )
        last = row.labelled
    console.print(table)
    for row in rows:
        if row.note:
            console.print(f"{row.labelled}, {row.system}: {row.note}")


def _signed(one: Interval) -> str:
    return f"{one.value:+.3f} ({one.low:+.3f} .. {one.high:+.3f})"


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    sign = "[green]reached[/]" if row.reached else "[red]missed[/]"
    return f"{row.target:.2f} {sign}"
