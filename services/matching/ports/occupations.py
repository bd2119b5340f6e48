"""Occupations with their names: from the vocabulary file, or from a folder of ESCO files.

The service reads the file that `weneeds vocabulary build` writes. Measurements read the folder:
`occupations_<language>.jsonl` holds a line an occupation, {"uri", "label", "alt": [...]}, as made
from the ESCO classification of the European Union. Nothing of it is part of the project.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from services.matching.domain.gazetteer import read_names
from services.matching.domain.search.texts import plain_title
from services.matching.ports.vocabulary import vocabulary_value

_LONGEST = 200
_MOST_NAMES = 200_000


@dataclass(frozen=True, slots=True)
class Names:
    """Plain names, ordered by concept; three columns of the same length."""

    names: list[str]
    concepts: list[int]
    languages: list[str]


def vocabulary_names(file: Path) -> Names:
    """Read the occupations of a vocabulary file; none where it was built without ESCO.

    Raises OSError and ValueError for a file that cannot be read.
    """
    told = read_names(vocabulary_value(file))
    return _columns((one.uri, one.language, name) for one in told for name in one.names)


def occupation_names(folder: Path) -> Names:
    """Read the occupations of a folder; raise FileNotFoundError where there are none."""
    files = sorted(folder.glob("occupations_*.jsonl"))
    if not files:
        raise FileNotFoundError(folder / "occupations_*.jsonl")
    return _columns(
        (uri, file.stem.removeprefix("occupations_"), name)
        for file in files
        for uri, name in _lines(file)
    )


def _columns(told: Iterable[tuple[str, str, str]]) -> Names:
    """Order (concept, language, name); what a concept has twice (two genders) is kept once."""
    found: dict[str, dict[tuple[str, str], None]] = {}
    for uri, language, name in told:
        if name.strip():
            found.setdefault(uri, {})[(plain_title(name[:_LONGEST]), language)] = None
    rows = [
        (name, concept, language)
        for concept, uri in enumerate(sorted(found))
        for name, language in found[uri]
    ]
    if len(rows) > _MOST_NAMES:
        raise ValueError(f"more than {_MOST_NAMES} names of occupations")
    return Names([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            told = json.loads(line)
            for name in [told["label"], *told.get("alt", ())]:
                yield told["uri"], name
