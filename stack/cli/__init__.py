"""`weneeds`: the whole mesh on one machine, from the command line."""

from __future__ import annotations

import asyncio
import sys

from rich.markup import escape

from stack.cli import (
    books,
    data,
    look,
    payments,
    rotation,
    running,
    score,
    staff,
    vocabulary,
)
from stack.cli.common import app, console
from stack.daemon import DaemonFailed
from stack.ports import PortTaken
from stack.process import StartFailed
from stack.runfile import AlreadyRunning

__all__ = [
    "app",
    "books",
    "data",
    "look",
    "main",
    "payments",
    "rotation",
    "running",
    "score",
    "staff",
    "vocabulary",
]

_EXPECTED = (
    AlreadyRunning,
    DaemonFailed,
    FileNotFoundError,
    PermissionError,
    PortTaken,
    StartFailed,
)


def main() -> None:
    """Run the command line; failures that can be explained are, without a traceback."""
    try:
        app()
    except _EXPECTED as error:
        console.print(f"[bold red]✗[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
