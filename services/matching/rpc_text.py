"""TextSearchService: messages in, messages out."""

from __future__ import annotations

from typing import Any

from weneeds.matching.v1 import text_search_service_pb2 as pb
from weneeds.matching.v1.text_search_service_pb2_grpc import TextSearchServiceServicer

from services.kit.paging import Page
from services.matching.app.text_search import TextSearch
from services.matching.rpc_filters import job_filter, profile_filter

_PAGE_SIZE = 50


class TextSearchRpc(TextSearchServiceServicer):
    """Search by words."""

    def __init__(self, search: TextSearch) -> None:
        self._search = search

    async def RankJobsByText(
        self, request: pb.RankJobsByTextRequest, context: Any
    ) -> pb.RankJobsByTextResponse:
        """Find open jobs."""
        page = Page.of(request, default=_PAGE_SIZE, keys=(int, str))
        found = await self._search.jobs(request.query, page, job_filter(request.filter))
        return pb.RankJobsByTextResponse(
            jobs=[
                pb.FoundJob(job_id=job.id, title=job.facts.title, city=job.city)
                for job in found.found
            ],
            next_page_token=found.next_token,
            total_size=found.total,
        )

    async def RankCandidatesByText(
        self, request: pb.RankCandidatesByTextRequest, context: Any
    ) -> pb.RankCandidatesByTextResponse:
        """Find candidates."""
        page = Page.of(request, default=_PAGE_SIZE, keys=(int, str))
        wanted = profile_filter(request.filter)
        found = await self._search.candidates(request.query, page, wanted)
        return pb.RankCandidatesByTextResponse(
            candidates=[
                pb.FoundCandidate(
                    candidate_id=one.id,
                    title=one.facts.title,
                    city=one.city,
                    skills=one.facts.skills,
                )
                for one in found.found
            ],
            next_page_token=found.next_token,
            total_size=found.total,
        )
