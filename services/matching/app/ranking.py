"""Ranked candidates for a job, ranked jobs for a candidate."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.paging import Page
from services.matching.app.ports import KnownJob, KnownProfile
from services.matching.app.stores import Found, IndexStore, JobHit, ProfileHit, Search
from services.matching.domain.errors import JobNotIndexed, ProfileNotIndexed
from services.matching.domain.fusion import CLASSIC, Fused, RankingProfile, fuse
from services.matching.domain.query import job_terms, profile_terms
from services.matching.domain.scoring.brief import Brief, read_job
from services.matching.domain.scoring.score import Score, score_for

_SCORES_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Ranked:
    """One hit: where it stands and why, and what it would score."""

    id: str
    title: str
    city: str
    fused: Fused
    score: Score
    matched_skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RankedPage:
    """One page of hits, best first."""

    hits: list[Ranked]
    next_token: str
    total: int
    profile: RankingProfile


class Scores:
    """Computes scores, and keeps the latest: the same facts on the same day score the same."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, str, int, date], Score] = OrderedDict()

    def get(self, brief: Brief, job: KnownJob, profile: KnownProfile, today: date) -> Score:
        """Return the score of a profile for a job that was read before."""
        key = (job.id, job.version, profile.id, profile.version, today)
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        found = self._kept[key] = score_for(brief, profile.facts, today)
        while len(self._kept) > _SCORES_KEPT:
            self._kept.popitem(last=False)
        return found


class Ranking:
    """Ranks by hybrid search and scores what a page shows."""

    def __init__(
        self,
        reader: Reader,
        store: IndexStore,
        clock: Clock,
        scores: Scores,
        profile: RankingProfile = CLASSIC,
    ) -> None:
        self._reader = reader
        self._store = store
        self._clock = clock
        self._scores = scores
        self._profile = profile

    async def candidates(self, job_id: str, page: Page) -> RankedPage:
        """Rank the profiles for a job; raise JobNotIndexed."""
        indexed = await self._store.job(self._reader, job_id)
        if indexed is None:
            raise JobNotIndexed(job_id=job_id)
        job, vector = indexed
        search = Search(
            vector, job_terms(job.facts), self._profile.alpha_permille, page.fetch, _after(page)
        )
        found, hits = await self._store.rank_profiles(self._reader, search)
        brief, today = read_job(job.facts), self._clock.now().date()
        ranked: list[Ranked] = []
        for hit in hits[: page.size]:
            # The event loop gets a turn after each score.
            await asyncio.sleep(0)
            score = self._scores.get(brief, job, hit.profile, today)
            ranked.append(self._ranked(hit.profile, hit, found, score, job))
        return self._page(page, hits, ranked, found)

    async def jobs(self, candidate_id: str, page: Page) -> RankedPage:
        """Rank the open jobs for a candidate; raise ProfileNotIndexed."""
        indexed = await self._store.profile(self._reader, candidate_id)
        if indexed is None:
            raise ProfileNotIndexed(candidate_id=candidate_id)
        profile, vector = indexed
        terms = profile_terms(profile.facts)
        search = Search(vector, terms, self._profile.alpha_permille, page.fetch, _after(page))
        found, hits = await self._store.rank_jobs(self._reader, search)
        today = self._clock.now().date()
        ranked: list[Ranked] = []
        for hit in hits[: page.size]:
            # The event loop gets a turn after each score.
            await asyncio.sleep(0)
            score = self._scores.get(read_job(hit.job.facts), hit.job, profile, today)
            ranked.append(self._ranked(hit.job, hit, found, score, hit.job))
        return self._page(page, hits, ranked, found)

    def _ranked(
        self,
        shown: KnownJob | KnownProfile,
        hit: ProfileHit | JobHit,
        found: Found,
        score: Score,
        job: KnownJob,
    ) -> Ranked:
        return Ranked(
            id=shown.id,
            title=shown.facts.title,
            city=shown.city,
            fused=fuse(self._profile, hit.vector, hit.keyword, found.vectors, found.keywords),
            score=score,
            matched_skills=_matched(score, job),
        )

    def _page(
        self,
        page: Page,
        hits: list[ProfileHit] | list[JobHit],
        ranked: list[Ranked],
        found: Found,
    ) -> RankedPage:
        key = (ranked[-1].fused.rank, ranked[-1].id) if ranked else ()
        return RankedPage(ranked, page.next_token(hits, key), found.total, self._profile)


def _after(page: Page) -> tuple[int, str] | None:
    return None if page.after is None else (page.after[0], page.after[1])


def _matched(score: Score, job: KnownJob) -> tuple[str, ...]:
    held = {
        name for reason in score.reasons if reason.dimension == "skills" for name in reason.held
    }
    return tuple(name for name in job.facts.skills if name in held)
