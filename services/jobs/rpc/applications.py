"""ApplicationService on the wire."""

from __future__ import annotations

from typing import Any

from weneeds.jobs.v1 import application_service_pb2 as pb
from weneeds.jobs.v1.application_service_pb2_grpc import ApplicationServiceServicer

from services.jobs.app.applications import Applications
from services.jobs.domain.applications import ApplicationStatus, InterviewOutcome, Meeting
from services.jobs.rpc.messages import application_message, write_applications
from services.kit.call import current_user
from services.kit.db import Row
from services.kit.paging import Listing, Page
from services.kit.times import to_datetime, to_micros

_KEYS = (int, str)


class ApplicationRpc(ApplicationServiceServicer):
    """Turns messages into calls of Applications and back."""

    def __init__(self, applications: Applications) -> None:
        self._applications = applications

    async def Apply(self, request: pb.ApplyRequest, context: Any) -> pb.ApplyResponse:
        """See the contract."""
        row = await self._applications.apply(current_user(), request.job_id)
        return pb.ApplyResponse(application=application_message(row))

    async def ListApplications(
        self, request: pb.ListApplicationsRequest, context: Any
    ) -> pb.ListApplicationsResponse:
        """See the contract."""
        page = Page.of(request, keys=_KEYS)
        listing = await self._applications.list_company(
            page, request.company_id, request.job_id, _status(request.status)
        )
        response = pb.ListApplicationsResponse()
        _write_page(response, page, listing)
        return response

    async def ListMyApplications(
        self, request: pb.ListMyApplicationsRequest, context: Any
    ) -> pb.ListMyApplicationsResponse:
        """See the contract."""
        page = Page.of(request, keys=_KEYS)
        listing = await self._applications.list_mine(page, current_user())
        response = pb.ListMyApplicationsResponse()
        _write_page(response, page, listing)
        return response

    async def GetApplication(
        self, request: pb.GetApplicationRequest, context: Any
    ) -> pb.GetApplicationResponse:
        """See the contract."""
        row = await self._applications.get(request.application_id)
        return pb.GetApplicationResponse(application=application_message(row))

    async def MoveApplication(
        self, request: pb.MoveApplicationRequest, context: Any
    ) -> pb.MoveApplicationResponse:
        """See the contract."""
        to = ApplicationStatus(request.status)
        row = await self._applications.move(request.application_id, to)
        return pb.MoveApplicationResponse(application=application_message(row))

    async def WithdrawApplication(
        self, request: pb.WithdrawApplicationRequest, context: Any
    ) -> pb.WithdrawApplicationResponse:
        """See the contract."""
        row = await self._applications.withdraw(request.application_id)
        return pb.WithdrawApplicationResponse(application=application_message(row))

    async def ScheduleMeeting(
        self, request: pb.ScheduleMeetingRequest, context: Any
    ) -> pb.ScheduleMeetingResponse:
        """See the contract."""
        meeting = Meeting(
            id=self._applications.new_meeting_id(),
            starts_at=to_datetime(request.starts_at),
            duration_minutes=request.duration_minutes,
            place=request.place,
        )
        row = await self._applications.schedule(current_user(), request.application_id, meeting)
        return pb.ScheduleMeetingResponse(application=application_message(row))

    async def RecordInterview(
        self, request: pb.RecordInterviewRequest, context: Any
    ) -> pb.RecordInterviewResponse:
        """See the contract."""
        outcome = InterviewOutcome(request.outcome)
        row = await self._applications.interview(current_user(), request.application_id, outcome)
        return pb.RecordInterviewResponse(application=application_message(row))


def _status(number: int) -> ApplicationStatus | None:
    return ApplicationStatus(number) if number else None


def _write_page(
    response: pb.ListApplicationsResponse | pb.ListMyApplicationsResponse,
    page: Page,
    listing: Listing[Row],
) -> None:
    response.total_size = listing.total
    shown = listing.rows[: page.size]
    if not shown:
        return
    last = shown[-1]
    key = (to_micros(last["created_at"]), last["id"])
    response.next_page_token = page.next_token(listing.rows, key)
    write_applications(response.applications, shown)
