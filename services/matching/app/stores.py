"""What the use cases ask of the index and of the book of receipts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from services.kit.db import Reader
from services.kit.work import UnitOfWork
from services.matching.app.ports import KnownJob, KnownProfile
from services.matching.domain.fusion import Bounds
from services.matching.domain.query import Terms, Vector
from services.matching.domain.receipt import Receipt

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


@dataclass(frozen=True, slots=True)
class Search:
    """A hybrid search: by meaning and by words, fused, from a place in the order on."""

    vector: str
    terms: Terms
    alpha_permille: int
    limit: int
    after: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class ProfileHit:
    """A profile found, with its raw signals in billionths."""

    profile: KnownProfile
    vector: int
    keyword: int
    rank: int


@dataclass(frozen=True, slots=True)
class JobHit:
    """A job found, with its raw signals in billionths."""

    job: KnownJob
    vector: int
    keyword: int
    rank: int


@dataclass(frozen=True, slots=True)
class Found:
    """What holds for all hits of a search, also for those on other pages."""

    total: int
    vectors: Bounds
    keywords: Bounds


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

    async def job(self, reads: Reads, job_id: str) -> tuple[KnownJob, str] | None:
        """Return an indexed job and its vector as the store writes it."""

    async def profile(self, reads: Reads, candidate_id: str) -> tuple[KnownProfile, str] | None:
        """Return an indexed profile and its vector as the store writes it."""

    async def rank_profiles(self, reads: Reads, search: Search) -> tuple[Found, list[ProfileHit]]:
        """Return profiles, best first."""

    async def rank_jobs(self, reads: Reads, search: Search) -> tuple[Found, list[JobHit]]:
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
