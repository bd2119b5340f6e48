"""Which entries hold a term, and how much it says of them: BM25 and the cosine of TF-IDF."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from services.matching.domain.search.arrays import Flags, Floats, Slots, Wholes

K1, B = 1.2, 0.75
"""How fast repetition saturates, and how far length counts (Robertson and Zaragoza 2009)."""


class Postings:
    """For each term the entries that hold it, with how often. Never changes."""

    def __init__(
        self, rows: dict[str, int], terms: Wholes, slots: Slots, counts: Floats, size: int
    ) -> None:
        """Take each triple of a term's row, an entry and how often it holds the term."""
        order = np.argsort(terms, kind="stable")
        self._rows = rows
        self.slots: Slots = slots[order]
        self.counts: Floats = counts[order]
        self.frequencies = np.bincount(terms, minlength=len(rows))
        self._starts = np.concatenate([[0], np.cumsum(self.frequencies)])
        self.lengths: Floats = np.bincount(slots, weights=counts, minlength=size).astype(np.float32)

    @classmethod
    def of(cls, entries: Sequence[Mapping[str, int]]) -> Postings:
        """Turn entries with their terms into terms with their entries."""
        rows: dict[str, int] = {}
        terms = [rows.setdefault(term, len(rows)) for entry in entries for term in entry]
        counts = [count for entry in entries for count in entry.values()]
        sizes = [len(entry) for entry in entries]
        return cls(
            rows,
            np.asarray(terms, np.int64),
            np.repeat(np.arange(len(entries), dtype=np.int32), sizes),
            np.asarray(counts, np.float32),
            len(entries),
        )

    @classmethod
    def merged(cls, parts: Sequence[tuple[Postings, Flags]]) -> Postings:
        """Put parts one after the other, without the entries whose flag is not set."""
        rows: dict[str, int] = {}
        terms, slots, counts, size = [], [], [], 0
        for part, kept in parts:
            named = np.asarray([rows.setdefault(term, len(rows)) for term in part._rows], np.int64)
            place = np.cumsum(kept, dtype=np.int32) - 1 + size
            stays = kept[part.slots]
            terms.append(np.repeat(named, part.frequencies)[stays])
            slots.append(place[part.slots[stays]])
            counts.append(part.counts[stays])
            size += int(kept.sum())
        return cls(rows, np.concatenate(terms), np.concatenate(slots), np.concatenate(counts), size)

    @property
    def size(self) -> int:
        """Bytes of memory, roughly: a hundred for each term."""
        arrays = self.slots.nbytes + self.counts.nbytes + self.lengths.nbytes + self._starts.nbytes
        return arrays + 100 * len(self._rows)

    def __len__(self) -> int:
        return len(self.lengths)

    def span(self, term: str) -> slice:
        """Where a term's postings are; empty when no entry holds it."""
        row = self._rows.get(term)
        return slice(0, 0) if row is None else slice(self._starts[row], self._starts[row + 1])

    def held_by(self, term: str) -> int:
        """How many entries hold a term."""
        span = self.span(term)
        return int(span.stop - span.start)


class Bm25:
    """One part of a collection, ready to be asked. `average` is the whole collection's length."""

    def __init__(self, postings: Postings, average: float) -> None:
        self.postings = postings
        norms = K1 * (1 - B + B * postings.lengths / np.float32(max(average, 1.0)))
        counts = postings.counts
        self._impacts = (counts * (K1 + 1) / (counts + norms[postings.slots])).astype(np.float32)

    def scores(self, weights: Mapping[str, float]) -> Floats:
        """Add up what each term of a query says of each entry; `weights` are its idf."""
        total = np.zeros(len(self.postings), np.float32)
        for term, weight in weights.items():
            span = self.postings.span(term)
            if span.stop > span.start:
                # An entry stands once in a term's postings: plain indexing adds it.
                total[self.postings.slots[span]] += self._impacts[span] * np.float32(weight)
        return total


def idf(held: int, entries: int) -> float:
    """What a term is worth that `held` of `entries` hold; never below 0."""
    return math.log(1 + (entries - held + 0.5) / (held + 0.5))


class Cosine:
    """The cosine of TF-IDF weights: logarithms of counts, smoothed idf, length 1."""

    def __init__(self, postings: Postings) -> None:
        self.postings = postings
        held = postings.frequencies
        self._idf = (np.log((1 + len(postings)) / (1 + held)) + 1).astype(np.float32)
        weights = (1 + np.log(postings.counts)) * np.repeat(self._idf, held)
        squares = np.bincount(postings.slots, weights=weights**2, minlength=len(postings))
        lengths = np.sqrt(np.maximum(squares, 1e-12))
        self._weights = (weights / lengths[postings.slots]).astype(np.float32)
        self._rest = float(np.log(1 + len(postings)) + 1)

    def scores(self, query: Mapping[str, int]) -> Floats:
        """Return the cosine of a query with each entry. Runs that no entry holds count as rare."""
        total = np.zeros(len(self.postings), np.float32)
        square = 0.0
        for term, count in query.items():
            span = self.postings.span(term)
            weight = (1 + math.log(count)) * self._idf_of(span)
            square += weight * weight
            if span.stop > span.start:
                total[self.postings.slots[span]] += self._weights[span] * np.float32(weight)
        return total / np.float32(max(math.sqrt(square), 1e-9))

    def _idf_of(self, span: slice) -> float:
        held = span.stop - span.start
        if not held:
            return self._rest
        return math.log((1 + len(self.postings)) / (1 + held)) + 1
