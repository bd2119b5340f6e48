"""Companies and the people who act for them."""

from __future__ import annotations

from dataclasses import dataclass

from weneeds.auth.events.v1.events_pb2 import (
    CollaboratorAdded,
    CollaboratorRemoved,
    CompanyCreated,
)
from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1.mail_pb2 import MAIL_TYPE_COLLABORATOR_ADDED
from weneeds.options.v1.role_pb2 import CompanyRole as CompanyRoleNumber

from services.auth.app.positions import micros_of, position_of
from services.auth.app.stores import CompanyStore, UserStore
from services.auth.domain.companies import (
    Collaborator,
    CollaboratorExists,
    Company,
    CompanyNotFound,
    CompanyRole,
    check_removal,
    collaborator,
)
from services.auth.domain.users import clean_name, clean_text, normalise_email
from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.ids import Ids
from services.kit.paging import Page
from services.kit.work import UnitsOfWork


@dataclass(frozen=True, slots=True)
class CollaboratorPage:
    """One page of a company's people."""

    collaborators: list[Collaborator]
    next_token: str
    total: int


class Companies:
    """Founds companies and manages their collaborators."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        companies: CompanyStore,
        users: UserStore,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._reader = reader
        self._companies = companies
        self._users = users
        self._clock = clock
        self._ids = ids

    async def create(self, founder_id: str, name: str, siret: str, city: str) -> Company:
        """Add a company whose first ADMIN is the founder."""
        now = self._clock.now()
        company = Company(
            self._ids.new(), clean_name("name", name), siret, clean_text("city", city), now
        )
        admin = CompanyRole.ADMIN
        async with self._work() as work:
            await self._companies.add(work, company)
            await self._companies.add_collaborator(work, company.id, founder_id, admin, now)
            created = CompanyCreated(company_id=company.id, name=company.name, city=company.city)
            work.publish(created)
            work.publish(_added(company.id, founder_id, admin))
        return company

    async def get(self, company_id: str) -> Company:
        """Return a company; raise CompanyNotFound."""
        company = await self._companies.get(self._reader, company_id)
        if company is None:
            raise CompanyNotFound(company_id=company_id)
        return company

    async def list_collaborators(self, company_id: str, page: Page) -> CollaboratorPage:
        """Return one page of a company's people, oldest first."""
        found = await self._companies.collaborators(
            self._reader, company_id, position_of(page), page.fetch
        )
        shown = found.rows[: page.size]
        token = page.next_token(found.rows, _sort_key(shown[-1])) if shown else ""
        return CollaboratorPage(shown, token, found.total)

    async def add_collaborator(
        self, company_id: str, email: str, role: CompanyRole
    ) -> Collaborator:
        """Give a registered recruiter a role, and tell them by mail.

        Raises CollaboratorNotFound and CollaboratorExists.
        """
        now = self._clock.now()
        async with self._work() as work:
            company = await self._companies.get(work, company_id)
            if company is None:
                raise CompanyNotFound(company_id=company_id)
            user = await self._users.by_email(work, normalise_email(email))
            person = collaborator(user, role, now)
            if not await self._companies.add_collaborator(
                work, company.id, person.user_id, role, now
            ):
                raise CollaboratorExists(field="email")
            work.publish(_added(company.id, person.user_id, role))
            work.publish(_mail(company, person))
        return person

    async def remove_collaborator(self, company_id: str, user_id: str) -> None:
        """Take a person's role away; removing somebody who has none succeeds.

        Raises LastAdmin.
        """
        # A UUID may come in capitals; here it is compared as text.
        user_id = user_id.lower()
        async with self._work() as work:
            # The lock makes two admins who remove each other take turns.
            company = await self._companies.lock(work, company_id)
            if company is None:
                raise CompanyNotFound(company_id=company_id)
            check_removal(user_id, await self._companies.admins(work, company.id))
            if await self._companies.remove_collaborator(work, company.id, user_id):
                work.publish(CollaboratorRemoved(company_id=company.id, user_id=user_id))


def _added(company_id: str, user_id: str, role: CompanyRole) -> CollaboratorAdded:
    number = CompanyRoleNumber.Value(f"COMPANY_ROLE_{role}")
    return CollaboratorAdded(company_id=company_id, user_id=user_id, role=number)


def _mail(company: Company, person: Collaborator) -> MailSend:
    return MailSend(
        recipient_user_id=person.user_id,
        type=MAIL_TYPE_COLLABORATOR_ADDED,
        variables={"company_name": company.name, "role": person.role.value},
    )


def _sort_key(person: Collaborator) -> tuple[int, str]:
    return micros_of(person.added_at), person.user_id
