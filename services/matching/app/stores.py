"""What the use cases ask of the index and of the book of receipts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from services.kit.db import Reader
from services.kit.work import UnitOfWork
from services.matching.app.ports import KnownJob, KnownProfile
from services.matching.domain.query import Vector
from services.matching.domain.receipt import Receipt
from services.matching.domain.search.arrays import Floats
from services.matching.domain.search.search import Request, Result

Reads: TypeAlias = Reader | UnitOfWork


@dataclass(frozen=True, slots=True)
class Standing:
    """What the index holds of an entry: enough to know whether it is out of date."""

    version: int
    text_hash: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry to be written. Without a vector, the one in the index stays."""

    text_hash: str
    words: str
    """Occupations and skills as index words."""
    vector: Vector | None


@dataclass(frozen=True, slots=True)
class JobEntry(Entry):
    """A job to be indexed."""

    job: KnownJob


@dataclass(frozen=True, slots=True)
class ProfileEntry(Entry):
    """A profile to be indexed."""

    profile: KnownProfile


class IndexStore(Protocol):
    """Keeps jobs and profiles so that they can be searched."""

    async def standing_jobs(self, reads: Reads, ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return what the index holds of these jobs."""

    async def standing_profiles(self, reads: Reads, ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return what the index holds of these profiles."""

    async def put_jobs(self, work: UnitOfWork, entries: Sequence[JobEntry]) -> None:
        """Write jobs, except over newer versions."""

    async def put_profiles(self, work: UnitOfWork, entries: Sequence[ProfileEntry]) -> None:
        """Write profiles, except over newer versions."""

    async def erase_profile(self, work: UnitOfWork, candidate_id: str) -> None:
        """Delete a profile and keep it from coming back."""

    async def known_names(self, reads: Reads, names: Sequence[str]) -> set[str]:
        """Return those of the titles and skills whose vectors are kept."""

    async def put_names(self, work: UnitOfWork, vectors: Mapping[str, Vector]) -> None:
        """Keep vectors of titles and skills."""

    async def names(self, reads: Reads, names: Sequence[str]) -> dict[str, Floats]:
        """Return the vectors of those of the names that are kept."""

    async def job(self, reads: Reads, job_id: str) -> tuple[KnownJob, Floats] | None:
        """Return an indexed job and its vector."""

    async def profile(self, reads: Reads, candidate_id: str) -> tuple[KnownProfile, Floats] | None:
        """Return an indexed profile and its vector."""

    async def jobs(self, reads: Reads, ids: Sequence[str]) -> dict[str, KnownJob]:
        """Return those of the jobs that are indexed."""

    async def profiles(self, reads: Reads, ids: Sequence[str]) -> dict[str, KnownProfile]:
        """Return those of the profiles and prospects that are indexed."""


class Searcher(Protocol):
    """An engine: finds entries of the index by meaning, words and filters.

    What was committed to the index before a search began is found by it.
    """

    name: str

    async def profiles(self, reads: Reads, request: Request) -> Result:
        """Return profiles and prospects, best first."""

    async def jobs(self, reads: Reads, request: Request) -> Result:
        """Return open jobs, best first."""


class ReceiptStore(Protocol):
    """Keeps receipts: they are added and read, and lose the facts about who is gone."""

    async def erase(self, work: UnitOfWork, candidate_id: str) -> None:
        """Take the facts about a person out of their receipts; scores and hashes stay."""

    async def add(self, work: UnitOfWork, receipt: Receipt) -> bool:
        """Write a receipt; False when the application has one already."""

    async def of_application(self, reads: Reads, application_id: str) -> Receipt | None:
        """Return the receipt of an application."""

    async def by_id(self, reads: Reads, receipt_id: str) -> Receipt | None:
        """Return a receipt."""
