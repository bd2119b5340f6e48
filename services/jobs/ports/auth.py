"""The auth service as this one needs it."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
from weneeds.auth.v1.directory_service_pb2 import ListContactsRequest
from weneeds.auth.v1.directory_service_pb2_grpc import DirectoryServiceStub

from services.jobs.app.stores import Contact
from services.kit.errors import DependencyDown


class AuthContacts:
    """Asks the directory."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = DirectoryServiceStub(channel)

    async def contacts(self, user_ids: Sequence[str]) -> list[Contact]:
        """Return who is known; raise DependencyDown when auth does not answer."""
        try:
            answer = await self._stub.ListContacts(ListContactsRequest(user_ids=user_ids))
        except grpc.aio.AioRpcError as error:
            raise DependencyDown(dependency="auth") from error
        return [Contact(c.user_id, c.email, c.first_name) for c in answer.contacts]
