"""A part of a collection: entries laid out in columns. Never changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.matching.domain.search.arrays import Flags, Floats, Slots
from services.matching.domain.search.entry import Entry
from services.matching.domain.search.facets import Columns
from services.matching.domain.search.postings import Bm25, Postings
from services.matching.domain.search.vectors import Vectors

_NOTHING = np.zeros(0, np.float32)


class Lists:
    """A list of numbers for each entry, laid end to end."""

    def __init__(self, lists: Sequence[Sequence[int]]) -> None:
        sizes = np.asarray([len(one) for one in lists], np.int64)
        self.starts = np.concatenate([[0], np.cumsum(sizes)])
        self.values: Slots = np.asarray([value for one in lists for value in one], np.int32)

    def best(self, worth: Floats, slots: Slots | None = None) -> Floats:
        """Return the greatest worth in each list, 0 for an empty one."""
        return self._reduced(np.maximum, worth, slots)

    def mean(self, worth: Floats, slots: Slots | None = None) -> Floats:
        """Return the mean worth of each list, 0 for an empty one."""
        total = self._reduced(np.add, worth, slots)
        return np.asarray(total / np.maximum(self.sizes(slots), 1), np.float32)

    def sizes(self, slots: Slots | None = None) -> Floats:
        """Return how long each list is."""
        sizes = np.diff(self.starts).astype(np.float32)
        return sizes if slots is None else sizes[slots]

    def _reduced(self, how: np.ufunc, worth: Floats, slots: Slots | None) -> Floats:
        starts, sizes, values = self.starts[:-1], np.diff(self.starts), self.values
        if slots is not None:
            starts, sizes = starts[slots], sizes[slots]
            ends = np.cumsum(sizes)
            values = values[np.arange(ends[-1] if len(ends) else 0) + np.repeat(
                starts - (ends - sizes), sizes
            )]  # fmt: skip
            starts = ends - sizes
        result = np.zeros(len(starts), np.float32)
        held = sizes > 0
        if held.any():
            result[held] = how.reduceat(worth[values], starts[held])
        return result


@dataclass(frozen=True, slots=True)
class Places:
    """Where a collection keeps what entries share."""

    title: Callable[[str], int]
    skill: Callable[[str], int]
    language: Callable[[str], int]


class Segment:
    """Some entries; their texts and vectors are kept in columns alone."""

    def __init__(
        self, entries: Sequence[Entry], vectors: Floats, postings: Postings, places: Places
    ) -> None:
        self.entries = entries
        self.vectors = Vectors(vectors)
        self.postings = postings
        self.titles = Lists([[places.title(name) for name in one.titles] for one in entries])
        self.skills = Lists([[places.skill(name) for name in one.skills] for one in entries])
        languages = [places.language(one.language) for one in entries]
        self.languages: Slots = np.asarray(languages, np.int32)
        self.columns = Columns.of([one.facets for one in entries])
        self._words: tuple[float, Bm25] | None = None

    @classmethod
    def of(cls, entries: Sequence[Entry], places: Places) -> Segment:
        """Lay entries out."""
        light = [replace(one, tokens={}, vector=_NOTHING) for one in entries]
        postings = Postings.of([one.tokens for one in entries])
        return cls(light, np.stack([one.vector for one in entries]), postings, places)

    @classmethod
    def merged(cls, parts: Sequence[tuple[Segment, Flags]], places: Places) -> Segment:
        """Put parts one after the other, without the entries whose flag is not set."""
        entries = [one for part, kept in parts for one in part.kept(kept)]
        vectors = np.concatenate([part.vectors.exact[kept] for part, kept in parts])
        postings = Postings.merged([(part.postings, kept) for part, kept in parts])
        return cls(entries, vectors, postings, places)

    def __len__(self) -> int:
        return len(self.entries)

    def kept(self, flags: Flags) -> list[Entry]:
        """The entries whose flag is set."""
        return [self.entries[int(at)] for at in np.flatnonzero(flags)]

    def words(self, average: float) -> Bm25:
        """The words, weighed for a collection whose texts have this average length."""
        if self._words is None or self._words[0] != average:
            self._words = (average, Bm25(self.postings, average))
        return self._words[1]
