"""Registering, and who one is."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp
from weneeds.auth.events.v1.events_pb2 import UserRegistered
from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1.mail_pb2 import MAIL_TYPE_WELCOME
from weneeds.options.v1.role_pb2 import UserRole as UserRoleNumber

from services.auth.app.new_passwords import NewPasswords
from services.auth.app.ports import Passwords
from services.auth.app.stores import LinkStore, Member, UserStore
from services.auth.domain.links import Purpose, new_link
from services.auth.domain.users import (
    DEFAULT_LOCALE,
    EmailTaken,
    User,
    UserRole,
    UserStatus,
    clean_name,
    normalise_email,
)
from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import SessionEnded
from services.kit.ids import Ids
from services.kit.work import UnitOfWork, UnitsOfWork


@dataclass(frozen=True, slots=True)
class Registration:
    """What a person gives to register."""

    email: str
    password: str
    first_name: str
    last_name: str
    role: UserRole
    # "fr", "en" or empty.
    locale: str


class Accounts:
    """Registers people and tells them who they are."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        users: UserStore,
        links: LinkStore,
        passwords: Passwords,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._reader = reader
        self._users = users
        self._links = links
        self._passwords = NewPasswords(passwords)
        self._clock = clock
        self._ids = ids

    async def secure(self, registration: Registration) -> str:
        """Return the hash of the password, outside of any unit of work.

        Raises InvalidFields, and RateLimited when too many hashes wait.
        """
        return await self._passwords.hash(
            registration.password,
            registration.email,
            registration.first_name,
            registration.last_name,
        )

    async def register(self, registration: Registration, password_hash: str = "") -> User:
        """Add an account and welcome its owner.

        `password_hash` is what `secure` gave, if that was asked before. Raises
        EmailTaken, and what `secure` raises.
        """
        user = self._new_user(registration)
        password_hash = password_hash or await self.secure(registration)
        async with self._work() as work:
            if not await self._users.add(work, user, password_hash):
                raise EmailTaken(field="email")
            work.publish(registered(user))
            work.publish(await self._welcome(work, user))
        return user

    async def _welcome(self, work: UnitOfWork, user: User) -> MailSend:
        """Return the wish for the welcome mail, which also asks to prove the e-mail."""
        purpose = Purpose.EMAIL_VERIFICATION
        link = new_link(self._ids.new(), purpose, user.email, user.id, user.created_at)
        await self._links.add(work, link)
        return MailSend(
            recipient_user_id=user.id,
            type=MAIL_TYPE_WELCOME,
            variant="verification",
            reference_id=link.id,
        )

    async def me(self, user_id: str) -> Member:
        """Return the caller's account; raise SessionEnded when it is gone."""
        member = await self._users.member(self._reader, user_id)
        if member is None:
            raise SessionEnded
        return member

    def _new_user(self, registration: Registration) -> User:
        return User(
            id=self._ids.new(),
            email=normalise_email(registration.email),
            first_name=clean_name("first_name", registration.first_name),
            last_name=clean_name("last_name", registration.last_name),
            role=registration.role,
            status=UserStatus.ACTIVE,
            locale=registration.locale or DEFAULT_LOCALE,
            created_at=self._clock.now(),
        )


def registered(user: User) -> UserRegistered:
    """Return the fact that somebody registered."""
    at = Timestamp()
    at.FromDatetime(user.created_at)
    role = UserRoleNumber.Value(f"USER_ROLE_{user.role}")
    return UserRegistered(user_id=user.id, role=role, registered_at=at)
