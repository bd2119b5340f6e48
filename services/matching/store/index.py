"""The index in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.kit.db import Query, Row
from services.kit.work import UnitOfWork
from services.matching.app.ports import KnownJob, KnownProfile
from services.matching.app.stores import (
    Found,
    JobEntry,
    JobHit,
    ProfileEntry,
    ProfileHit,
    Reads,
    Search,
    Standing,
)
from services.matching.domain.fusion import Bounds
from services.matching.domain.query import Vector
from services.matching.domain.scoring.inputs import (
    job_from_json,
    job_to_json,
    profile_from_json,
    profile_to_json,
)
from services.matching.store.hybrid import hybrid

_JOB_COLUMNS = "job_id version company_id open city facts"
_PROFILE_COLUMNS = "candidate_id version city facts"
_RANK_PROFILES = hybrid("indexed_profiles", "candidate_id", _PROFILE_COLUMNS)
_RANK_JOBS = hybrid("indexed_jobs", "job_id", _JOB_COLUMNS, "open")

# Locked, so that the vector that stays is the one that was looked at.
_STANDING_JOBS = Query.text(
    """
    select job_id as id, version, text_hash from indexed_jobs
    where job_id = any(cast(:ids as uuid[])) order by job_id for update
    """
)
_STANDING_PROFILES = Query.text(
    """
    select candidate_id as id, version, text_hash from indexed_profiles
    where candidate_id = any(cast(:ids as uuid[])) order by candidate_id for update
    """
)
_JOB = Query.text(
    """
    select job_id, version, company_id, open, city, facts, cast(experiences as text) as experiences
    from indexed_jobs where job_id = :id
    """
)
_PROFILE = Query.text(
    """
    select candidate_id, version, city, facts, cast(experiences as text) as experiences
    from indexed_profiles where candidate_id = :id
    """
)
_WORDS = """
    setweight(to_tsvector('matching_words', cast(:title as text)), 'A')
    || setweight(to_tsvector('matching_words', cast(:skill_text as text)), 'B')
    || setweight(to_tsvector('matching_words', cast(:text as text)), 'C')
    || setweight(to_tsvector('simple', cast(:words as text)), 'B')
