"""The jobs service, asked for facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import grpc.aio
from google.type.date_pb2 import Date
from weneeds.jobs.v1 import facts_service_pb2 as pb
from weneeds.jobs.v1.facts_service_pb2_grpc import FactsServiceStub
from weneeds.jobs.v1.job_pb2 import (
    JOB_STATUS_OPEN,
    ContractType,
    Job,
    LanguageLevel,
    LanguageSkill,
)

from services.kit.errors import DependencyDown
from services.matching.app.ports import KnownJob, KnownProfile
from services.matching.domain.scoring.facts import (
    Experience,
    JobFacts,
    Language,
    Month,
    ProfileFacts,
)

_AT_ONCE = 200
_MOST_EUROS = 10_000_000


class JobsFacts:
    """Asks `FactsService`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = FactsServiceStub(channel)

    async def jobs(self, ids: Sequence[str]) -> list[KnownJob]:
        """Return those of the jobs that exist. Raises DependencyDown."""
        found: list[KnownJob] = []
        for some in _portions(ids):
            try:
                answer = await self._stub.ListJobFacts(pb.ListJobFactsRequest(job_ids=some))
            except grpc.aio.AioRpcError as error:
                raise DependencyDown(dependency="jobs") from error
            found += map(read_job, answer.jobs)
        return found

    async def profiles(self, ids: Sequence[str]) -> list[KnownProfile]:
        """Return those of the profiles that exist. Raises DependencyDown."""
        found: list[KnownProfile] = []
        for some in _portions(ids):
            request = pb.ListProfileFactsRequest(candidate_ids=some)
            try:
                answer = await self._stub.ListProfileFacts(request)
            except grpc.aio.AioRpcError as error:
                raise DependencyDown(dependency="jobs") from error
            found += map(read_profile, answer.profiles)
        return found

    async def company_of(self, job_id: str) -> str | None:
        """Return whose a job is; None when there is no such job. Raises DependencyDown."""
        try:
            answer = await self._stub.GetJobRef(pb.GetJobRefRequest(job_id=job_id))
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return None
            raise DependencyDown(dependency="jobs") from error
        return answer.company_id


def read_job(job: Job) -> KnownJob:
    """Turn the message into what matching may know."""
    return KnownJob(
        id=job.id,
        version=job.version,
        company_id=job.company_id,
        open=job.status == JOB_STATUS_OPEN,
        city=job.city,
        facts=JobFacts(
            title=job.title,
            description=job.description,
            skills=tuple(job.skills),
            languages=_languages(job.languages),
            contract=_contract(job.contract_type),
            min_experience_years=job.min_experience_years,
        ),
        locale=job.locale,
        salary=_euros(job),
    )


def read_profile(profile: pb.ProfileFacts) -> KnownProfile:
    """Turn the message into what matching may know."""
    return KnownProfile(
        id=profile.candidate_id,
        version=profile.version,
        city=profile.city,
        facts=ProfileFacts(
            title=profile.title,
            experiences=tuple(map(_experience, profile.experiences)),
            skills=tuple(profile.skills),
            languages=_languages(profile.languages),
            contracts=tuple(map(_contract, profile.contract_types)),
        ),
        locale=profile.locale,
    )


def _euros(job: Job) -> int:
    """The upper end of the pay, the lower one where it stands alone; only euros are compared."""
    told = job.salary_max if job.HasField("salary_max") else job.salary_min
    return min(max(told.units, 0), _MOST_EUROS) if told.currency_code == "EUR" else 0


def _experience(held: pb.ExperienceFacts) -> Experience:
    return Experience(
        title=held.title,
        start=_month(held.start) if held.HasField("start") else None,
        end=_month(held.end) if held.HasField("end") else None,
        contract=_contract(held.contract_type),
        description=held.description,
    )


def _month(date: Date) -> Month | None:
    """A year without a month counts from its January; no year is no date."""
    return Month(date.year, max(1, date.month)) if date.year else None


def _contract(number: int) -> str:
    name = ContractType.Name(number) if number in ContractType.values() else ""  # type: ignore[arg-type]
    return name.removeprefix("CONTRACT_TYPE_") if number else ""


def _languages(spoken: Iterable[LanguageSkill]) -> tuple[Language, ...]:
    return tuple(Language(one.code, _level(one.level)) for one in spoken)


def _level(number: int) -> str:
    if not number or number not in LanguageLevel.values():
        return ""
    return LanguageLevel.Name(number).removeprefix("LANGUAGE_LEVEL_")  # type: ignore[arg-type]


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
