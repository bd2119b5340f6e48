"""CompanyService."""

from __future__ import annotations

from typing import Any

from weneeds.auth.v1 import company_service_pb2 as pb
from weneeds.auth.v1.company_service_pb2_grpc import CompanyServiceServicer

from services.auth.app.companies import Companies
from services.auth.app.invitations import CompanyInvitations
from services.auth.rpc import messages
from services.kit.call import current_user
from services.kit.paging import Page


class CompanyRpc(CompanyServiceServicer):
    """Companies and the people who act for them."""

    def __init__(self, companies: Companies, invitations: CompanyInvitations) -> None:
        self._companies = companies
        self._invitations = invitations

    async def CreateCompany(
        self, request: pb.CreateCompanyRequest, context: Any
    ) -> pb.CreateCompanyResponse:
        """Create a company; the caller becomes its first ADMIN."""
        company = await self._companies.create(
            current_user().id, request.name, request.siret, request.city
        )
        return pb.CreateCompanyResponse(company=messages.company(company))

    async def GetCompany(
        self, request: pb.GetCompanyRequest, context: Any
    ) -> pb.GetCompanyResponse:
        """Read a company."""
        company = await self._companies.get(request.company_id)
        return pb.GetCompanyResponse(company=messages.company(company))

    async def ListCollaborators(
        self, request: pb.ListCollaboratorsRequest, context: Any
    ) -> pb.ListCollaboratorsResponse:
        """List the people who act for the company, oldest first."""
        page = Page.of(request, keys=(int, str))
        found = await self._companies.list_collaborators(request.company_id, page)
        return pb.ListCollaboratorsResponse(
            collaborators=[messages.collaborator(person) for person in found.collaborators],
            next_page_token=found.next_token,
            total_size=found.total,
        )

    async def AddCollaborator(
        self, request: pb.AddCollaboratorRequest, context: Any
    ) -> pb.AddCollaboratorResponse:
        """Give a registered recruiter a role in the company."""
        role = messages.COMPANY_ROLE_OF[request.role]
        person = await self._companies.add_collaborator(request.company_id, request.email, role)
        return pb.AddCollaboratorResponse(collaborator=messages.collaborator(person))

    async def RemoveCollaborator(
        self, request: pb.RemoveCollaboratorRequest, context: Any
    ) -> pb.RemoveCollaboratorResponse:
        """Take a person's role in the company away."""
        await self._companies.remove_collaborator(request.company_id, request.user_id)
        return pb.RemoveCollaboratorResponse()

    async def InviteCollaborator(
        self, request: pb.InviteCollaboratorRequest, context: Any
    ) -> pb.InviteCollaboratorResponse:
        """Invite somebody by mail, registered or not."""
        role = messages.COMPANY_ROLE_OF[request.role]
        invitation = await self._invitations.invite(
            current_user().id, request.company_id, request.email, role
        )
        return pb.InviteCollaboratorResponse(invitation=messages.invitation(invitation))

    async def ListInvitations(
        self, request: pb.ListInvitationsRequest, context: Any
    ) -> pb.ListInvitationsResponse:
        """List the company's open invitations, newest first."""
        page = Page.of(request, keys=(int, str))
        found = await self._invitations.list_open(request.company_id, page)
        return pb.ListInvitationsResponse(
            invitations=[messages.invitation(one) for one in found.invitations],
            next_page_token=found.next_token,
            total_size=found.total,
        )

    async def RevokeInvitation(
        self, request: pb.RevokeInvitationRequest, context: Any
    ) -> pb.RevokeInvitationResponse:
        """Take an invitation back."""
        await self._invitations.revoke(request.company_id, request.invitation_id)
        return pb.RevokeInvitationResponse()

    async def AcceptInvitation(
        self, request: pb.AcceptInvitationRequest, context: Any
    ) -> pb.AcceptInvitationResponse:
        """Accept an invitation by the code of its mail."""
        joined = await self._invitations.accept(current_user().id, request.code)
        return pb.AcceptInvitationResponse(
            company=messages.company(joined.company), role=messages.COMPANY_ROLES[joined.role]
        )
