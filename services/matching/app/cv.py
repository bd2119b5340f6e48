"""A candidate's CV: read, told, forgotten."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.kit.clock import Clock
from services.kit.errors import SessionEnded
from services.kit.ids import Ids
from services.kit.work import UnitOfWork, UnitsOfWork
from services.matching.app.stores import Reads
from services.matching.domain.cv_errors import CvNotFound
from services.matching.domain.parsing.document import Flag
from services.matching.domain.parsing.facts import CvFacts, Reading
from services.matching.domain.vocabulary import Concept

GENERATED_BY = "rules/1"


@dataclass(frozen=True, slots=True)
class Cv:
    """What was read in a file; the file is gone."""

    id: str
    candidate_id: str
    file_hash: str
    kind: str
    pages: int
    truncated: bool
    facts: CvFacts
    flags: tuple[Flag, ...]
    generated_by: str
    created_at: datetime


class Reader(Protocol):
    """Reads files where they can do no harm."""

    async def read(self, data: bytes) -> Reading:
        """Read a file; raise what `cv_errors` names where it cannot be read."""


class CvStore(Protocol):
    """Keeps the latest CV of each candidate."""

    async def put(self, work: UnitOfWork, cv: Cv) -> bool:
        """Write a CV over the one before; False when the candidate was erased."""

    async def of(self, reads: Reads, candidate_id: str) -> Cv | None:
        """Return the candidate's CV."""

    async def erase(self, work: UnitOfWork, candidate_id: str) -> None:
        """Forget the candidate's CV."""


class Vocabulary(Protocol):
    """Knows occupations and skills by name."""

    @property
    def name(self) -> str:
        """Which vocabulary it is, with its version."""

    def occupations(self, title: str) -> list[Concept]:
        """Return the occupations that a title names, likeliest first."""

    def skills(self, name: str) -> list[Concept]:
        """Return the skills that a name stands for, likeliest first."""


class Cvs:
    """Use cases on CVs."""

    def __init__(
        self,
        work: UnitsOfWork,
        reads: Reads,
        store: CvStore,
        reader: Reader,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._reads = reads
        self._store = store
        self._reader = reader
        self._clock = clock
        self._ids = ids

    async def parse(self, candidate_id: str, content: bytes) -> Cv:
        """Read a file and keep its facts.

        Nothing is open in the database while the file is read. Raises what `cv_errors` names, and
        SessionEnded when the account was deleted a moment ago.
        """
        reading = await self._reader.read(content)
        cv = Cv(
            id=self._ids.new(),
            candidate_id=candidate_id,
            file_hash=hashlib.sha256(content).hexdigest(),
            kind=reading.kind,
            pages=reading.pages,
            truncated=reading.truncated,
            facts=reading.facts,
            flags=reading.flags,
            generated_by=GENERATED_BY,
            created_at=self._clock.now(),
        )
        async with self._work() as work:
            if not await self._store.put(work, cv):
                raise SessionEnded
        return cv

    async def of(self, candidate_id: str) -> Cv:
        """Return the candidate's CV; raise CvNotFound."""
        cv = await self._store.of(self._reads, candidate_id)
        if cv is None:
            raise CvNotFound
        return cv

    async def forget(self, candidate_id: str) -> None:
        """Forget the candidate's CV; nothing happens where there is none."""
        async with self._work() as work:
            await self._store.erase(work, candidate_id)
