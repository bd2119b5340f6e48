"""Fictitious entries for the search: vectors in bunches, words as rare as words are."""

from __future__ import annotations

from collections import Counter

import numpy as np

from services.matching.domain.scoring.facts import Experience, JobFacts, Month, ProfileFacts
from services.matching.domain.search.arrays import Floats, unit
from services.matching.domain.search.entry import Entry, Sought
from services.matching.domain.search.facets import Facets

SIZE = 512
_TRADES, _SKILLS, _WORDS = 400, 800, 30_000
_TEXT, _HELD = 90, 8
_ZIPF = 1.3
# Of a thousand people these many live in the two towns that are filtered by.
_SHARES = (("Lyon", 100), ("Annecy", 15))

JOB = JobFacts(
    "Développeur back-end Python",
    "Vous concevez des services web et leurs bases de données, et vous tenez les tests.",
    ("Python", "FastAPI", "PostgreSQL", "Docker", "Tests automatisés"),
    contract="CDI",
    min_experience_years=3,
)
PROFILE = ProfileFacts(
    "Développeuse Python",
    (
        Experience(
            "Développeuse back-end",
            Month(2022, 1),
            None,
            "CDI",
            "Conception d'une API FastAPI et PostgreSQL pour 40 000 personnes ; tests et Docker.",
        ),
        Experience(
            "Développeuse web junior", Month(2019, 9), Month(2021, 12), "CDI", "Sites en Django."
        ),
    ),
    ("Python", "FastAPI", "PostgreSQL", "Docker"),
)


class People:
    """Entries in portions, the same for the same seed."""

    def __init__(self, seed: int = 7) -> None:
        self._random = np.random.default_rng(seed)
        self._trades = self._vectors(_TRADES)
        self._count = 0
        self.names: dict[str, Floats] = {
            **{f"Métier {at}": self._trades[at] for at in range(_TRADES)},
            **{f"Savoir {at}": row for at, row in enumerate(self._vectors(_SKILLS))},
        }

    def entries(self, count: int) -> list[Entry]:
        """Return so many more people."""
        trades = self._random.integers(0, _TRADES, count)
        vectors = unit(self._trades[trades] + np.float32(0.9) * self._vectors(count))
        return [
            self._entry(int(trade), vector) for trade, vector in zip(trades, vectors, strict=True)
        ]

    def job(self) -> Sought:
        """A job for somebody of some trade."""
        trade = int(self._random.integers(0, _TRADES))
        near = self._trades[trade][None, :] + np.float32(0.5) * self._vectors(1)
        return Sought(
            title=f"Métier {trade}",
            skills=self._skills(6),
            tokens=self._words(60),
            vector=unit(near)[0],
            months=24,
        )

    def _entry(self, trade: int, vector: Floats) -> Entry:
        self._count += 1
        place = self._count % 1000
        city = next((town for town, share in _SHARES if place < share), "Lille")
        if place < _SHARES[1][1]:
            city = _SHARES[1][0]
        return Entry(
            id=f"{self._count:012d}",
            version=1,
            language="en" if self._count % 4 == 0 else "fr",
            titles=(f"Métier {trade}",),
            skills=self._skills(_HELD),
            tokens=self._words(_TEXT),
            vector=vector,
            facets=Facets(city=city, months=self._count % 200),
        )

    def _vectors(self, count: int) -> Floats:
        # Few directions matter, as in vectors of an encoder.
        scale = np.linspace(1, 0.1, SIZE, dtype=np.float32)
        return unit(self._random.standard_normal((count, SIZE), np.float32) * scale)

    def _words(self, count: int) -> Counter[str]:
        drawn = np.minimum(self._random.zipf(_ZIPF, count), _WORDS)
        return Counter(f"w{number}" for number in drawn.tolist())

    def _skills(self, count: int) -> tuple[str, ...]:
        drawn = self._random.integers(0, _SKILLS, count).tolist()
        return tuple(dict.fromkeys(f"Savoir {number}" for number in drawn))
