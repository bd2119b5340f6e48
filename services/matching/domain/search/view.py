"""The entries of a collection that a filter leaves, numbered through all of its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from services.matching.domain.search.arrays import Floats, Slots
from services.matching.domain.search.collection import Collection
from services.matching.domain.search.entry import Entry
from services.matching.domain.search.facets import Filter
from services.matching.domain.search.postings import idf
from services.matching.domain.search.segment import Segment


class View:
    """What one search works on; it stays as it was while the collection changes."""

    def __init__(self, collection: Collection, wanted: Filter) -> None:
        self.titles = collection.titles
        self.skills = collection.skills
        self._average = collection.average
        self._parts: list[tuple[Segment, Slots]] = []
        self._held: list[Segment] = []
        must = [collection.skills.same(name) for name in wanted.skills]
        for part in collection.parts:
            segment, keep = part.segment, part.alive
            self._held.append(segment)
            if not wanted.is_empty:
                keep = keep & segment.columns.passing(wanted)
            slots = np.flatnonzero(keep).astype(np.int32)
            for same in must:
                slots = slots[segment.skills.best(same, slots) > 0]
            if len(slots):
                self._parts.append((segment, slots))
        self.total = sum(len(slots) for _, slots in self._parts)

    def scan(self, query: Floats) -> Floats:
        """Inner products with a vector, to about 0.001."""
        return self._each(lambda segment, slots: segment.vectors.scan(query, slots))

    def products(self, query: Floats, places: Slots) -> Floats:
        """Exact inner products of some of the entries."""
        result = np.zeros(len(places), np.float32)
        start = 0
        for segment, slots in self._parts:
            here = (places >= start) & (places < start + len(slots))
            if here.any():
                result[here] = segment.vectors.products(query, slots[places[here] - start])
            start += len(slots)
        return result

    def words(self, tokens: Mapping[str, int], most: int) -> Floats:
        """BM25 of the rarest terms of a query, `most` of them. Filters do not change rarity."""
        size = sum(len(segment) for segment in self._held)
        weights: dict[str, float] = {}
        for term in tokens:
            held = sum(segment.postings.held_by(term) for segment in self._held)
            if held:
                weights[term] = idf(held, size)
        rarest = sorted(weights, key=lambda term: (-weights[term], term))[:most]
        asked = {term: weights[term] for term in rarest}
        return self._each(
            lambda segment, slots: segment.words(self._average).scores(asked), gathered=True
        )

    def languages(self) -> Slots:
        """The language of each entry, as a number."""
        rows = [segment.languages[slots] for segment, slots in self._parts]
        return np.concatenate(rows) if rows else np.zeros(0, np.int32)

    def months(self) -> Floats:
        """The experience that each entry holds or asks for."""
        return self._each(lambda segment, _: segment.columns.months, gathered=True)

    def level(self, language: str) -> Floats:
        """How well each entry speaks a language: 0 not at all, 1 for A1, 6 for C2."""

        def of(segment: Segment, _: Slots | None) -> Floats:
            level = segment.columns.levels.get(language)
            none = np.zeros(len(segment), np.float32)
            return none if level is None else level.astype(np.float32)

        return self._each(of, gathered=True)

    def best_title(self, worth: Floats) -> Floats:
        """The greatest worth among each entry's titles."""
        return self._each(lambda segment, slots: segment.titles.best(worth, slots))

    def best_skill(self, worth: Floats) -> Floats:
        """The greatest worth among each entry's skills."""
        return self._each(lambda segment, slots: segment.skills.best(worth, slots))

    def mean_skill(self, worth: Floats) -> Floats:
        """The mean worth of each entry's skills."""
        return self._each(lambda segment, slots: segment.skills.mean(worth, slots))

    def count_skills(self) -> Floats:
        """How many skills each entry has."""
        return self._each(lambda segment, slots: segment.skills.sizes(slots))

    def entry(self, place: int) -> Entry:
        """The entry of a number."""
        for segment, slots in self._parts:
            if place < len(slots):
                return segment.entries[int(slots[place])]
            place -= len(slots)
        raise IndexError(place)

    def _each(
        self, ask: Callable[[Segment, Slots | None], object], gathered: bool = False
    ) -> Floats:
        """Ask every part and join the answers; `gathered`: the answer is for the whole part."""
        rows: list[Floats] = []
        for segment, slots in self._parts:
            some = None if len(slots) == len(segment) else slots
            answer = np.asarray(ask(segment, some), np.float32)
            rows.append(answer[slots] if gathered and some is not None else answer)
        return np.concatenate(rows) if rows else np.zeros(0, np.float32)
