"""Ten thousand fictitious applications, written straight into the database of the jobs service."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import asyncpg

JOBS = 50
CANDIDATES = 2_000
APPLICATIONS = 10_000
# One application in four has a meeting.
_MEETINGS_EACH = 4
_START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
_CITIES = ("Paris", "Lyon", "Lille", "Nantes", "Marseille", "Toulouse")
_TITLES = ("Développeuse Python", "Ingénieur données", "Cheffe de projet", "Comptable", "Soudeur")
_TEXT = "Texte fictif pour une mesure. " * 40


async def seed(admin_url: str, company_id: str, recruiter_id: str) -> None:
    """Write jobs of one company, candidates and their applications. The same at every run."""
    random = Random(11)
    jobs = [_id(random) for _ in range(JOBS)]
    people = [_id(random) for _ in range(CANDIDATES)]
    connection = await asyncpg.connect(f"{admin_url}?search_path=jobs")
    try:
        await connection.set_type_codec(
            "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads
        )
        await _copy(connection, "companies", [{"id": company_id, "name": "Fictive SARL"}])
        await _copy(
            connection, "jobs", [_job(i, j, company_id, recruiter_id) for i, j in enumerate(jobs)]
        )
        await _copy(connection, "people", [_person(i, p) for i, p in enumerate(people)])
        await _copy(connection, "candidates", [_candidate(i, p) for i, p in enumerate(people)])
        applications = _applications(random, jobs, people, company_id)
        await _copy(connection, "applications", applications)
        meetings = [_meeting(random, a) for a in applications[::_MEETINGS_EACH]]
        await _copy(connection, "meetings", meetings)
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


async def seed_people(admin_url: str, count: int, password_hash: str) -> list[str]:
    """Write people with one password into the auth service's database; return their e-mails."""
    emails = [f"bench-{uuid.uuid4()}@example.org" for _ in range(count)]
    people = [
        {
            "id": str(uuid.uuid4()),
            "email": email,
            "first_name": "Fictive",
            "last_name": "Personne",
            "role": "CANDIDATE",
            "status": "ACTIVE",
            "locale": "fr",
            "password_hash": password_hash,
            "created_at": _START,
        }
        for email in emails
    ]
    connection = await asyncpg.connect(f"{admin_url}?search_path=auth")
    try:
        await _copy(connection, "users", people)
    finally:
        await connection.close()
    return emails


async def _copy(connection: Any, table: str, rows: list[dict[str, Any]]) -> None:
    """Insert rows that may be there already, as the mesh's own projections may write them."""
    names = list(rows[0])
    places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    sql = f"insert into {table} ({', '.join(names)}) values ({places}) on conflict do nothing"
    await connection.executemany(sql, [tuple(row.values()) for row in rows])


def _applications(
    random: Random, jobs: list[str], people: list[str], company_id: str
) -> list[dict[str, Any]]:
    pairs = random.sample(range(len(jobs) * len(people)), APPLICATIONS)
    return [
        {
            "id": _id(random),
            "job_id": jobs[pair // len(people)],
            "company_id": company_id,
            "candidate_id": people[pair % len(people)],
            "status": 1 + number % 5,
            "matching_score": number % 101,
            "receipt_id": _id(random),
            "created_at": _START + timedelta(seconds=37 * number, microseconds=number),
        }
        for number, pair in enumerate(pairs)
    ]


def _job(number: int, job_id: str, company_id: str, recruiter_id: str) -> dict[str, Any]:
    return {
        "id": job_id,
        "company_id": company_id,
        "recruiter_id": recruiter_id,
        "title": f"{_TITLES[number % len(_TITLES)]} {number}",
        "description": _TEXT,
        "skills": ["Python", "SQL"],
        "contract_type": 1,
        "city": _CITIES[number % len(_CITIES)],
        "min_experience_years": 2,
        "languages": [],
        "locale": "fr",
        "premium": False,
        "status": 2,
        "version": 1,
        "created_at": _START,
        "published_at": _START,
    }


def _person(number: int, user_id: str) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "email": f"fictive.{number}@example.org",
        "first_name": f"Fictive{number}",
    }


def _candidate(number: int, user_id: str) -> dict[str, Any]:
    return {
        "id": user_id,
        "title": _TITLES[number % len(_TITLES)],
        "summary": _TEXT,
        "experiences": [],
        "skills": ["Python"],
        "languages": [],
        "city": _CITIES[number % len(_CITIES)],
        "postal_code": "75011",
        "country": "FR",
        "contract_types": [1],
        "locale": "fr",
        "version": 1,
        "updated_at": _START,
    }


def _meeting(random: Random, application: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": _id(random),
        "application_id": application["id"],
        "starts_at": application["created_at"] + timedelta(days=7),
        "duration_minutes": 45,
        "place": "12 rue Fictive, Paris",
    }


def _id(random: Random) -> str:
    return str(uuid.UUID(int=random.getrandbits(128), version=4))
