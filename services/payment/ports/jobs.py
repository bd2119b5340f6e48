"""The jobs service, asked directly."""

from __future__ import annotations

import grpc.aio
from weneeds.jobs.v1.facts_service_pb2 import GetJobRefRequest
from weneeds.jobs.v1.facts_service_pb2_grpc import FactsServiceStub

from services.kit.errors import DependencyDown
from services.payment.domain.jobs import JobRef


class JobsService:
    """Asks `FactsService`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = FactsServiceStub(channel)

    async def job_ref(self, job_id: str) -> JobRef | None:
        """Ask whose a job is; None when there is no such job. Raises DependencyDown."""
        try:
            answer = await self._stub.GetJobRef(GetJobRefRequest(job_id=job_id))
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return None
            raise DependencyDown(dependency="jobs") from error
        return JobRef(
            job_id=job_id,
            company_id=answer.company_id,
            recruiter_id=answer.recruiter_id,
            title=answer.title,
            premium=answer.premium,
        )
