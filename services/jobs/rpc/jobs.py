"""JobService on the wire."""

from __future__ import annotations

from typing import Any

from weneeds.jobs.v1 import job_pb2
from weneeds.jobs.v1 import job_service_pb2 as pb
from weneeds.jobs.v1.job_service_pb2_grpc import JobServiceServicer

from services.jobs.app.jobs import Jobs
from services.jobs.domain.jobs import Job, JobStatus
from services.jobs.rpc.changes import job_changes, job_fields
from services.jobs.rpc.messages import job_message
from services.kit.call import current_user
from services.kit.paging import Listing, Page
from services.kit.times import to_micros

_KEYS = (int, str)


class JobRpc(JobServiceServicer):
    """Turns messages into calls of Jobs and back."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def CreateJob(self, request: pb.CreateJobRequest, context: Any) -> pb.CreateJobResponse:
        """See the contract."""
        job = await self._jobs.create(current_user(), job_fields(request.job))
        return pb.CreateJobResponse(job=job_message(job))

    async def GetJob(self, request: pb.GetJobRequest, context: Any) -> pb.GetJobResponse:
        """See the contract."""
        job = await self._jobs.get(current_user(), request.job_id)
        return pb.GetJobResponse(job=job_message(job))

    async def ListJobs(self, request: pb.ListJobsRequest, context: Any) -> pb.ListJobsResponse:
        """See the contract."""
        page = Page.of(request, keys=_KEYS)
        jobs, token, total = _page(page, await self._jobs.list_open(page))
        return pb.ListJobsResponse(jobs=jobs, next_page_token=token, total_size=total)

    async def ListCompanyJobs(
        self, request: pb.ListCompanyJobsRequest, context: Any
    ) -> pb.ListCompanyJobsResponse:
        """See the contract."""
        page = Page.of(request, keys=_KEYS)
        status = JobStatus(request.status) if request.status else None
        listing = await self._jobs.list_company(page, request.company_id, status)
        jobs, token, total = _page(page, listing)
        return pb.ListCompanyJobsResponse(jobs=jobs, next_page_token=token, total_size=total)

    async def UpdateJob(self, request: pb.UpdateJobRequest, context: Any) -> pb.UpdateJobResponse:
        """See the contract."""
        changes = job_changes(request.job, request.update_mask.paths)
        job = await self._jobs.update(request.job.id, changes, request.job.version)
        return pb.UpdateJobResponse(job=job_message(job))

    async def PublishJob(
        self, request: pb.PublishJobRequest, context: Any
    ) -> pb.PublishJobResponse:
        """See the contract."""
        return pb.PublishJobResponse(job=job_message(await self._jobs.publish(request.job_id)))

    async def CloseJob(self, request: pb.CloseJobRequest, context: Any) -> pb.CloseJobResponse:
        """See the contract."""
        return pb.CloseJobResponse(job=job_message(await self._jobs.close(request.job_id)))

    async def DeleteJob(self, request: pb.DeleteJobRequest, context: Any) -> pb.DeleteJobResponse:
        """See the contract."""
        await self._jobs.delete(request.job_id)
        return pb.DeleteJobResponse()


def _page(page: Page, listing: Listing[Job]) -> tuple[list[job_pb2.Job], str, int]:
    shown = listing.rows[: page.size]
    token = ""
    if shown:
        last = shown[-1]
        token = page.next_token(listing.rows, (to_micros(last.created_at), last.id))
    return [job_message(job) for job in shown], token, listing.total
