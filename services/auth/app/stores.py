"""What the use cases ask of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from services.auth.domain.companies import Collaborator, Company, CompanyRole, Membership
from services.auth.domain.factors import Factors, Passkey, Totp
from services.auth.domain.links import Invitation, Link, Purpose
from services.auth.domain.providers import Identity
from services.auth.domain.sessions import NEVER_ENDED, Ends
from services.auth.domain.users import User
from services.kit.db import Reader
from services.kit.work import UnitOfWork

# Where a read comes from: outside a unit of work, or inside of one.
Source: TypeAlias = Reader | UnitOfWork


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account with its password's hash, for signing in."""

    user: User
    # None for somebody who signs in through identity providers alone.
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class Member:
    """A user with the roles that companies gave, ordered by company name."""

    user: User
    memberships: list[Membership]
    # Whether the account has a second factor.
    factor_enrolled: bool = False
    # Of the session that was asked about.
    ends: Ends = NEVER_ENDED


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose session it is, and what stands written of its end."""

    user: User
    ends: Ends


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach one person."""

    user_id: str
    email: str
    first_name: str
    locale: str


@dataclass(frozen=True, slots=True)
class Collaborators:
    """Some of a company's people, and how many there are in all."""

    rows: list[Collaborator]
    total: int


@dataclass(frozen=True, slots=True)
class Invitations:
    """Some of a company's open invitations, and how many there are in all."""

    rows: list[Invitation]
    total: int


class UserStore(Protocol):
    """Keeps accounts."""

    async def add(self, work: UnitOfWork, user: User, password_hash: str | None) -> bool:
        """Add an account; False when another has the e-mail."""

    async def get(self, source: Source, user_id: str) -> User | None:
        """Return an account."""

    async def by_email(self, source: Source, email: str) -> User | None:
        """Return the account with a normalised e-mail."""

    async def credentials(self, source: Source, email: str) -> Credentials | None:
        """Return the account with a normalised e-mail, and its password's hash."""

    async def member(
        self, source: Source, user_id: str, session_id: str | None = None
    ) -> Member | None:
        """Return an account with its memberships, and the ends of a session."""

    async def holder(self, source: Source, user_id: str, session_id: str) -> Holder | None:
        """Return an account and the ends of a session."""

    async def contacts(self, source: Source, user_ids: Sequence[str]) -> list[Contact]:
        """Return how to reach people; unknown ids are left out."""

    async def rehash(self, work: UnitOfWork, user_id: str, old: str, new: str) -> None:
        """Replace a password's hash, unless it changed meanwhile."""

    async def credentials_of(self, source: Source, user_id: str) -> Credentials | None:
        """Return an account and its password's hash."""

    async def lock(self, work: UnitOfWork, user_id: str) -> Credentials | None:
        """Return an account and keep others from changing it until the commit."""

    async def settled(self, work: UnitOfWork, user_id: str) -> Credentials | None:
        """Return an account as it is once a change that is under way was committed."""

    async def save(self, work: UnitOfWork, user: User) -> None:
        """Write what a person can change; raise EmailTaken on the field `user.email`."""

    async def set_password(self, work: UnitOfWork, user_id: str, password_hash: str) -> None:
        """Replace a password's hash."""

    async def verify_email(self, work: UnitOfWork, user_id: str, email: str, at: datetime) -> bool:
        """Write down that the e-mail was proved; False when it is not the account's any more."""

    async def erase(self, work: UnitOfWork, user_id: str) -> None:
        """Delete an account without memberships; raise VersionConflict when it just got one."""


class LinkStore(Protocol):
    """Keeps the links of mails, not their codes."""

    async def add(self, work: UnitOfWork, link: Link) -> None:
        """Add a link."""

    async def get(self, source: Source, link_id: str) -> Link | None:
        """Return a link."""

    async def take(self, work: UnitOfWork, link_id: str) -> Link | None:
        """Delete a link and return it: of many who take it, one gets it."""

    async def drop(self, work: UnitOfWork, email: str, purpose: Purpose | None = None) -> None:
        """Delete the links to an address, of one purpose or of all."""

    async def drop_of_user(self, work: UnitOfWork, user_id: str) -> None:
        """Delete a user's links, to whatever address."""

    async def drop_expired(self, work: UnitOfWork, now: datetime) -> None:
        """Delete links and invitations that have run out."""


