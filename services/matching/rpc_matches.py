"""MatchService: messages in, messages out."""

from __future__ import annotations

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from weneeds.matching.v1 import match_service_pb2 as pb
from weneeds.matching.v1 import score_pb2 as score_pb
from weneeds.matching.v1.match_service_pb2_grpc import MatchServiceServicer

from services.kit.paging import Page
from services.matching.app.matches import Match, Matches
from services.matching.domain import wording
from services.matching.rpc import RELIABILITY, dimensions_message, locale_of_call


class MatchRpc(MatchServiceServicer):
    """What rankings and scores told."""

    def __init__(self, matches: Matches) -> None:
        self._matches = matches

    async def GetMatch(self, request: pb.GetMatchRequest, context: Any) -> pb.GetMatchResponse:
        """See the contract."""
        found = await self._matches.get(request.job_id, request.candidate_id)
        return pb.GetMatchResponse(match=_message(found, locale_of_call()))

    async def ListMatches(
        self, request: pb.ListMatchesRequest, context: Any
    ) -> pb.ListMatchesResponse:
        """See the contract."""
        page = Page.of(request, keys=(int, str))
        found = await self._matches.page(request.job_id, page)
        shown, locale = found.rows[: page.size], locale_of_call()
        key = (shown[-1].final, shown[-1].candidate_id) if shown else ()
        return pb.ListMatchesResponse(
            matches=[_message(match, locale) for match in shown],
            next_page_token=page.next_token(found.rows, key),
            total_size=found.total,
        )


def _message(match: Match, locale: str) -> pb.Match:
    stamp = Timestamp()
    stamp.FromDatetime(match.updated_at)
    placed = match.placed
    return pb.Match(
        job_id=match.job_id,
        candidate_id=match.candidate_id,
        job_version=match.job_version,
        profile_version=match.profile_version,
        score=score_pb.Score(
            final_score=match.final,
            dimensions=dimensions_message(match.dimensions),
            reliability=RELIABILITY[match.reliability],
            reasons=[wording.sentence(reason, locale) for reason in match.reasons],
        ),
        rank_score_micros=placed.fused.rank if placed else 0,
        explanation=wording.explanation(placed.fused, placed.profile, locale) if placed else "",
        updated_at=stamp,
    )
