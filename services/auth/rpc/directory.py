"""DirectoryService, and the same answer for the kit of this very service."""

from __future__ import annotations

from typing import Any

from weneeds.auth.v1 import directory_service_pb2 as pb
from weneeds.auth.v1.directory_service_pb2_grpc import DirectoryServiceServicer

from services.auth.app.admin_sessions import AdminSignIns
from services.auth.app.directory import Directory
from services.auth.app.mail_targets import MailTargets
from services.auth.app.visits import Visitor, Visits
from services.auth.domain.users import UserStatus
from services.auth.rpc import messages, staff_messages
from services.kit.access import Access

_VISITORS = {
    Visitor.KNOWN: pb.VISITOR_KNOWN,
    Visitor.STRANGER: pb.VISITOR_STRANGER,
    Visitor.BANNED: pb.VISITOR_BANNED,
    Visitor.UNDER_MAINTENANCE: pb.VISITOR_UNDER_MAINTENANCE,
}


class DirectoryRpc(DirectoryServiceServicer):
    """What the other services may know about people."""

    def __init__(
        self,
        directory: Directory,
        mail_targets: MailTargets,
        admins: AdminSignIns,
        visits: Visits,
    ) -> None:
        self._visits = visits
        self._directory = directory
        self._mail_targets = mail_targets
        self._admins = admins

    async def GetMailTarget(
        self, request: pb.GetMailTargetRequest, context: Any
    ) -> pb.GetMailTargetResponse:
        """Tell where a mail goes and the link that it carries."""
        target = await self._mail_targets.target(request.reference_id)
        return pb.GetMailTargetResponse(
            email=target.email,
            first_name=target.first_name,
            locale=target.locale,
            link=target.link,
        )

    async def GetAccess(self, request: pb.GetAccessRequest, context: Any) -> pb.GetAccessResponse:
        """Tell what a session may do at this moment."""
        standing = await self._directory.standing(request.user_id, request.session_id)
        member = standing.member
        if member is None:
            return pb.GetAccessResponse(session_alive=False)
        return pb.GetAccessResponse(
            session_alive=standing.session_alive,
            status=messages.USER_STATUSES[member.user.status],
            role=messages.USER_ROLES[member.user.role],
            memberships=[messages.membership(held) for held in member.memberships],
            second_factor_enrolled=member.factor_enrolled,
            second_factor_at=messages.moment(standing.factor_at),
        )

    async def GetAdminAccess(
        self, request: pb.GetAdminAccessRequest, context: Any
    ) -> pb.GetAdminAccessResponse:
        """Tell what a session of staff may do at this moment."""
        standing = await self._admins.standing(request.admin_id, request.session_id)
        if standing is None:
            return pb.GetAdminAccessResponse(session_alive=False)
        return pb.GetAdminAccessResponse(
            session_alive=True,
            role=staff_messages.ADMIN_ROLES[standing.admin.role],
            second_factor_at=messages.timestamp(standing.factor_at),
        )

    async def GetVisitor(
        self, request: pb.GetVisitorRequest, context: Any
    ) -> pb.GetVisitorResponse:
        """Tell the gateway who asks for a page."""
        return pb.GetVisitorResponse(visitor=_VISITORS[await self._visits.judge(request.token)])

    async def ListContacts(
        self, request: pb.ListContactsRequest, context: Any
    ) -> pb.ListContactsResponse:
        """Read how to reach people."""
        contacts = await self._directory.contacts(request.user_ids)
        return pb.ListContactsResponse(
            contacts=[
                pb.Contact(
                    user_id=contact.user_id,
                    email=contact.email,
                    first_name=contact.first_name,
                    locale=contact.locale,
                )
                for contact in contacts
            ]
        )

    async def ListCompanyPeople(
        self, request: pb.ListCompanyPeopleRequest, context: Any
    ) -> pb.ListCompanyPeopleResponse:
        """List who has a role in a company."""
        people = await self._directory.people(request.company_id)
        return pb.ListCompanyPeopleResponse(user_ids=people)


class OwnAccess:
    """The kit's access lookup inside the auth service: no network between."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def access(self, user_id: str, session_id: str) -> Access:
        """Return what a session may do; raise DependencyDown when it cannot be known."""
        standing = await self._directory.standing(user_id, session_id)
        member = standing.member
        if member is None:
            return Access(session_alive=False)
        return Access(
            session_alive=standing.session_alive,
            banned=member.user.status is UserStatus.BANNED,
            role=member.user.role.value,
            memberships={
                held.company_id: messages.COMPANY_ROLES[held.role] for held in member.memberships
            },
            factor_enrolled=member.factor_enrolled,
            factor_at=standing.factor_at,
        )
