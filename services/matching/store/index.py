"""The index in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.kit.db import Query, Row
from services.kit.work import UnitOfWork
from services.matching.app.ports import KnownJob, KnownProfile
from services.matching.app.stores import JobEntry, ProfileEntry, Reads, Standing
from services.matching.domain.query import Vector
from services.matching.domain.scoring.inputs import (
    job_from_json,
    job_to_json,
    profile_from_json,
    profile_to_json,
)
from services.matching.domain.search.arrays import Floats
from services.matching.store.vectors import from_bytes, to_text

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
_JOBS = Query.text(
    """
    select job_id, version, company_id, open, city, locale, salary, facts,
           vector_send(experiences) as vector
    from indexed_jobs where job_id = any(cast(:ids as uuid[]))
    """
)
_PROFILES = Query.text(
    """
    select candidate_id, version, city, locale, facts, vector_send(experiences) as vector
    from indexed_profiles where candidate_id = any(cast(:ids as uuid[]))
    union all
    select id, version, city, locale, facts, vector_send(experiences)
    from prospects
    where id = any(cast(:ids as uuid[])) and experiences is not null
    """
)
_KNOWN_NAMES = Query.text("select name from name_vectors where name = any(:names)")
_NAMES = Query.text(
    "select name, vector_send(vector) as vector from name_vectors where name = any(:names)"
)
_PUT_NAME = Query.text(
    """
    insert into name_vectors (name, vector)
    values (:name, cast(cast(:vector as text) as vector)) on conflict do nothing
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
    insert into indexed_jobs (job_id, version, company_id, open, city, locale, salary, facts,
                              text_hash, experiences, words)
    values (:job_id, :version, :company_id, :open, :city, :locale, :salary, :facts, :text_hash,
            cast(cast(:vector as text) as vector), {_WORDS})
    on conflict (job_id) do update
    set version = excluded.version, company_id = excluded.company_id, open = excluded.open,
        city = excluded.city, locale = excluded.locale, salary = excluded.salary,
        facts = excluded.facts, text_hash = excluded.text_hash,
        experiences = excluded.experiences, words = excluded.words
    where indexed_jobs.version < excluded.version
    """  # noqa: S608 - the expression is a constant of this module
)
_TOUCH_JOB = Query.text(
    f"""
    update indexed_jobs
    set version = :version, open = :open, city = :city, locale = :locale, salary = :salary,
        facts = :facts, words = {_WORDS}
    where job_id = :job_id and version < :version
    """  # noqa: S608
)
_PUT_PROFILE = Query.text(
    f"""
    insert into indexed_profiles (candidate_id, version, title, city, locale, skills, facts,
                                  text_hash, experiences, words)
    select :candidate_id, :version, :title, :city, :locale, :skills, :facts, :text_hash,
           cast(cast(:vector as text) as vector), {_WORDS}
    where not exists (select from erased_profiles where candidate_id = :candidate_id)
    on conflict (candidate_id) do update
    set version = excluded.version, title = excluded.title, city = excluded.city,
        locale = excluded.locale, skills = excluded.skills, facts = excluded.facts,
        text_hash = excluded.text_hash,
        experiences = excluded.experiences, words = excluded.words
    where indexed_profiles.version < excluded.version
    """  # noqa: S608
)
_TOUCH_PROFILE = Query.text(
    f"""
    update indexed_profiles
    set version = :version, title = :title, city = :city, locale = :locale, skills = :skills,
        facts = :facts, words = {_WORDS}
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

    async def known_names(self, reads: Reads, names: Sequence[str]) -> set[str]:
        """Return those of the titles and skills whose vectors are kept."""
        return {row["name"] for row in await reads.fetch(_KNOWN_NAMES, names=list(names))}

    async def put_names(self, work: UnitOfWork, vectors: Mapping[str, Vector]) -> None:
        """Keep vectors of titles and skills."""
        # Sorted, so that two batches that share names lock them in the same order.
        rows = [{"name": name, "vector": to_text(vectors[name])} for name in sorted(vectors)]
        if rows:
            await work.execute_many(_PUT_NAME, rows)

    async def names(self, reads: Reads, names: Sequence[str]) -> dict[str, Floats]:
        """Return the vectors of those of the names that are kept."""
        rows = await reads.fetch(_NAMES, names=list(names))
        return {row["name"]: from_bytes(row["vector"]) for row in rows}

    async def job(self, reads: Reads, job_id: str) -> tuple[KnownJob, Floats] | None:
        """Return an indexed job and its vector."""
        row = await reads.fetch_one(_JOBS, ids=[job_id])
        return (_job(row), from_bytes(row["vector"])) if row else None

    async def profile(self, reads: Reads, candidate_id: str) -> tuple[KnownProfile, Floats] | None:
        """Return an indexed profile and its vector."""
        row = await reads.fetch_one(_PROFILES, ids=[candidate_id])
        return (_profile(row), from_bytes(row["vector"])) if row else None

    async def jobs(self, reads: Reads, ids: Sequence[str]) -> dict[str, KnownJob]:
        """Return those of the jobs that are indexed."""
        return {row["job_id"]: _job(row) for row in await reads.fetch(_JOBS, ids=list(ids))}

    async def profiles(self, reads: Reads, ids: Sequence[str]) -> dict[str, KnownProfile]:
        """Return those of the profiles and prospects that are indexed."""
        rows = await reads.fetch(_PROFILES, ids=list(ids))
        return {row["candidate_id"]: _profile(row) for row in rows}


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
        "locale": job.locale,
        "salary": job.salary,
        "facts": job_to_json(job.facts),
        "text_hash": entry.text_hash,
        "vector": to_text(entry.vector),
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
        "locale": profile.locale,
        "skills": list(facts.skills),
        "facts": profile_to_json(facts),
        "text_hash": entry.text_hash,
        "vector": to_text(entry.vector),
        "title": facts.title,
        "skill_text": "; ".join(facts.skills),
        "text": " ".join(f"{held.title}. {held.description}" for held in facts.experiences),
        "words": entry.words,
    }


def _job(row: Row) -> KnownJob:
    return KnownJob(
        id=row["job_id"],
        version=row["version"],
        company_id=row["company_id"],
        open=row["open"],
        city=row["city"],
        facts=job_from_json(row["facts"]),
        locale=row["locale"],
        salary=row["salary"],
    )


def _profile(row: Row) -> KnownProfile:
    return KnownProfile(
        id=row["candidate_id"],
        version=row["version"],
        city=row["city"],
        facts=profile_from_json(row["facts"]),
        locale=row["locale"],
    )
