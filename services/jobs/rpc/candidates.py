"""CandidateService on the wire."""

from __future__ import annotations

from typing import Any

from weneeds.jobs.v1 import candidate_service_pb2 as pb
from weneeds.jobs.v1.candidate_service_pb2_grpc import CandidateServiceServicer

from services.jobs.app.candidates import Candidates
from services.jobs.rpc.changes import profile_changes
from services.jobs.rpc.messages import profile_message
from services.kit.call import current_user


class CandidateRpc(CandidateServiceServicer):
    """Turns messages into calls of Candidates and back."""

    def __init__(self, candidates: Candidates) -> None:
        self._candidates = candidates

    async def UpdateProfile(
        self, request: pb.UpdateProfileRequest, context: Any
    ) -> pb.UpdateProfileResponse:
        """See the contract."""
        changes = profile_changes(request.profile, request.update_mask.paths)
        profile = await self._candidates.update(current_user(), changes, request.profile.version)
        return pb.UpdateProfileResponse(profile=profile_message(profile))

    async def GetMyProfile(
        self, request: pb.GetMyProfileRequest, context: Any
    ) -> pb.GetMyProfileResponse:
        """See the contract."""
        profile = await self._candidates.get(current_user())
        return pb.GetMyProfileResponse(profile=profile_message(profile))
