"""People and their sessions, as the auth service knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import grpc.aio
from weneeds.auth.v1.directory_service_pb2 import (
    GetMailTargetRequest,
    ListCompanyPeopleRequest,
    ListContactsRequest,
)
from weneeds.auth.v1.directory_service_pb2_grpc import DirectoryServiceStub

from services.kit.access import AccessCache
from services.kit.errors import DependencyDown
from services.messaging.domain.mail import Contact


class AuthDirectory:
    """Asks the auth service for contacts."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = DirectoryServiceStub(channel)

    async def contacts(self, user_ids: Sequence[str]) -> Mapping[str, Contact]:
        """Return contacts by user id, without unknown ones; raise DependencyDown."""
        try:
            answer = await self._stub.ListContacts(ListContactsRequest(user_ids=user_ids))
        except grpc.aio.AioRpcError as error:
            raise DependencyDown(dependency="auth") from error
        return {
            contact.user_id: Contact(
                contact.user_id, contact.email, contact.first_name, contact.locale
            )
            for contact in answer.contacts
        }

    async def company_people(self, company_id: str) -> Sequence[str]:
        """Return the ids of those who have a role in a company; raise DependencyDown."""
        request = ListCompanyPeopleRequest(company_id=company_id)
        try:
            answer = await self._stub.ListCompanyPeople(request)
        except grpc.aio.AioRpcError as error:
            raise DependencyDown(dependency="auth") from error
        return list(answer.user_ids)

    async def target(self, reference_id: str) -> Contact | None:
        """Return who a reference is for, with the link; raise DependencyDown."""
        try:
            answer = await self._stub.GetMailTarget(GetMailTargetRequest(reference_id=reference_id))
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.FAILED_PRECONDITION:
                return None
            raise DependencyDown(dependency="auth") from error
        return Contact("", answer.email, answer.first_name, answer.locale, answer.link)


class AuthSessions:
    """Asks anew each time: a snapshot of the kit's may be as old as an end may take to be felt."""

    def __init__(self, access: AccessCache) -> None:
        self._access = access

    async def alive(self, user_id: str, session_id: str) -> bool:
        """Whether the session lives and its user is not banned; raise DependencyDown."""
        state = await self._access.reload(user_id, session_id)
        return state.session_alive and not state.banned
