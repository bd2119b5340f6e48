"""Ranked candidates for a job, ranked jobs for a candidate."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.paging import Page
from services.matching.app.matches import Match, Placed
from services.matching.app.ports import KnownJob, KnownProfile
from services.matching.app.stores import IndexStore, Searcher
from services.matching.domain.errors import JobNotIndexed, ProfileNotIndexed
from services.matching.domain.fusion import CLASSIC, Fused, RankingProfile
from services.matching.domain.scoring.brief import Brief, read_job
from services.matching.domain.scoring.facts import Month
from services.matching.domain.scoring.score import Score, score_for
from services.matching.domain.search.arrays import VECTOR_SIZE, Floats
from services.matching.domain.search.entry import (
    Sought,
    months_held,
    sought_by_job,
    sought_by_profile,
)
from services.matching.domain.search.facets import CANDIDATE, PROSPECT, Filter
from services.matching.domain.search.search import Hit, Request, Result

_ASKED_KEPT = 512
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a side looks for, with the vectors of its names."""

    sought: Sought
    texts: Mapping[str, Floats]


class Ranking:
    """Ranks by hybrid search and scores what a page shows."""

    def __init__(
        self,
        reader: Reader,
        store: IndexStore,
        engine: Searcher,
        clock: Clock,
        scores: Scores,
        profile: RankingProfile = CLASSIC,
        note: Callable[[Sequence[Match]], None] | None = None,
    ) -> None:
        self._reader = reader
        self._store = store
        self._engine = engine
        self._clock = clock
        self._scores = scores
        self._profile = profile
        self._note = note
        self._asked: OrderedDict[tuple[str, int, int], _Asked] = OrderedDict()

    async def candidates(
        self, job_id: str, page: Page, wanted: Filter, kind: str = CANDIDATE
    ) -> RankedPage:
        """Rank the profiles, or the company's prospects, for a job; raise JobNotIndexed."""
        indexed = await self._store.job(self._reader, job_id)
        if indexed is None:
            raise JobNotIndexed(job_id=job_id)
        job, vector = indexed
        asked = await self._of((job.id, job.version, 0), lambda: sought_by_job(job.facts, vector))
        groups = {kind} if kind == CANDIDATE else {kind, job.company_id}
        wanted = replace(wanted, groups=frozenset(groups))
        result = await self._engine.profiles(self._reader, self._request(asked, wanted, page))
        profiles = await self._store.profiles(self._reader, _ids(result, page))
        brief, today = read_job(job.facts), self._clock.now().date()
        ranked: list[Ranked] = []
        told: list[Match] = []
        for hit in result.hits[: page.size]:
            shown = profiles.get(hit.entry.id)
            if shown is None:
                # Erased since the search.
                continue
            # The event loop gets a turn after each score.
            await asyncio.sleep(0)
            score = self._scores.get(brief, job, shown, today)
            ranked.append(_ranked(shown, hit, score, job))
            told.append(self._match(job, shown, hit, score))
        if kind == CANDIDATE and self._note is not None:
            self._note(told)
        return self._page(page, result, ranked)

    async def prospects(self, job_id: str, page: Page, wanted: Filter) -> RankedPage:
        """Rank the company's prospects for a job; raise JobNotIndexed."""
        return await self.candidates(job_id, page, wanted, PROSPECT)

    async def jobs(self, candidate_id: str, page: Page, wanted: Filter) -> RankedPage:
        """Rank the open jobs for a candidate; raise ProfileNotIndexed."""
        indexed = await self._store.profile(self._reader, candidate_id)
        if indexed is None:
            raise ProfileNotIndexed(candidate_id=candidate_id)
        profile, vector = indexed
        today = self._clock.now().date()
        month = Month(today.year, today.month).index
        asked = await self._of(
            (profile.id, profile.version, month),
            lambda: sought_by_profile(profile.facts, vector, months_held(profile.facts, month)),
        )
        result = await self._engine.jobs(self._reader, self._request(asked, wanted, page))
        jobs = await self._store.jobs(self._reader, _ids(result, page))
        ranked: list[Ranked] = []
        for hit in result.hits[: page.size]:
            job = jobs.get(hit.entry.id)
            if job is None:
                continue
            # The event loop gets a turn after each score.
            await asyncio.sleep(0)
            score = self._scores.get(read_job(job.facts), job, profile, today)
            ranked.append(_ranked(job, hit, score, job))
        return self._page(page, result, ranked)

    async def _of(self, key: tuple[str, int, int], read: Callable[[], Sought]) -> _Asked:
        """Read what a side looks for, once a version."""
        found = self._asked.get(key)
        if found is not None:
            self._asked.move_to_end(key)
            return found
        sought = read()
        names = [name for name in (sought.title, *sought.skills) if name]
        texts = await self._store.names(self._reader, names)
        # A name that was not embedded is like no other.
        none = np.zeros(VECTOR_SIZE, np.float32)
        found = _Asked(sought, {name: texts.get(name, none) for name in names})
        if len(texts) == len(set(names)):
            self._asked[key] = found
        while len(self._asked) > _ASKED_KEPT:
            self._asked.popitem(last=False)
        return found

    def _request(self, asked: _Asked, wanted: Filter, page: Page) -> Request:
        after = None if page.after is None else (page.after[0], page.after[1])
        return Request(asked.sought, self._profile, asked.texts, wanted, page.fetch, after)

    def _match(self, job: KnownJob, shown: KnownProfile, hit: Hit, score: Score) -> Match:
        return Match(
            job_id=job.id,
            candidate_id=shown.id,
            job_version=job.version,
            profile_version=shown.version,
            final=score.final,
            dimensions=score.dimensions,
            reliability=score.reliability,
            reasons=score.reasons,
            placed=Placed(str(self._profile), hit.fused),
            updated_at=self._clock.now(),
        )

    def _page(self, page: Page, result: Result, ranked: list[Ranked]) -> RankedPage:
        last = result.hits[: page.size][-1:]
        key = (last[0].fused.rank, last[0].entry.id) if last else ()
        token = page.next_token(result.hits, key)
        return RankedPage(ranked, token, result.total, self._profile)


def _ids(result: Result, page: Page) -> list[str]:
    return [hit.entry.id for hit in result.hits[: page.size]]


def _ranked(shown: KnownJob | KnownProfile, hit: Hit, score: Score, job: KnownJob) -> Ranked:
    return Ranked(
        id=shown.id,
        title=shown.facts.title,
        city=shown.city,
        fused=hit.fused,
        score=score,
        matched_skills=_matched(score, job),
    )


def _matched(score: Score, job: KnownJob) -> tuple[str, ...]:
    held = {
        name for reason in score.reasons if reason.dimension == "skills" for name in reason.held
    }
    return tuple(name for name in job.facts.skills if name in held)
