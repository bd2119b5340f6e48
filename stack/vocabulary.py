"""The official vocabularies made into one file for matching: ESCO (EU) and ROME (France Travail).

Reads the CSV files as they are published, or the same columns as JSON lines:
`occupations_<language>.csv|jsonl` and `skills_<language>.csv|jsonl` of ESCO (conceptUri,
preferredLabel, altLabels; uri, label, alt), and ROME's file of appellations (any name with
"appellation"; code_ogr, libelle_appellation_long, code_rome; id, text, rome).
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.matching.domain.gazetteer import Entry, Spelled, key_of, write_gazetteer
from services.matching.ports.vocabulary import save_vocabulary

LANGUAGES = ("fr", "en")
_LONGEST_FIELD = 1_000_000
# "Python (programmation informatique)" is called Python.
_BRACKETS = re.compile(r"\s*\([^)]*\)")


class VocabularyMissing(FileNotFoundError):
    """A folder holds none of the files that a vocabulary is made of."""


@dataclass(frozen=True, slots=True)
class Built:
    """What went into a file."""

    name: str
    occupations: int
    skills: int
    names: int
    bytes: int


def build(target: Path, esco: Path | None, rome: Path | None) -> Built:
    """Write the vocabulary; raise VocabularyMissing where a folder holds no such files."""
    digest = hashlib.sha256()
    esco_occupations = _esco(esco, "occupations", digest)
    occupations = [*(told.entry for told in esco_occupations), *_rome(rome, digest)]
    skills = [told.entry for told in _esco(esco, "skills", digest)]
    if not occupations:
        raise VocabularyMissing("name a folder with ESCO or ROME files: --esco DIR, --rome DIR")
    sources = "+".join(name for name, folder in (("esco", esco), ("rome", rome)) if folder)
    name = f"{sources}/{digest.hexdigest()[:12]}"
    spelled = [one for told in esco_occupations for one in told.spelled]
    save_vocabulary(target, write_gazetteer(name, occupations, skills, spelled))
    names = sum(len(entry.keys) for entry in (*occupations, *skills))
    return Built(name, len(occupations), len(skills), names, target.stat().st_size)


@dataclass(frozen=True, slots=True)
class _Told:
    """A concept by its stems, and as each language writes it."""

    entry: Entry
    spelled: list[Spelled]


def _esco(folder: Path | None, what: str, digest: Any) -> list[_Told]:
    """Return the concepts of one kind, with the names of all languages together."""
    if folder is None:
        return []
    labels: dict[str, str] = {}
    names: dict[str, list[str]] = defaultdict(list)
    spelled: dict[str, list[Spelled]] = defaultdict(list)
    for language in LANGUAGES:
        file = _file(folder, f"{what}_{language}")
        if file is None:
            continue
        for row in _rows(file, digest):
            uri = row.get("conceptUri") or row.get("uri") or ""
            label = row.get("preferredLabel") or row.get("label") or ""
            others = row.get("altLabels") or row.get("alt") or []
            if not uri or not label:
                continue
            labels.setdefault(uri, label)
            alternatives = others.split("\n") if isinstance(others, str) else others
            names[uri] += [*label.split("/"), *alternatives]
            spelled[uri].append(Spelled(uri, language, (label, *alternatives)))
    if not labels:
        raise VocabularyMissing(f"{folder} holds no {what}_fr or {what}_en as .csv or .jsonl")
    return [
        _Told(_entry(uri, label, names[uri]), sorted(spelled[uri], key=lambda one: one.language))
        for uri, label in sorted(labels.items())
    ]


def _rome(folder: Path | None, digest: Any) -> Iterator[Entry]:
    if folder is None:
        return
    files = sorted(
        f for f in folder.iterdir() if "appellation" in f.name and f.suffix in (".csv", ".jsonl")
    )
    if not files:
        raise VocabularyMissing(f"{folder} holds no file of appellations as .csv or .jsonl")
    for row in _rows(files[0], digest):
        label = row.get("libelle_appellation_long") or row.get("text") or ""
        short = row.get("libelle_appellation_court") or row.get("short") or ""
        code = row.get("code_rome") or row.get("rome") or ""
        number = row.get("code_ogr") or row.get("id") or ""
        if label and code:
            yield _entry(f"rome:{code}/{number}", label, [label, short])


def _entry(uri: str, label: str, names: list[str]) -> Entry:
    bare = [_BRACKETS.sub("", name) for name in names if "(" in name]
    keys = dict.fromkeys(key for name in (*names, *bare) if (key := key_of(name)))
    return Entry(uri, label.strip(), tuple(keys) or (key_of(label) or label.lower(),))


def _file(folder: Path, stem: str) -> Path | None:
    found = (folder / f"{stem}{suffix}" for suffix in (".csv", ".jsonl"))
    return next((file for file in found if file.is_file()), None)


def _rows(file: Path, digest: Any) -> Iterator[Mapping[str, Any]]:
    digest.update(file.read_bytes())
    with file.open(encoding="utf-8-sig", newline="") as stream:
        if file.suffix == ".csv":
            csv.field_size_limit(_LONGEST_FIELD)
            yield from csv.DictReader(stream)
        else:
            yield from (json.loads(line) for line in stream if line.strip())
