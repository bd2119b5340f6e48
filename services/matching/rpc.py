"""RankingService: messages in, messages out."""

from __future__ import annotations

from typing import Any

from weneeds.matching.v1 import ranking_service_pb2 as ranking_pb
from weneeds.matching.v1 import score_pb2 as score_pb
from weneeds.matching.v1.ranking_service_pb2_grpc import RankingServiceServicer

from services.kit.call import current_call, current_user
from services.kit.paging import Page
from services.matching.app.ranking import Ranked, RankedPage, Ranking
from services.matching.domain import wording
from services.matching.domain.scoring.completeness import Reliability
from services.matching.domain.scoring.score import Dimensions, Score
from services.matching.rpc_filters import job_filter, profile_filter

_PAGE_SIZE = 50
RELIABILITY = {
    Reliability.LOW: score_pb.RELIABILITY_LOW,
    Reliability.MEDIUM: score_pb.RELIABILITY_MEDIUM,
    Reliability.HIGH: score_pb.RELIABILITY_HIGH,
}


class RankingRpc(RankingServiceServicer):
    """Ranked candidates and jobs."""

    def __init__(self, ranking: Ranking) -> None:
        self._ranking = ranking

    async def RankCandidates(
        self, request: ranking_pb.RankCandidatesRequest, context: Any
    ) -> ranking_pb.RankCandidatesResponse:
        """Rank the candidates for a job."""
        page = Page.of(request, default=_PAGE_SIZE, keys=(int, str))
        found = await self._ranking.candidates(request.job_id, page, profile_filter(request.filter))
        return ranking_pb.RankCandidatesResponse(
            candidates=[
                ranking_pb.RankedCandidate(candidate_id=hit.id, **_hit(hit, found))
                for hit in found.hits
            ],
            next_page_token=found.next_token,
            total_size=found.total,
            profile=str(found.profile),
        )

    async def RankProspects(
        self, request: ranking_pb.RankProspectsRequest, context: Any
    ) -> ranking_pb.RankProspectsResponse:
        """Rank the company's prospects for a job."""
        page = Page.of(request, default=_PAGE_SIZE, keys=(int, str))
        wanted = profile_filter(request.filter)
        found = await self._ranking.prospects(request.job_id, page, wanted)
        return ranking_pb.RankProspectsResponse(
            prospects=[
                ranking_pb.RankedCandidate(candidate_id=hit.id, **_hit(hit, found))
                for hit in found.hits
            ],
            next_page_token=found.next_token,
            total_size=found.total,
            profile=str(found.profile),
        )

    async def RankJobs(
        self, request: ranking_pb.RankJobsRequest, context: Any
    ) -> ranking_pb.RankJobsResponse:
        """Rank the open jobs for the caller's own profile."""
        page = Page.of(request, default=_PAGE_SIZE, keys=(int, str))
        found = await self._ranking.jobs(current_user().id, page, job_filter(request.filter))
        return ranking_pb.RankJobsResponse(
            jobs=[ranking_pb.RankedJob(job_id=hit.id, **_hit(hit, found)) for hit in found.hits],
            next_page_token=found.next_token,
            total_size=found.total,
            profile=str(found.profile),
        )


def score_message(score: Score, locale: str) -> score_pb.Score:
    """Turn a score into its message, with reasons in the caller's language."""
    return score_pb.Score(
        final_score=score.final,
        dimensions=dimensions_message(score.dimensions),
        reliability=RELIABILITY[score.reliability],
        reasons=[wording.sentence(reason, locale) for reason in score.reasons],
    )


def _hit(hit: Ranked, found: RankedPage) -> dict[str, Any]:
    locale = locale_of_call()
    return {
        "rank_score_micros": hit.fused.rank,
        "explanation": wording.explanation(hit.fused, found.profile, locale),
        "title": hit.title,
        "city": hit.city,
        "matched_skills": hit.matched_skills,
        "score": score_message(hit.score, locale),
    }


def dimensions_message(parts: Dimensions) -> score_pb.Dimensions:
    """Turn the parts of a score into their message."""
    return score_pb.Dimensions(
        pertinence=parts.pertinence,
        contract=parts.contract,
        duration=parts.duration,
        skills=parts.skills,
        responsibilities=parts.responsibilities,
        complexity=parts.complexity,
        recency=parts.recency,
        career_progression=parts.career_progression,
        path_coherence=parts.path_coherence,
        total_experiences_bonus=parts.total_experiences_bonus,
        missing_info_penalty=parts.missing_info_penalty,
    )


def locale_of_call() -> str:
    """Return the caller's language."""
    call = current_call()
    return call.locale if call else "fr"
