"""How alike titles are: by an adapted meaning, by their letters, and by the names of a concept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.matching.domain.search.arrays import Floats, Slots, unit
from services.matching.domain.search.postings import Cosine, Postings
from services.matching.domain.search.texts import letters

LINKS = 3
"""Concepts that a title is linked to."""
MEANING = np.float32(0.7)
"""What meaning counts beside letters."""
DIRECT = np.float32(0.4)
"""What the likeness of the titles themselves counts beside the best name of a concept."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A linear map of title vectors, learnt from synonyms; `version` names the learning."""

    version: str
    weights: Floats

    def __call__(self, vectors: Floats) -> Floats:
        """Return adapted vectors of length 1."""
        return unit(np.asarray(vectors, np.float32) @ self.weights)

    @property
    def dimensions(self) -> int:
        """How many numbers an adapted vector has."""
        return int(self.weights.shape[1])


class Vocabulary:
    """Concepts with their names in all languages, ordered by concept. `meanings` are adapted."""

    def __init__(self, names: Sequence[str], concepts: Sequence[int], meanings: Floats) -> None:
        if not names:
            raise ValueError("a vocabulary has names")
        numbers = np.asarray(concepts)
        if np.any(np.diff(numbers) < 0):
            raise ValueError("names of a concept stand together")
        self._starts = np.concatenate([[0], np.flatnonzero(np.diff(numbers)) + 1])
        self._meanings = meanings
        self._letters = Cosine(Postings.of([letters(name) for name in names]))

    def likeness(self, title: str, meaning: Floats) -> Floats:
        """Return how like each concept a title is: as its best name, letters and meaning."""
        alike = MEANING * (self._meanings @ meaning)
        alike += (1 - MEANING) * self._letters.scores(letters(title))
        return np.asarray(np.maximum.reduceat(alike, self._starts), np.float32)

    def links(self, meanings: Floats) -> tuple[Slots, Floats]:
        """Return the nearest concepts of each title and how near they are."""
        slots = np.zeros((len(meanings), LINKS), np.int32)
        near = np.zeros((len(meanings), LINKS), np.float32)
        for start in range(0, len(meanings), 256):
            some = meanings[start : start + 256] @ self._meanings.T
            best = np.maximum.reduceat(some, self._starts, axis=1)
            top = np.argsort(-best, axis=1, kind="stable")[:, :LINKS]
            width = top.shape[1]
            slots[start : start + 256, :width] = top
            near[start : start + 256, :width] = np.take_along_axis(best, top, 1)
        return slots, near


class Titles:
    """The distinct titles of a collection; they are only added."""

    def __init__(self, vocabulary: Vocabulary | None = None) -> None:
        self._vocabulary = vocabulary
        self._at: dict[str, int] = {}
        self._meanings: Floats = np.zeros((0, 0), np.float32)
        self._letters: list[Cosine] = []
        self._links: Slots = np.zeros((0, LINKS), np.int32)
        self._near: Floats = np.zeros((0, LINKS), np.float32)

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, title: str) -> bool:
        return title in self._at

    def slot(self, title: str) -> int:
        """Where a title stands that was added before."""
        return self._at[title]

    def add(self, titles: Sequence[str], meanings: Floats) -> None:
        """Add titles that are not there yet, each once, with their adapted meanings."""
        if not titles:
            return
        for title in titles:
            self._at[title] = len(self._at)
        rows = [self._meanings, meanings] if len(self._meanings) else [meanings]
        self._meanings = np.concatenate(rows)
        self._add_letters(titles)
        if self._vocabulary is not None:
            links, near = self._vocabulary.links(meanings)
            self._links = np.concatenate([self._links, links])
            self._near = np.concatenate([self._near, near])

    def likeness(self, title: str, meaning: Floats) -> Floats:
        """Return how like each title of the collection a title is."""
        alike = MEANING * (self._meanings @ meaning)
        alike += (1 - MEANING) * np.concatenate(
            [part.scores(letters(title)) for part in self._letters]
        )
        if self._vocabulary is None:
            return np.asarray(alike, np.float32)
        concepts = self._vocabulary.likeness(title, meaning)
        named = (concepts[self._links] * self._near).max(axis=1)
        return np.asarray(DIRECT * alike + (1 - DIRECT) * np.maximum(alike, named), np.float32)

    def _add_letters(self, titles: Sequence[str]) -> None:
        """Keep few parts: a part that is no smaller than the one before is built anew with it."""
        sizes = [len(part.postings) for part in self._letters]
        count = len(titles)
        while sizes and sizes[-1] <= 2 * count:
            count += sizes.pop()
        self._letters = self._letters[: len(sizes)]
        names = list(self._at)[len(self._at) - count :]
        self._letters.append(Cosine(Postings.of([letters(name) for name in names])))
