"""The labelled sets, as they are on disk."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Judged = Mapping[str, Mapping[str, int]]
"""The grade of each document by query; what is not there is not relevant."""


@dataclass(frozen=True, slots=True)
class Text:
    """A query or a document."""

    id: str
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Queries, documents, and which of them belong together."""

    name: str
    queries: list[Text]
    documents: list[Text]
    judged: Judged


@dataclass(frozen=True, slots=True)
class Pair:
    """A job with a CV that meets it and a copy that was weakened."""

    id: str
    job: str
    matched: str
    weakened: str


def title_sets(folder: Path) -> list[Path]:
    """Return the title sets of a folder, each as its path without an ending."""
    files = sorted(folder.glob("titles_*/*.queries.jsonl"))
    return [file.with_name(file.name.removesuffix(".queries.jsonl")) for file in files]


def read_titles(base: Path) -> Labelled:
    """Read `x.queries.jsonl`, `x.corpus.jsonl` and `x.qrels.tsv`."""
    return _labelled(
        f"{base.parent.name}/{base.name}",
        base.with_name(f"{base.name}.queries.jsonl"),
        base.with_name(f"{base.name}.corpus.jsonl"),
        base.with_name(f"{base.name}.qrels.tsv"),
    )


def read_cvs(folder: Path) -> Labelled:
    """Read jobs, CVs and grades."""
    return _labelled(folder.name, folder / "jobs.jsonl", folder / "cvs.jsonl", folder / "qrels.tsv")


def read_pairs(file: Path) -> list[Pair]:
    """Read jobs with two CVs each."""
    return [
        Pair(str(row["id"]), row["job"], row["cv_matched"], row["cv_unmatched"])
        for row in _rows(file)
    ]


def _labelled(name: str, queries: Path, documents: Path, grades: Path) -> Labelled:
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    for line in grades.read_text(encoding="utf-8").splitlines():
        query, _, document, grade = line.split("\t")
        judged[query][document] = int(grade)
    asked = [text for text in _texts(queries) if judged.get(text.id)]
    return Labelled(name, asked, _texts(documents), judged)


def _texts(file: Path) -> list[Text]:
    return [Text(str(row["id"]), row["text"], row.get("lang", "")) for row in _rows(file)]


def _rows(file: Path) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
