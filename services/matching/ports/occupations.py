"""Occupations with their names, from files of a folder that the configuration names.

`occupations_<language>.jsonl` holds a line an occupation: {"uri", "label", "alt": [...]}, as made
from the ESCO classification of the European Union. Nothing of it is part of the project.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.matching.domain.search.texts import plain_title

_LONGEST = 200
_MOST_NAMES = 200_000


@dataclass(frozen=True, slots=True)
class Names:
    """Plain names, ordered by concept; three columns of the same length."""

    names: list[str]
    concepts: list[int]
    languages: list[str]


def occupation_names(folder: Path | None) -> Names:
    """Read the occupations. Raises FileNotFoundError where there are none, ValueError for others.

    A name that a concept has twice in a language (two genders) is kept once.
    """
    if folder is None:
        raise FileNotFoundError("no folder of occupations is configured")
    files = sorted(folder.glob("occupations_*.jsonl"))
    if not files:
        raise FileNotFoundError(folder / "occupations_*.jsonl")
    found: dict[str, dict[tuple[str, str], None]] = {}
    for file in files:
        language = file.stem.removeprefix("occupations_")
        for uri, name in _lines(file):
            found.setdefault(uri, {})[(plain_title(name), language)] = None
    rows = [
        (name, concept, language)
        for concept, uri in enumerate(sorted(found))
        for name, language in found[uri]
    ]
    if len(rows) > _MOST_NAMES:
        raise ValueError(f"{folder}: more than {_MOST_NAMES} names")
    return Names([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            told = json.loads(line)
            for name in [told["label"], *told.get("alt", ())]:
                if name.strip():
                    yield told["uri"], name[:_LONGEST]
