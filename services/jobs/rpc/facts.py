"""FactsService on the wire: what other services may read."""

from __future__ import annotations

from typing import Any

from weneeds.jobs.v1 import facts_service_pb2 as pb
from weneeds.jobs.v1.facts_service_pb2_grpc import FactsServiceServicer

from services.jobs.app.stores import CandidateStore, JobStore
from services.jobs.domain.candidates import Experience, Profile
from services.jobs.domain.errors import JobNotFound
from services.jobs.rpc.messages import date_message, job_message, languages_message


class FactsRpc(FactsServiceServicer):
    """Reads jobs and profiles for other services."""

    def __init__(self, jobs: JobStore, candidates: CandidateStore) -> None:
        self._jobs = jobs
        self._candidates = candidates

    async def GetJobRef(self, request: pb.GetJobRefRequest, context: Any) -> pb.GetJobRefResponse:
        """See the contract."""
        job = await self._jobs.get(request.job_id)
        if job is None:
            raise JobNotFound(job_id=request.job_id)
        return pb.GetJobRefResponse(
            company_id=job.company_id,
            premium=job.premium,
            recruiter_id=job.recruiter_id,
            title=job.title,
        )

    async def ListJobFacts(
        self, request: pb.ListJobFactsRequest, context: Any
    ) -> pb.ListJobFactsResponse:
        """See the contract."""
        jobs = await self._jobs.many(request.job_ids)
        return pb.ListJobFactsResponse(jobs=[job_message(job) for job in jobs])

    async def ListProfileFacts(
        self, request: pb.ListProfileFactsRequest, context: Any
    ) -> pb.ListProfileFactsResponse:
        """See the contract."""
        profiles = await self._candidates.many(request.candidate_ids)
        return pb.ListProfileFactsResponse(profiles=[_profile(p) for p in profiles])


def _profile(profile: Profile) -> pb.ProfileFacts:
    return pb.ProfileFacts(
        candidate_id=profile.candidate_id,
        version=profile.version,
        title=profile.title,
        experiences=[_experience(held) for held in profile.experiences],
        skills=profile.skills,
        languages=languages_message(profile.languages),
        contract_types=profile.contract_types,  # type: ignore[arg-type]
        locale=profile.locale,
        city=profile.city,
    )


def _experience(held: Experience) -> pb.ExperienceFacts:
    return pb.ExperienceFacts(
        title=held.title,
        start=date_message(held.start),
        end=date_message(held.end) if held.end else None,
        contract_type=held.contract_type,  # type: ignore[arg-type]
        description=held.description,
    )
