"""Links names of occupations and skills to the concepts of a large vocabulary. Pure.

A name is compared by its stems first, so that gender, number, accents and small words need no
synonym: "infirmières" is "infirmier". What no synonym says exactly is compared with the names that
share its rarest stems, by the pieces of three letters that both have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from services.matching.domain.scoring.text import stems
from services.matching.domain.vocabulary import Concept

FORMAT = 2
"""Of the file; grows when what is in it is made in another way."""
_MOST = 5
_MOST_COMPARED = 150
_LEAST_ALIKE = 55
_LONGEST_NAME = 160


def key_of(name: str) -> str:
    """Return the stems of a name, by which names are compared."""
    return " ".join(stems(name[:_LONGEST_NAME]))


@dataclass(frozen=True, slots=True)
class Entry:
    """A concept with the keys of its names; the first is that of its label."""

    uri: str
    label: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spelled:
    """The names of an occupation in one language (ISO 639-1), as they are written."""

    uri: str
    language: str
    names: tuple[str, ...]


class Names:
    """Concepts of one kind, by name."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._exact: dict[str, list[int]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for number, entry in enumerate(entries):
            for key in entry.keys:
                if key not in self._exact:
                    for stem in set(key.split()):
                        self._by_stem[stem].append(key)
                self._exact[key].append(number)

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, name: str) -> list[Concept]:
        """Return at most five concepts, likeliest first."""
        key = key_of(name)
        if not key:
            return []
        if key in self._exact:
            return self._concepts([(100, key)])
        return self._concepts(self._alike(key))

    def _alike(self, key: str) -> list[tuple[int, str]]:
        """Return names that share the rarest stems, with their likeness, best first."""
        known = [stem for stem in dict.fromkeys(key.split()) if stem in self._by_stem]
        known.sort(key=lambda stem: (len(self._by_stem[stem]), stem))
        compared: dict[str, int] = {}
        for stem in known:
            for other in self._by_stem[stem][:_MOST_COMPARED]:
                if other not in compared and len(compared) < _MOST_COMPARED:
                    compared[other] = _likeness(key, other)
        found = [(alike, other) for other, alike in compared.items() if alike >= _LEAST_ALIKE]
        return sorted(found, key=lambda pair: (-pair[0], pair[1]))[:_MOST]

    def _concepts(self, found: Sequence[tuple[int, str]]) -> list[Concept]:
        concepts: dict[str, Concept] = {}
        for alike, key in found:
            # The label counts before a synonym: "developer" names more than one occupation.
            numbers = sorted(self._exact[key], key=lambda n: (self._entries[n].keys[0] != key, n))
            for number in numbers:
                entry = self._entries[number]
                concepts.setdefault(entry.uri, Concept(entry.uri, entry.label, alike))
        return list(concepts.values())[:_MOST]


class Gazetteer:
    """A vocabulary of occupations and skills."""

    def __init__(self, name: str, occupations: Names, skills: Names) -> None:
        self.name = name
        self._occupations = occupations
        self._skills = skills
        self._find = lru_cache(maxsize=20_000)(self._look_up)

    def occupations(self, title: str) -> list[Concept]:
        """Return the occupations that a title names, likeliest first."""
        return list(self._find("occupation", title))

    def skills(self, name: str) -> list[Concept]:
        """Return the skills that a name stands for, likeliest first."""
        return list(self._find("skill", name))

    def _look_up(self, kind: str, name: str) -> tuple[Concept, ...]:
        return tuple((self._occupations if kind == "occupation" else self._skills).find(name))


def read_gazetteer(value: Mapping[str, Any]) -> Gazetteer:
    """Make a vocabulary of the plain values of its file; raise ValueError for another format."""
    _check_format(value)
    return Gazetteer(
        str(value["name"]), Names(_entries(value["occupations"])), Names(_entries(value["skills"]))
    )


def read_names(value: Mapping[str, Any]) -> list[Spelled]:
    """Return how occupations are called; raise ValueError for another format."""
    _check_format(value)
    return [Spelled(row[0], row[1], tuple(row[2:])) for row in value["names"]]


def write_gazetteer(
    name: str,
    occupations: Sequence[Entry],
    skills: Sequence[Entry],
    names: Sequence[Spelled],
) -> dict[str, Any]:
    """Return the plain values of a vocabulary's file."""
    return {
        "format": FORMAT,
        "name": name,
        "occupations": [[e.uri, e.label, *e.keys] for e in occupations],
        "skills": [[e.uri, e.label, *e.keys] for e in skills],
        "names": [[one.uri, one.language, *one.names] for one in names],
    }


def _check_format(value: Mapping[str, Any]) -> None:
    if value.get("format") != FORMAT:
        raise ValueError("the vocabulary has another format; build it again")


def _entries(rows: Sequence[Sequence[str]]) -> list[Entry]:
    return [Entry(row[0], row[1], tuple(row[2:])) for row in rows]


def _likeness(one: str, other: str) -> int:
    ours, theirs = _pieces(one), _pieces(other)
    return 200 * len(ours & theirs) // (len(ours) + len(theirs))


@lru_cache(maxsize=50_000)
def _pieces(key: str) -> frozenset[str]:
    padded = f" {key} "
    return frozenset(padded[start : start + 3] for start in range(len(padded) - 2))
