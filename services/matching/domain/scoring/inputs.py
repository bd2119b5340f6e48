"""The facts as canonical JSON and back: the bytes that a receipt is hashed over."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.matching.domain.scoring.facts import (
    Experience,
    JobFacts,
    Language,
    Month,
    ProfileFacts,
)

Json = dict[str, Any]


def canonical(value: object) -> str:
    """Writes JSON with sorted keys, no spaces and characters as they are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def write_inputs(job: JobFacts, profile: ProfileFacts, today: date) -> str:
    """Returns everything that the score is computed from, as canonical JSON."""
    return canonical(
        {"job": job_to_json(job), "profile": profile_to_json(profile), "today": today.isoformat()}
    )


def read_inputs(inputs: str) -> tuple[JobFacts, ProfileFacts, date]:
    """The reverse of `write_inputs`; raises ValueError or KeyError for anything else."""
    value = json.loads(inputs)
    job, profile = job_from_json(value["job"]), profile_from_json(value["profile"])
    return job, profile, date.fromisoformat(value["today"])


def job_to_json(job: JobFacts) -> Json:
    """A job as plain JSON values."""
    return {
        "contract": job.contract,
        "description": job.description,
        "languages": _languages(job.languages),
        "min_experience_years": job.min_experience_years,
        "skills": list(job.skills),
        "title": job.title,
    }


def job_from_json(value: Mapping[str, Any]) -> JobFacts:
    """The reverse of `job_to_json`."""
    return JobFacts(
        title=value["title"],
        description=value["description"],
        skills=tuple(value["skills"]),
        languages=_read_languages(value["languages"]),
        contract=value["contract"],
        min_experience_years=int(value["min_experience_years"]),
    )


def profile_to_json(profile: ProfileFacts) -> Json:
    """A profile as plain JSON values."""
    return {
        "contracts": list(profile.contracts),
        "experiences": [
            {
                "contract": held.contract,
                "description": held.description,
                "end": str(held.end) if held.end else None,
                "start": str(held.start) if held.start else None,
                "title": held.title,
            }
            for held in profile.experiences
        ],
        "languages": _languages(profile.languages),
        "skills": list(profile.skills),
        "title": profile.title,
    }


def profile_from_json(value: Mapping[str, Any]) -> ProfileFacts:
    """The reverse of `profile_to_json`."""
    return ProfileFacts(
        title=value["title"],
        experiences=tuple(
            Experience(
                title=held["title"],
                start=Month.parse(held["start"]) if held["start"] else None,
                end=Month.parse(held["end"]) if held["end"] else None,
                contract=held["contract"],
                description=held["description"],
            )
            for held in value["experiences"]
        ),
        skills=tuple(value["skills"]),
        languages=_read_languages(value["languages"]),
        contracts=tuple(value["contracts"]),
    )


def _languages(languages: Sequence[Language]) -> list[Json]:
    return [{"code": spoken.code, "level": spoken.level} for spoken in languages]


def _read_languages(values: Sequence[Mapping[str, str]]) -> tuple[Language, ...]:
    return tuple(Language(code=value["code"], level=value["level"]) for value in values)
