"""The table, and the facts of the machine that it holds for."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from bench.figures import Figure, show

_LIBRARIES = ("grpcio", "protobuf", "asyncpg", "sqlalchemy", "fastapi", "uvicorn")
_BUSY_LOAD = 1.0
_STEPS = 2_000_000


def machine() -> str:
    """What the figures were taken on."""
    cpus = os.cpu_count() or 1
    memory = psutil.virtual_memory().total / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{_cpu_model()}, {cpus} CPUs, {memory:.0f} GiB, {platform.system()} {platform.release()}\n"
        f"Python {platform.python_version()}, {libraries}"
    )


def speed() -> float:
    """CPU milliseconds for two million steps of a Python loop: how fast this machine is today."""
    best = float("inf")
    for _ in range(3):
        started, total = time.process_time(), 0
        for number in range(_STEPS):
            total += number
        best = min(best, (time.process_time() - started) * 1000)
    return best


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def weather(before: float, after: float) -> str:
    """The load average before and after, and whether something else was running."""
    text = f"load average {before:.1f} before, {after:.1f} after"
    if before >= _BUSY_LOAD:
        text += "; the machine was busy with other work: latencies and rates are worse for it"
    return text


def table(figures: Sequence[Figure], slowness: float = 1.0) -> Table:
    """All figures, grouped. Yellow: missed here, met but for the machine."""
    grid = Table(title="WeNeeds bench", title_justify="left")
    grid.add_column("", style="bold")
    grid.add_column("what")
    grid.add_column("figure", justify="right", no_wrap=True)
    grid.add_column("target", justify="right", no_wrap=True)
    grid.add_column("beside", style="dim")
    group = ""
    for figure in _grouped(figures):
        if group and figure.group != group:
            grid.add_section()
        name = figure.group if figure.group != group else ""
        group = figure.group
        target = figure.target.text(figure.unit) if figure.target else ""
        style = _style(figure, slowness)
        value = (
            f"[{style}]{show(figure.value, figure.unit)}[/]"
            if style
            else show(figure.value, figure.unit)
        )
        grid.add_row(name, figure.what, value, target, figure.beside)
    return grid


def _style(figure: Figure, slowness: float) -> str:
    if figure.target is None:
        return ""
    if not figure.missed:
        return "green"
    return "red" if figure.missed_at(slowness) else "yellow"


def _grouped(figures: Sequence[Figure]) -> list[Figure]:
    """The figures of a group together, groups in the order in which they began."""
    order = list(dict.fromkeys(figure.group for figure in figures))
    return sorted(figures, key=lambda figure: order.index(figure.group))


def show_all(
    console: Console, figures: Sequence[Figure], loads: tuple[float, float], slowness: float
) -> None:
    """Print the table and what belongs to it."""
    console.print(table(figures, slowness))
    pace = f"two million steps of a Python loop: {speed():.0f} ms of CPU"
    console.print(f"{machine()}; {pace}", style="dim", highlight=False)
    console.print(weather(*loads), style="dim", highlight=False)
    missed = [figure for figure in figures if figure.missed]
    slow = [figure for figure in missed if not figure.missed_at(slowness)]
    if slow:
        words = (
            f"[yellow]Missed here, met but for the machine[/], which is {slowness:.1f} times "
            "slower at remote calls than that of the targets"
        )
        console.print(f"{words}: {_named(slow, slowness)}", highlight=False)
    lost = [figure for figure in missed if figure not in slow]
    if lost:
        console.print(f"[red]Missed[/]: {_named(lost, slowness)}", highlight=False)


def _named(figures: Sequence[Figure], slowness: float) -> str:
    """Each with what it would be on the machine of the targets."""
    return "; ".join(f"{f.group}: {f.what} ({show(f.at(slowness), f.unit)})" for f in figures)
