"""Keeps the index up to date with what the jobs service tells."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from services.kit.work import UnitOfWork, UnitsOfWork
from services.matching.app.ports import Encoder, Facts, KnownJob, KnownProfile
from services.matching.app.stores import IndexStore, JobEntry, ProfileEntry, Standing
from services.matching.domain.query import (
    Vector,
    concept_words,
    job_query_text,
    move_to,
    profile_text,
    skill_words,
)
from services.matching.domain.scoring.facts import ProfileFacts
from services.matching.domain.search.entry import profile_titles
from services.matching.domain.search.texts import plain_title


class Indexing:
    """Fetches facts, embeds what changed, and writes what is newer.

    The same call serves every event about a job or a profile, in any order and any number of
    times: what counts is what the jobs service tells at that moment.
    """

    def __init__(
        self, work: UnitsOfWork, store: IndexStore, facts: Facts, encoder: Encoder
    ) -> None:
        self._work = work
        self._store = store
        self._facts = facts
        self._encoder = encoder

    async def refresh_jobs(self, ids: Sequence[str]) -> None:
        """Bring jobs up to date. Raises DependencyDown."""
        jobs = await self._facts.jobs(_distinct(ids))
        async with self._work() as work:
            known = await self._store.standing_jobs(work, [job.id for job in jobs])
            stale = [job for job in jobs if _is_stale(known, job.id, job.version)]
            if not stale:
                return
            vectors = await self._job_vectors([job for job in stale if _is_new(known, job)])
            names = [
                name for job in stale for name in (plain_title(job.facts.title), *job.facts.skills)
            ]
            await self._put_names(work, names)
            entries = [_job_entry(job, vectors.get(job.id)) for job in stale]
            await self._store.put_jobs(work, entries)

    async def refresh_profiles(self, ids: Sequence[str]) -> None:
        """Bring profiles up to date. Raises DependencyDown."""
        profiles = await self._facts.profiles(_distinct(ids))
        async with self._work() as work:
            known = await self._store.standing_profiles(work, [one.id for one in profiles])
            stale = [one for one in profiles if _is_stale(known, one.id, one.version)]
            if not stale:
                return
            new = [one for one in stale if _is_new(known, one)]
            vectors = await self._encoder.encode([profile_text(one.facts) for one in new])
            by_id = dict(zip((one.id for one in new), vectors, strict=True))
            entries = [_profile_entry(one, by_id.get(one.id)) for one in stale]
            await self._put_names(work, [name for one in stale for name in _names(one.facts)])
            await self._store.put_profiles(work, entries)

    async def _put_names(self, work: UnitOfWork, names: Iterable[str]) -> None:
        """Embed titles and skills that were never seen."""
        distinct = [name for name in dict.fromkeys(names) if name]
        known = await self._store.known_names(work, distinct)
        missing = [name for name in distinct if name not in known]
        if missing:
            vectors = await self._encoder.encode(missing)
            await self._store.put_names(work, dict(zip(missing, vectors, strict=True)))

    async def _job_vectors(self, jobs: Sequence[KnownJob]) -> dict[str, Vector]:
        """Embeds jobs and their skills in one batch, and moves each job towards its skills."""
        texts = [job_query_text(job.facts) for job in jobs]
        skills = list(dict.fromkeys(name for job in jobs for name in job.facts.skills))
        vectors = await self._encoder.encode([*texts, *skills])
        of_skill = dict(zip(skills, vectors[len(texts) :], strict=True))
        return {
            job.id: move_to(vector, [of_skill[name] for name in job.facts.skills])
            for job, vector in zip(jobs, vectors, strict=False)
        }


def _names(facts: ProfileFacts) -> list[str]:
    return [*profile_titles(facts), *facts.skills]


def _distinct(ids: Sequence[str]) -> list[str]:
    # Sorted, so that two batches that share rows lock them in the same order.
    return sorted(set(ids))


def _is_stale(known: Mapping[str, Standing], key: str, version: int) -> bool:
    return key not in known or known[key].version < version


def _is_new(known: Mapping[str, Standing], entry: KnownJob | KnownProfile) -> bool:
    """Whether the text to embed is not the one that was embedded before."""
    return entry.id not in known or known[entry.id].text_hash != _hash(entry)


def _hash(entry: KnownJob | KnownProfile) -> str:
    if isinstance(entry, KnownJob):
        text = "\n".join([job_query_text(entry.facts), *entry.facts.skills])
    else:
        text = profile_text(entry.facts)
    return hashlib.sha256(text.encode()).hexdigest()


def _job_entry(job: KnownJob, vector: Vector | None) -> JobEntry:
    facts = job.facts
    words = f"{concept_words(facts.title, facts.description)} {skill_words(facts.skills)}"
    return JobEntry(text_hash=_hash(job), words=words, vector=vector, job=job)


def _profile_entry(profile: KnownProfile, vector: Vector | None) -> ProfileEntry:
    facts = profile.facts
    told = [text for held in facts.experiences for text in (held.title, held.description)]
    words = f"{concept_words(facts.title, *told)} {skill_words(facts.skills)}"
    return ProfileEntry(text_hash=_hash(profile), words=words, vector=vector, profile=profile)