class InvitationStore(Protocol):
    """Keeps invitations."""

    async def put(self, work: UnitOfWork, invitation: Invitation) -> None:
        """Add an invitation, in place of the company's former one to the same e-mail."""

    async def get(self, source: Source, invitation_id: str) -> Invitation | None:
        """Return an invitation."""

    async def take(self, work: UnitOfWork, invitation_id: str) -> Invitation | None:
        """Delete an invitation and return it: of many who take it, one gets it."""

    async def revoke(self, work: UnitOfWork, company_id: str, invitation_id: str) -> None:
        """Delete an invitation of the company; succeeds when there is none."""

    async def open_of(
        self,
        source: Source,
        company_id: str,
        now: datetime,
        before: tuple[datetime, str] | None,
        limit: int,
    ) -> Invitations:
        """Return a company's open invitations below a position, newest first."""

    async def to_email(self, source: Source, email: str, now: datetime) -> list[Invitation]:
        """Return the open invitations to an address."""

    async def drop(self, work: UnitOfWork, email: str) -> None:
        """Delete all invitations to an address."""


class IdentityStore(Protocol):
    """Keeps which providers' accounts sign in to which users'."""

    async def add(self, work: UnitOfWork, identity: Identity) -> bool:
        """Add an identity; False when its provider's account is linked already."""

    async def find(self, source: Source, provider: str, subject: str) -> Identity | None:
        """Return the identity of a provider's account."""

    async def of_user(self, source: Source, user_id: str) -> list[Identity]:
        """Return a user's identities, oldest first."""

    async def remove(self, work: UnitOfWork, user_id: str, identity_id: str) -> bool:
        """Remove one of a user's identities; False when the user has no such one."""


class CompanyStore(Protocol):
    """Keeps companies and their collaborators."""

    async def add(self, work: UnitOfWork, company: Company) -> None:
        """Add a company."""

    async def get(self, source: Source, company_id: str) -> Company | None:
        """Return a company."""

    async def lock(self, work: UnitOfWork, company_id: str) -> Company | None:
        """Return a company and keep others from changing its people meanwhile."""

    async def add_collaborator(
        self, work: UnitOfWork, company_id: str, user_id: str, role: CompanyRole, at: datetime
    ) -> bool:
        """Give a person a role; False when they have one already."""

    async def has(self, source: Source, company_id: str, user_id: str) -> bool:
        """Tell whether the company gave the person a role."""

    async def admins(self, source: Source, company_id: str) -> set[str]:
        """Return the user ids of a company's admins."""

    async def remove_collaborator(self, work: UnitOfWork, company_id: str, user_id: str) -> bool:
        """Take a person's role away; False when they have none."""

    async def collaborators(
        self, source: Source, company_id: str, after: tuple[datetime, str] | None, limit: int
    ) -> Collaborators:
        """Return a company's people after a position, oldest first."""


class FactorStore(Protocol):
    """Keeps second factors."""

    async def of_user(self, source: Source, user_id: str) -> Factors:
        """Return an account's second factors, those that count."""

    async def begin_totp(self, work: UnitOfWork, user_id: str, sealed: bytes, at: datetime) -> bool:
        """Keep an app that waits for its first code; False when one is confirmed already."""

    async def totp(self, source: Source, user_id: str) -> Totp | None:
        """Return an account's app, confirmed or not."""

    async def spend_step(
        self, work: UnitOfWork, user_id: str, totp: Totp, step: int, at: datetime
    ) -> bool:
        """Confirm an app, or spend the code of one; False when it changed since it was read."""

    async def remove_totp(self, work: UnitOfWork, user_id: str) -> None:
        """Delete an account's app."""

    async def replace_codes(
        self, work: UnitOfWork, user_id: str, digests: Sequence[bytes], at: datetime
    ) -> None:
        """Put new recovery codes in the place of all others; none deletes them."""

    async def spend_code(self, work: UnitOfWork, user_id: str, digest: bytes, at: datetime) -> bool:
        """Use a recovery code up; False when it is unknown or used."""

    async def add_passkey(self, work: UnitOfWork, user_id: str, passkey: Passkey) -> bool:
        """Add a passkey; False when an account has it already."""

    async def use_passkey(
        self, work: UnitOfWork, passkey: Passkey, sign_count: int, at: datetime
    ) -> bool:
        """Write down a use; False when the passkey was used or removed since it was read."""

    async def remove_passkey(self, work: UnitOfWork, user_id: str, passkey_id: str) -> None:
        """Delete an account's passkey; succeeds when there is none."""
