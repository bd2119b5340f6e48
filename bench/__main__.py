"""`python -m bench`: one run, everything interleaved, one table."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import grpc
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import report
from bench.boot import boots, memory
from bench.chain import chain
from bench.cv import cv
from bench.events import events
from bench.figures import Figure, Target
from bench.gateway import gateway
from bench.identity import identity
from bench.list_page import list_page
from bench.matching import matching, matching_million
from bench.payment import payment
from bench.scene import Amount, Scene, opened
from bench.wire import BadAnswer
from bench.yardstick import slowness, yardstick
from stack.process import StartFailed

Measurement = Callable[[Scene], Awaitable[list[Figure]]]
_ALL: dict[str, Measurement] = {
    "boot": boots,
    "list": list_page,
    "chain": chain,
    "gateway": gateway,
    "identity": identity,
    "events": events,
    "payment": payment,
    "matching": matching,
    "cv": cv,
}
# Measured only where they are named: minutes, and much memory.
_SLOW: dict[str, Measurement] = {"matching-million": matching_million}
_KNOWN = {**_ALL, **_SLOW}


def main() -> None:
    """Measure what the command line asks for and print it."""
    asked = _arguments()
    console = Console()
    before = os.getloadavg()[0]
    amount = Amount.quick() if asked.quick else Amount()
    figures = asyncio.run(_run(console, asked.only, amount))
    loads = (before, os.getloadavg()[0])
    report.show_all(console, figures, loads, slowness(figures))
    if asked.json is not None:
        records = [figure.record() for figure in figures]
        asked.json.write_text(json.dumps(records, indent=2, ensure_ascii=False) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", type=_names, default=list(_ALL), help=f"of {','.join(_KNOWN)}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: does it work?")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(_KNOWN):
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return [name for name in _KNOWN if name in names]


async def _run(console: Console, names: Sequence[str], amount: Amount) -> list[Figure]:
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    figures: list[Figure] = []
    with Progress(*columns, console=console) as progress:
        async with opened(amount, progress, amount.boots if "boot" in names else 0) as scene:
            if "boot" in names:
                figures += await boots(scene)
            figures += await yardstick(scene)
            await scene.people()
            for name in names:
                if name != "boot":
                    figures += await _tried(console, name, scene)
            if "boot" in names:
                figures += await memory(scene, "after the run")
    return figures


async def _tried(console: Console, name: str, scene: Scene) -> list[Figure]:
    """Measure; what fails is said, and takes no other figure with it."""
    try:
        return await _KNOWN[name](scene)
    except (BadAnswer, StartFailed, TimeoutError, grpc.aio.AioRpcError, ExceptionGroup) as failure:
        error: Exception = failure
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        console.print(f"[red]{name} failed[/]: {type(error).__name__}: {error}", highlight=False)
        return [Figure(name, "failed", float("nan"), "", Target(0))]


if __name__ == "__main__":
    main()
