"""A searchable set of entries, in memory: added to in parts, each search exact."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from services.matching.domain.search.arrays import Flags, Floats
from services.matching.domain.search.entry import Entry
from services.matching.domain.search.segment import Places, Segment
from services.matching.domain.search.skills import Skills, Vectors
from services.matching.domain.search.titles import Adapter, Titles, Vocabulary

_STEPS_A_DOUBLING = 35
"""The average length is rounded to 2 %, so that parts need not be weighed anew at each change."""


@dataclass(frozen=True, slots=True)
class Part:
    """A segment and which of its entries still hold."""

    segment: Segment
    alive: Flags


@dataclass(frozen=True, slots=True)
class Model:
    """What titles are compared with; without an adapter their vectors are taken as they are."""

    adapter: Adapter | None = None
    vocabulary: Vocabulary | None = None

    def adapted(self, vectors: Floats) -> Floats:
        """Return title vectors as they are compared."""
        return vectors if self.adapter is None else self.adapter(vectors)


class Collection:
    """Entries by id. One writer at a time; a search works on the parts of its start."""

    def __init__(self, model: Model | None = None) -> None:
        self.model = model or Model()
        self.titles = Titles(self.model.vocabulary)
        self.skills = Skills()
        self.languages: dict[str, int] = {}
        self._places = Places(self.titles.slot, self.skills.slot, self._language)
        self.parts: tuple[Part, ...] = ()
        self._where: dict[str, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._where)

    @property
    def size(self) -> int:
        """Bytes of memory of vectors and postings."""
        return sum(part.segment.vectors.size + part.segment.postings.size for part in self.parts)

    @property
    def average(self) -> float:
        """The average length of a text in words, to 2 %."""
        entries = sum(len(part.segment) for part in self.parts)
        words = sum(float(part.segment.postings.lengths.sum()) for part in self.parts)
        if not words:
            return 1.0
        return float(
            2 ** (round(math.log2(words / entries) * _STEPS_A_DOUBLING) / _STEPS_A_DOUBLING)
        )

    def new_texts(self, entries: Iterable[Entry]) -> tuple[list[str], list[str]]:
        """Return the titles and the skills of entries that were not seen before."""
        titles = dict.fromkeys(name for one in entries for name in one.titles)
        skills = dict.fromkeys(name for one in entries for name in one.skills)
        return (
            [name for name in titles if name not in self.titles],
            [name for name in skills if name not in self.skills],
        )

    def put(self, entries: Sequence[Entry], texts: Vectors) -> None:
        """Add entries, in place of older ones with their ids. `texts` has what is new of names."""
        latest = list({one.id: one for one in entries}.values())
        titles, skills = self.new_texts(latest)
        if titles:
            self.titles.add(titles, self.model.adapted(np.stack([texts[name] for name in titles])))
        if skills:
            self.skills.add(skills, np.stack([texts[name] for name in skills]))
        self.remove([one.id for one in latest])
        if latest:
            fresh = Segment.of(latest, self._places)
            self.parts = _merged([*self.parts, _whole(fresh)], self._places)
            self._find()

    def remove(self, ids: Iterable[str]) -> None:
        """Take entries out; ids that are not there are passed over."""
        gone = [self._where.pop(one) for one in ids if one in self._where]
        if not gone:
            return
        flags = [part.alive.copy() for part in self.parts]
        for part, slot in gone:
            flags[part][slot] = False
        self.parts = tuple(
            Part(part.segment, alive) for part, alive in zip(self.parts, flags, strict=True)
        )

    def entry(self, key: str) -> Entry | None:
        """Return an entry without its text and vector."""
        at = self._where.get(key)
        return None if at is None else self.parts[at[0]].segment.entries[at[1]]

    def _find(self) -> None:
        """Only the last part is ever new."""
        number, part = len(self.parts) - 1, self.parts[-1]
        entries = part.segment.entries
        for slot in map(int, np.flatnonzero(part.alive)):
            self._where[entries[slot].id] = (number, slot)

    def _language(self, code: str) -> int:
        return self.languages.setdefault(code, len(self.languages))


def _whole(segment: Segment) -> Part:
    return Part(segment, np.ones(len(segment), np.bool_))


def _merged(parts: list[Part], places: Places) -> tuple[Part, ...]:
    """Merge from the end while the part before is not twice as large: few parts, little copying."""
    last = len(parts) - 1
    size = len(parts[last].segment)
    while last and len(parts[last - 1].segment) <= 2 * size:
        last -= 1
        size += len(parts[last].segment)
    if last == len(parts) - 1:
        return tuple(parts)
    together = Segment.merged([(part.segment, part.alive) for part in parts[last:]], places)
    return (*parts[:last], _whole(together))
