"""Filters as messages and as the search knows them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from google.type.date_pb2 import Date
from weneeds.jobs.v1.job_pb2 import ContractType
from weneeds.matching.v1 import filter_pb2 as pb

from services.matching.domain.scoring.facts import Language
from services.matching.domain.search.facets import Filter

EPOCH = date(1970, 1, 1)
_DECEMBER, _LAST_DAY = 12, 28


def profile_filter(message: pb.ProfileFilter) -> Filter:
    """Read what profiles must be like."""
    return Filter(
        city=message.city,
        radius=message.radius_km,
        contracts=contracts(message.contract_types),
        languages=tuple(map(_language, message.languages)),
        skills=tuple(message.skills),
        salary_at_most=message.salary_at_most,
        available_by=day_number(message.available_by) if message.HasField("available_by") else 0,
    )


def job_filter(message: pb.JobFilter) -> Filter:
    """Read what jobs must be like."""
    return Filter(
        city=message.city,
        radius=message.radius_km,
        contracts=contracts(message.contract_types),
        skills=tuple(message.skills),
        salary_at_least=message.salary_at_least,
    )


def contracts(numbers: Iterable[ContractType.ValueType]) -> tuple[str, ...]:
    """Read kinds of contract."""
    return tuple(ContractType.Name(one).removeprefix("CONTRACT_TYPE_") for one in numbers)


def _language(text: str) -> Language:
    code, _, level = text.partition(":")
    return Language(code, level)


def day_number(told: Date) -> int:
    """Days since 1970; a date that is not one counts from the nearest day before that is."""
    year = min(max(told.year, EPOCH.year), date.max.year)
    month, day = min(max(told.month, 1), _DECEMBER), max(told.day, 1)
    try:
        meant = date(year, month, day)
    except ValueError:
        meant = date(year, month, _LAST_DAY)
    return (meant - EPOCH).days