"""
_PUT_JOB = Query.text(
    f"""
    insert into indexed_jobs (job_id, version, company_id, open, city, facts, text_hash,
                              experiences, words)
    values (:job_id, :version, :company_id, :open, :city, :facts, :text_hash,
            cast(cast(:vector as text) as vector), {_WORDS})
    on conflict (job_id) do update
    set version = excluded.version, company_id = excluded.company_id, open = excluded.open,
        city = excluded.city, facts = excluded.facts, text_hash = excluded.text_hash,
        experiences = excluded.experiences, words = excluded.words
    where indexed_jobs.version < excluded.version
    """  # noqa: S608 - the expression is a constant of this module
)
_TOUCH_JOB = Query.text(
    f"""
    update indexed_jobs
    set version = :version, open = :open, city = :city, facts = :facts, words = {_WORDS}
    where job_id = :job_id and version < :version
    """  # noqa: S608
)
_PUT_PROFILE = Query.text(
    f"""
    insert into indexed_profiles (candidate_id, version, title, city, skills, facts, text_hash,
                                  experiences, words)
    select :candidate_id, :version, :title, :city, :skills, :facts, :text_hash,
           cast(cast(:vector as text) as vector), {_WORDS}
    where not exists (select from erased_profiles where candidate_id = :candidate_id)
    on conflict (candidate_id) do update
    set version = excluded.version, title = excluded.title, city = excluded.city,
        skills = excluded.skills, facts = excluded.facts, text_hash = excluded.text_hash,
        experiences = excluded.experiences, words = excluded.words
    where indexed_profiles.version < excluded.version
    """  # noqa: S608
)
_TOUCH_PROFILE = Query.text(
    f"""
    update indexed_profiles
    set version = :version, title = :title, city = :city, skills = :skills, facts = :facts,
        words = {_WORDS}
    where candidate_id = :candidate_id and version < :version
    """  # noqa: S608
)
_CLOSE = Query.text(
    "insert into erased_profiles (candidate_id) values (:candidate_id) on conflict do nothing"
)
_ERASE = Query.text("delete from indexed_profiles where candidate_id = :candidate_id")


class PostgresIndex:
    """Keeps jobs and profiles in Postgres, with pgvector and full text."""

    async def standing_jobs(self, reads: Reads, ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return what the index holds of these jobs, and lock it."""
        return _standings(await reads.fetch(_STANDING_JOBS, ids=list(ids)))

    async def standing_profiles(self, reads: Reads, ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return what the index holds of these profiles, and lock it."""
        return _standings(await reads.fetch(_STANDING_PROFILES, ids=list(ids)))

    async def put_jobs(self, work: UnitOfWork, entries: Sequence[JobEntry]) -> None:
        """Write jobs, except over newer versions."""
        rows = [_job_values(entry) for entry in entries]
        await _put(work, _PUT_JOB, _TOUCH_JOB, rows)

    async def put_profiles(self, work: UnitOfWork, entries: Sequence[ProfileEntry]) -> None:
        """Write profiles, except over newer versions."""
        rows = [_profile_values(entry) for entry in entries]
        await _put(work, _PUT_PROFILE, _TOUCH_PROFILE, rows)

    async def erase_profile(self, work: UnitOfWork, candidate_id: str) -> None:
        """Delete a profile and keep it from coming back."""
        await work.execute(_CLOSE, candidate_id=candidate_id)
        await work.execute(_ERASE, candidate_id=candidate_id)

    async def job(self, reads: Reads, job_id: str) -> tuple[KnownJob, str] | None:
        """Return an indexed job and its vector as text."""
        row = await reads.fetch_one(_JOB, id=job_id)
        return (_job(row), row["experiences"]) if row else None

    async def profile(self, reads: Reads, candidate_id: str) -> tuple[KnownProfile, str] | None:
        """Return an indexed profile and its vector as text."""
        row = await reads.fetch_one(_PROFILE, id=candidate_id)
        return (_profile(row), row["experiences"]) if row else None

    async def rank_profiles(self, reads: Reads, search: Search) -> tuple[Found, list[ProfileHit]]:
        """Return profiles, best first."""
        rows = await reads.fetch(_RANK_PROFILES, **_search_values(search))
        hits = [
            ProfileHit(_profile(row), row["vector"], row["keyword"], row["rank"])
            for row in rows
            if row["candidate_id"] is not None
        ]
        return _found(rows[0]), hits

    async def rank_jobs(self, reads: Reads, search: Search) -> tuple[Found, list[JobHit]]:
        """Return open jobs, best first."""
        rows = await reads.fetch(_RANK_JOBS, **_search_values(search))
        hits = [
            JobHit(_job(row), row["vector"], row["keyword"], row["rank"])
            for row in rows
            if row["job_id"] is not None
        ]
        return _found(rows[0]), hits


async def _put(work: UnitOfWork, put: Query, touch: Query, rows: Sequence[dict[str, Any]]) -> None:
    """Write whole rows where there is a vector, and all but the vector where there is none."""
    if whole := [row for row in rows if row["vector"]]:
        await work.execute_many(put, whole)
    if rest := [row for row in rows if not row["vector"]]:
        await work.execute_many(touch, rest)


def _standings(rows: Sequence[Row]) -> dict[str, Standing]:
    return {row["id"]: Standing(row["version"], row["text_hash"]) for row in rows}


def _job_values(entry: JobEntry) -> dict[str, Any]:
    job = entry.job
    return {
        "job_id": job.id,
        "version": job.version,
        "company_id": job.company_id,
        "open": job.open,
        "city": job.city,
        "facts": job_to_json(job.facts),
        "text_hash": entry.text_hash,
        "vector": _vector(entry.vector),
        "title": job.facts.title,
        "skill_text": "; ".join(job.facts.skills),
        "text": job.facts.description,
        "words": entry.words,
    }


def _profile_values(entry: ProfileEntry) -> dict[str, Any]:
    profile = entry.profile
    facts = profile.facts
    return {
        "candidate_id": profile.id,
        "version": profile.version,
        "city": profile.city,
        "skills": list(facts.skills),
        "facts": profile_to_json(facts),
        "text_hash": entry.text_hash,
        "vector": _vector(entry.vector),
        "title": facts.title,
        "skill_text": "; ".join(facts.skills),
        "text": " ".join(f"{held.title}. {held.description}" for held in facts.experiences),
        "words": entry.words,
    }


def _vector(vector: Vector | None) -> str:
    if vector is None:
        return ""
    return "[" + ",".join(f"{value:.7f}" for value in vector) + "]"


def _search_values(search: Search) -> dict[str, Any]:
    rank, key = search.after or (None, None)
    return {
        "vector": search.vector,
        "words": search.terms.words,
        "concepts": search.terms.concepts,
        "alpha": search.alpha_permille,
        "limit": search.limit,
        "after_rank": rank,
        "after_id": key,
    }


def _job(row: Row) -> KnownJob:
    return KnownJob(
        id=row["job_id"],
        version=row["version"],
        company_id=row["company_id"],
        open=row["open"],
        city=row["city"],
        facts=job_from_json(row["facts"]),
    )


def _profile(row: Row) -> KnownProfile:
    return KnownProfile(
        id=row["candidate_id"],
        version=row["version"],
        city=row["city"],
        facts=profile_from_json(row["facts"]),
    )


def _found(row: Row) -> Found:
    return Found(
        total=row["total"],
        vectors=Bounds(row["vector_low"], row["vector_high"]),
        keywords=Bounds(row["keyword_low"], row["keyword_high"]),
    )
