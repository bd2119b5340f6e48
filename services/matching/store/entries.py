"""Rows of the index as entries of a search."""

from __future__ import annotations

from services.kit.db import Row
from services.matching.domain.scoring.inputs import job_from_json, profile_from_json
from services.matching.domain.search.entry import (
    Entry,
    job_terms,
    months_held,
    profile_terms,
    profile_titles,
)
from services.matching.domain.search.facets import CANDIDATE, PROSPECT, Facets
from services.matching.domain.search.texts import plain_title, tokens
from services.matching.store.vectors import from_bytes

_MAX_SKILLS = 60


def profile_entry(row: Row, now: int) -> Entry:
    """A profile or a prospect; `now` is the month up to which work that lasts is counted."""
    facts = profile_from_json(row["facts"])
    company = row["company_id"]
    return Entry(
        id=row["id"],
        version=row["version"],
        language=row["locale"],
        titles=profile_titles(facts),
        skills=facts.skills[:_MAX_SKILLS],
        tokens=tokens(profile_terms(facts)),
        vector=from_bytes(row["vector"]),
        facets=Facets(
            city=row["city"],
            contracts=facts.contracts,
            languages=facts.languages,
            months=months_held(facts, now),
            salary=row["salary"],
            available=row["available"],
            groups=frozenset({CANDIDATE} if company is None else {PROSPECT, company}),
        ),
    )


def job_entry(row: Row, now: int) -> Entry:
    """A job; it does not change with time."""
    facts = job_from_json(row["facts"])
    title = plain_title(facts.title)
    return Entry(
        id=row["id"],
        version=row["version"],
        language=row["locale"],
        titles=(title,) if title else (),
        skills=facts.skills[:_MAX_SKILLS],
        tokens=tokens(job_terms(facts)),
        vector=from_bytes(row["vector"]),
        facets=Facets(
            city=row["city"],
            contracts=(facts.contract,) if facts.contract else (),
            languages=facts.languages,
            months=12 * facts.min_experience_years,
            salary=row["salary"],
            groups=frozenset({row["company_id"]}),
        ),
    )
