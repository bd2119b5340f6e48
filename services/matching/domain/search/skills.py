"""Skills by name: the distinct ones of a collection, and how like one is to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from services.matching.domain.scoring.concepts import skill_of
from services.matching.domain.search.arrays import Floats

Vectors = Mapping[str, Floats]
"""Vectors of length 1 by text."""


class Skills:
    """The distinct skills of a collection; they are only added."""

    def __init__(self) -> None:
        self._at: dict[str, int] = {}
        self._concepts: dict[str, list[int]] = {}
        self._vectors: Floats = np.zeros((0, 0), np.float32)

    def __contains__(self, skill: str) -> bool:
        return skill in self._at

    def __len__(self) -> int:
        return len(self._at)

    def slot(self, skill: str) -> int:
        """Where a skill stands that was added before."""
        return self._at[skill]

    def add(self, skills: Sequence[str], vectors: Floats) -> None:
        """Add skills that are not there yet, each once."""
        if not skills:
            return
        for skill in skills:
            slot = self._at[skill] = len(self._at)
            self._concepts.setdefault(skill_of(skill), []).append(slot)
        rows = [self._vectors, vectors] if len(self._vectors) else [vectors]
        self._vectors = np.concatenate(rows)

    def likeness(self, skill: str, vector: Floats) -> Floats:
        """Return how like each skill is: 1 for the same concept in any words, else the cosine."""
        alike = np.asarray(np.clip(self._vectors @ vector, 0, 1), np.float32)
        alike[self._concepts.get(skill_of(skill), [])] = 1
        return alike

    def same(self, skill: str) -> Floats:
        """Return 1 where a skill is the same concept, 0 elsewhere."""
        found = np.zeros(len(self._at), np.float32)
        found[self._concepts.get(skill_of(skill), [])] = 1
        return found
