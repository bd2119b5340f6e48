"""From an update mask to the domain fields that change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from weneeds.jobs.v1 import candidate_pb2, job_pb2

from services.jobs.domain.errors import MaskPath
from services.jobs.rpc.messages import experience_of, languages_of
from services.kit.chain.validation import check
from services.kit.errors import InvalidFields
from services.kit.money import NotMicroEuros, to_micros

_JOB_PATHS = frozenset(
    ("title", "description", "skills", "contract_type", "city", "min_experience_years",
     "languages", "locale", "premium", "salary_min", "salary_max")
)  # fmt: skip
# What a message needs to be valid where the mask leaves it out.
_VALID_JOB = {"title": "---", "description": "-" * 20}
_VALID_PROFILE = {"title": "---"}


def job_fields(job: job_pb2.Job) -> dict[str, Any]:
    """Return the domain fields of a new job; raise InvalidFields without a company."""
    if not job.company_id:
        raise InvalidFields([("job.company_id", "must be set")])
    return {"company_id": job.company_id, **_job_changes(job, _JOB_PATHS, "job.")}


def job_changes(job: job_pb2.Job, paths: Iterable[str]) -> dict[str, Any]:
    """Return what the mask changes; raise MaskPath and InvalidFields."""
    wanted = _checked(job, paths, _JOB_PATHS, _VALID_JOB, "job.")
    return _job_changes(job, wanted, "job.")


def profile_changes(profile: candidate_pb2.Profile, paths: Iterable[str]) -> dict[str, Any]:
    """Return what the mask changes; raise MaskPath and InvalidFields."""
    wanted = _checked(profile, paths, frozenset(_PROFILE_CHANGES), _VALID_PROFILE, "profile.")
    changes: dict[str, Any] = {}
    for path in wanted:
        changes.update(_PROFILE_CHANGES[path](profile))
    return changes


def _checked(
    message: Any,
    paths: Iterable[str],
    allowed: frozenset[str],
    valid: Mapping[str, Any],
    prefix: str,
) -> list[str]:
    wanted = list(dict.fromkeys(paths))
    for path in wanted:
        if path not in allowed:
            raise MaskPath(path=path, field="update_mask")
    masked = type(message)(**valid)
    for path in wanted:
        masked.ClearField(path)
    partial = type(message)()
    partial.CopyFrom(message)
    for field, _ in message.ListFields():
        if field.name not in wanted:
            partial.ClearField(field.name)
    masked.MergeFrom(partial)
    check(masked, prefix)
    return wanted


def _job_changes(job: job_pb2.Job, paths: Iterable[str], prefix: str) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for path in paths:
        if path == "skills":
            changes[path] = tuple(job.skills)
        elif path == "languages":
            changes[path] = languages_of(job.languages)
        elif path in ("salary_min", "salary_max"):
            changes[path] = _salary(job, path, prefix)
        elif path == "locale":
            changes[path] = job.locale or "fr"
        else:
            changes[path] = getattr(job, path)
    return changes


def _salary(job: job_pb2.Job, path: str, prefix: str) -> int | None:
    if not job.HasField(path):  # type: ignore[arg-type]
        return None
    try:
        micros = to_micros(getattr(job, path))
    except NotMicroEuros as error:
        raise InvalidFields([(prefix + path, "must be an amount in EUR")]) from error
    if micros < 0:
        raise InvalidFields([(prefix + path, "must not be negative")])
    return micros


def _address(profile: candidate_pb2.Profile) -> dict[str, Any]:
    address = profile.address
    return {
        "city": address.city,
        "postal_code": address.postal_code,
        "country": address.country or "FR",
    }


_PROFILE_CHANGES: Mapping[str, Callable[[candidate_pb2.Profile], dict[str, Any]]] = {
    "title": lambda profile: {"title": profile.title},
    "summary": lambda profile: {"summary": profile.summary},
    "experiences": lambda profile: {
        "experiences": tuple(experience_of(e) for e in profile.experiences)
    },
    "skills": lambda profile: {"skills": tuple(profile.skills)},
    "languages": lambda profile: {"languages": languages_of(profile.languages)},
    "address": _address,
    "contract_types": lambda profile: {"contract_types": tuple(profile.contract_types)},
    "locale": lambda profile: {"locale": profile.locale or "fr"},
}
