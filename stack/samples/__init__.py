"""Sample companies, job ads and candidates for the demo and the tests.

Everybody and everything here is fictitious. The data are YAML files beside this
module; loading turns them into messages of the contract and checks them against
its rules.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import protovalidate
import yaml
from google.protobuf.message import Message
from google.type.date_pb2 import Date
from weneeds import euros
from weneeds.jobs.v1.candidate_pb2 import Address, Experience, Profile
from weneeds.jobs.v1.job_pb2 import ContractType, Job, LanguageLevel, LanguageSkill

_HERE = Path(__file__).parent
MessageT = TypeVar("MessageT", bound=Message)


class SampleInvalid(ValueError):
    """A sample breaks a rule of the contract, or names what there is not."""


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """Somebody who can register."""

    email: str
    first_name: str
    last_name: str
    # "fr" or "en".
    locale: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class SampleCompany:
    """An employer, who recruits for it, and who helps."""

    key: str
    name: str
    siret: str
    city: str
    recruiter: SamplePerson
    collaborator: SamplePerson
    # The collaborator's company role, without prefix: "VIEWER".
    collaborator_role: str


@dataclass(frozen=True, slots=True)
class SampleJob:
    """A job ad; the message has neither id nor company id."""

    key: str
    company_key: str
    job: Job


@dataclass(frozen=True, slots=True)
class SampleCandidate:
    """A candidate with a profile, and the job keys that it fits well or nearly."""

    person: SamplePerson
    profile: Profile
    fits: frozenset[str]
    near: frozenset[str]


@cache
def companies() -> tuple[SampleCompany, ...]:
    """Return the employers. Raises SampleInvalid."""
    return tuple(_company(entry) for entry in _read("companies.yaml"))


@cache
def jobs() -> tuple[SampleJob, ...]:
    """Return the job ads of all employers. Raises SampleInvalid."""
    return tuple(
        SampleJob(entry["key"], company.key, _checked(_job(entry)))
        for company in companies()
        for entry in _read(f"jobs/{company.key}.yaml")
    )


@cache
def candidates() -> tuple[SampleCandidate, ...]:
    """Return the candidates, by file and then in the order written. Raises SampleInvalid."""
    known = {sample.key for sample in jobs()}
    found = tuple(
        _candidate(entry)
        for path in sorted(_HERE.glob("profiles/*.yaml"))
        for entry in _read(f"profiles/{path.name}")
    )
    for candidate in found:
        if unknown := (candidate.fits | candidate.near) - known:
            raise SampleInvalid(f"{candidate.person.email}: no job {', '.join(sorted(unknown))}")
    return found


def _read(name: str) -> Iterator[dict[str, Any]]:
    entries: list[dict[str, Any]] = yaml.safe_load((_HERE / name).read_text(encoding="utf-8"))
    return iter(entries)


def _checked(message: MessageT) -> MessageT:
    """Return the message if it keeps the rules of the contract; raise SampleInvalid."""
    try:
        protovalidate.validate(message)
    except protovalidate.ValidationError as error:
        raise SampleInvalid(f"{message}: {error}") from error
    return message


def _company(entry: Mapping[str, Any]) -> SampleCompany:
    helper = entry["collaborator"]
    return SampleCompany(
        key=entry["key"],
        name=entry["name"],
        siret=entry["siret"],
        city=entry["city"],
        recruiter=_person(entry["recruiter"], "example.com"),
        collaborator=_person(helper, "example.com"),
        collaborator_role=helper["role"],
    )


def _person(entry: Mapping[str, Any], domain: str) -> SamplePerson:
    first, last = entry["first_name"], entry["last_name"]
    return SamplePerson(f"{_plain(first)}.{_plain(last)}@{domain}", first, last, entry["locale"])


def _plain(name: str) -> str:
    """Return the name as it can stand in an address: "Da Costa" is "da-costa"."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return letters.lower().replace(" ", "-").replace("'", "")


def _job(entry: Mapping[str, Any]) -> Job:
    low, high = entry["salary"]
    return Job(
        title=entry["title"],
        description=entry["description"],
        skills=entry["skills"],
        contract_type=_contract(entry["contract"]),
        city=entry["city"],
        min_experience_years=entry["years"],
        languages=_languages(entry["languages"]),
        locale=entry["locale"],
        salary_min=euros(low),
        salary_max=euros(high),
    )


def _candidate(entry: Mapping[str, Any]) -> SampleCandidate:
    profile = Profile(
        title=entry["title"],
        summary=entry["summary"],
        experiences=[_experience(each) for each in entry["experiences"]],
        skills=entry["skills"],
        languages=_languages(entry["languages"]),
        address=Address(city=entry["city"], postal_code=entry["postal_code"], country="FR"),
        contract_types=[_contract(name) for name in entry["contracts"]],
        locale=entry["locale"],
    )
    return SampleCandidate(
        person=_person(entry, "example.org"),
        profile=_checked(profile),
        fits=frozenset(entry.get("fits", ())),
        near=frozenset(entry.get("near", ())),
    )


def _experience(entry: Mapping[str, Any]) -> Experience:
    return Experience(
        title=entry["title"],
        company=entry["company"],
        start=_month(entry["start"]),
        end=_month(entry["end"]) if "end" in entry else None,
        contract_type=_contract(entry["contract"]),
        description=entry["description"],
    )


def _month(text: str) -> Date:
    year, month = text.split("-")
    return Date(year=int(year), month=int(month))


def _contract(name: str) -> ContractType.ValueType:
    return ContractType.Value(f"CONTRACT_TYPE_{name}")


def _languages(levels: Mapping[str, str]) -> list[LanguageSkill]:
    return [
        LanguageSkill(code=code, level=LanguageLevel.Value(f"LANGUAGE_LEVEL_{level}"))
        for code, level in levels.items()
    ]
