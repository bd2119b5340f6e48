"""vocabulary: the official names of occupations and skills, for matching."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stack.cli.common import app, console, state
from stack.vocabulary import build

_commands = typer.Typer(help="ESCO and ROME, where they are installed.", no_args_is_help=True)
app.add_typer(_commands, name="vocabulary")


@_commands.command("build")
def build_(
    esco: Annotated[Path | None, typer.Option(help="Folder with ESCO's files.")] = None,
    rome: Annotated[Path | None, typer.Option(help="Folder with ROME's files.")] = None,
    output: Annotated[Path | None, typer.Option(help="The file to write.")] = None,
) -> None:
    """Make one file of the official vocabularies; WENEEDS_MATCHING_VOCABULARY names it then."""
    target = output or state() / "vocabulary.json.gz"
    built = build(target, esco, rome)
    console.print(
        f"{built.name}: {built.occupations} occupations, {built.skills} skills, {built.names} "
        f"names, {built.bytes / 1e6:.1f} MB\nexport WENEEDS_MATCHING_VOCABULARY={target}",
        highlight=False,
        soft_wrap=True,
    )
