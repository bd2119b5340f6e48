"""The matching service as this one needs it."""

from __future__ import annotations

import logging

import grpc
from weneeds.matching.v1.scoring_service_pb2 import ScoreApplicationRequest
from weneeds.matching.v1.scoring_service_pb2_grpc import ScoringServiceStub

from services.jobs.app.stores import FixedScore
from services.kit.errors import DeadlineTooShort

log = logging.getLogger(__name__)

# A candidate does not wait longer than this for a score.
_SECONDS = 3.0


class MatchingScoring:
    """Fixes scores by a direct call with a deadline."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = ScoringServiceStub(channel)

    async def score(self, application_id: str, job_id: str, candidate_id: str) -> FixedScore | None:
        """Return the fixed score, or None when matching does not answer in time."""
        request = ScoreApplicationRequest(
            application_id=application_id, job_id=job_id, candidate_id=candidate_id
        )
        try:
            answer = await self._stub.ScoreApplication(request, timeout=_SECONDS)
        except (grpc.aio.AioRpcError, DeadlineTooShort) as error:
            code = error.code().name if isinstance(error, grpc.aio.AioRpcError) else "DEADLINE"
            log.warning(
                "Application goes without a score",
                extra={"application_id": application_id, "code": code},
            )
            return None
        return FixedScore(answer.score.final_score, answer.receipt_id)
