"""Inviting people into a company by mail, registered or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from weneeds.auth.events.v1.events_pb2 import CollaboratorAdded
from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1.mail_pb2 import MAIL_TYPE_COLLABORATOR_ADDED
from weneeds.options.v1.role_pb2 import CompanyRole as CompanyRoleNumber

from services.auth.app.ports import LinkCodes
from services.auth.app.positions import micros_of, position_of
from services.auth.app.stores import CompanyStore, InvitationStore, UserStore
from services.auth.domain.companies import (
    CollaboratorExists,
    Company,
    CompanyNotFound,
    CompanyRole,
)
from services.auth.domain.links import Invitation, InvitationInvalid, Purpose, new_invitation
from services.auth.domain.users import DEFAULT_LOCALE, normalise_email
from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import SessionEnded
from services.kit.ids import Ids
from services.kit.paging import Page
from services.kit.work import UnitOfWork, UnitsOfWork

# The id of nobody.
_NOBODY = str(UUID(int=0))


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """One page of a company's open invitations."""

    invitations: list[Invitation]
    next_token: str
    total: int


@dataclass(frozen=True, slots=True)
class Joined:
    """A company that somebody joined, and as what."""

    company: Company
    role: CompanyRole


class CompanyInvitations:
    """Invites, lists, takes back, accepts."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        companies: CompanyStore,
        users: UserStore,
        invitations: InvitationStore,
        codes: LinkCodes,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._reader = reader
        self._companies = companies
        self._users = users
        self._invitations = invitations
        self._codes = codes
        self._clock = clock
        self._ids = ids

    async def invite(
        self, inviter_id: str, company_id: str, email: str, role: CompanyRole
    ) -> Invitation:
        """Send somebody an invitation. Whether they have an account makes no difference.

        Raises CollaboratorExists for whoever is in the company already.
        """
        address = normalise_email(email)
        async with self._work() as work:
            company = await self._company(work, company_id)
            guest = await self._users.by_email(work, address)
            # Asked of nobody too: an account costs no statement more.
            if await self._companies.has(work, company.id, guest.id if guest else _NOBODY):
                raise CollaboratorExists(field="email")
            inviter = await self._users.get(work, inviter_id)
            invitation = new_invitation(
                self._ids.new(),
                company.id,
                address,
                role,
                inviter.locale if inviter else DEFAULT_LOCALE,
                self._clock.now(),
            )
            await self._invitations.put(work, invitation)
            work.publish(_mail(company, invitation))
        return invitation

    async def list_open(self, company_id: str, page: Page) -> InvitationPage:
        """Return one page of a company's open invitations, newest first."""
        found = await self._invitations.open_of(
            self._reader, company_id, self._clock.now(), position_of(page), page.fetch
        )
        shown = found.rows[: page.size]
        token = page.next_token(found.rows, _sort_key(shown[-1])) if shown else ""
        return InvitationPage(shown, token, found.total)

    async def revoke(self, company_id: str, invitation_id: str) -> None:
        """Take an invitation back; succeeds when there is none."""
        async with self._work() as work:
            await self._invitations.revoke(work, company_id, invitation_id)

    async def accept(self, user_id: str, code: str) -> Joined:
        """Give the caller the role that waits for their e-mail.

        Raises InvitationInvalid and CollaboratorExists.
        """
        invitation_id = self._codes.parse(Purpose.INVITATION, code)
        if invitation_id is None:
            raise InvitationInvalid(field="code")
        now = self._clock.now()
        async with self._work() as work:
            user = await self._users.get(work, user_id)
            if user is None:
                raise SessionEnded
            invitation = await self._invitations.take(work, invitation_id)
            if invitation is None:
                raise InvitationInvalid(field="code")
            invitation.check(user.email, now)
            company = await self._company(work, invitation.company_id)
            await self._join(work, company, user.id, invitation.role, now)
            # The code came to that mailbox.
            await self._users.verify_email(work, user.id, user.email, now)
        return Joined(company, invitation.role)

    async def _join(
        self, work: UnitOfWork, company: Company, user_id: str, role: CompanyRole, now: datetime
    ) -> None:
        if not await self._companies.add_collaborator(work, company.id, user_id, role, now):
            raise CollaboratorExists(field="code")
        number = CompanyRoleNumber.Value(f"COMPANY_ROLE_{role}")
        work.publish(CollaboratorAdded(company_id=company.id, user_id=user_id, role=number))

    async def _company(self, work: UnitOfWork, company_id: str) -> Company:
        company = await self._companies.get(work, company_id)
        if company is None:
            raise CompanyNotFound(company_id=company_id)
        return company


def _mail(company: Company, invitation: Invitation) -> MailSend:
    return MailSend(
        type=MAIL_TYPE_COLLABORATOR_ADDED,
        variant="invitation",
        reference_id=invitation.id,
        variables={"company_name": company.name, "role": invitation.role.value},
    )


def _sort_key(invitation: Invitation) -> tuple[int, str]:
    return micros_of(invitation.created_at), invitation.id
