"""Changing one's account, and proving one's e-mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from weneeds.auth.events.v1.events_pb2 import UserUpdated
from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1.mail_pb2 import MAIL_TYPE_EMAIL_VERIFICATION

from services.auth.app.lockouts import Lockouts
from services.auth.app.own_password import OwnPassword, check_unchanged
from services.auth.app.ports import LinkCodes, Passwords
from services.auth.app.stores import LinkStore, UserStore
from services.auth.domain.links import Link, LinkInvalid, Purpose, new_link
from services.auth.domain.users import (
    PERSON_NAME_LONGEST,
    User,
    clean_email,
    clean_locale,
    clean_name,
)
from services.kit.clock import Clock
from services.kit.errors import InvalidFields, SessionEnded, VersionConflict
from services.kit.ids import Ids
from services.kit.work import UnitOfWork, UnitsOfWork

CHANGEABLE = ("email", "first_name", "last_name", "locale")


class Profiles:
    """Writes what people may change of their accounts."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        users: UserStore,
        links: LinkStore,
        codes: LinkCodes,
        passwords: Passwords,
        lockouts: Lockouts,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._users = users
        self._links = links
        self._codes = codes
        self._own_password = OwnPassword(work.reader, users, passwords, lockouts)
        self._clock = clock
        self._ids = ids

    async def update(self, user_id: str, changes: Mapping[str, str], password: str) -> User:
        """Change some of CHANGEABLE; `password` proves who moves to another e-mail.

        Raises InvalidFields, EmailTaken, CredentialsInvalid, RateLimited after
        many of them, and SessionEnded when the account is gone.
        """
        clean = _clean(changes)
        seen = await self._own_password.known(user_id)
        moves = clean.get("email", seen.user.email) != seen.user.email
        if moves:
            await self._own_password.prove(seen, password, "current_password")
        async with self._work() as work:
            known = await self._users.lock(work, user_id)
            if known is None:
                raise SessionEnded
            user = replace(known.user, **clean)
            if user == known.user:
                return user
            if user.email != known.user.email:
                check_unchanged(seen, known)
                if not moves:
                    raise VersionConflict
                user = replace(user, email_verified_at=None)
            await self._users.save(work, user)
            if user.email != known.user.email:
                await self._tell_both(work, known.user, user)
            work.publish(UserUpdated(user_id=user.id))
        return user

    async def request_verification(self, user_id: str) -> None:
        """Send the mail that proves the caller's e-mail, unless it is proved."""
        async with self._work() as work:
            user = await self._users.get(work, user_id)
            if user is None:
                raise SessionEnded
            if user.email_verified_at is None:
                await self._ask_to_verify(work, user)

    async def verify(self, code: str) -> None:
        """Take an e-mail as proved by the code that was sent there; raise LinkInvalid."""
        link_id = self._codes.parse(Purpose.EMAIL_VERIFICATION, code)
        if link_id is None:
            raise LinkInvalid(field="code")
        now = self._clock.now()
        async with self._work() as work:
            link = await self._links.take(work, link_id)
            if link is None or not link.is_good(Purpose.EMAIL_VERIFICATION, now):
                raise LinkInvalid(field="code")
            if not await self._verified(work, link, now):
                raise LinkInvalid(field="code")
            await self._links.drop(work, link.email, Purpose.EMAIL_VERIFICATION)

    async def _verified(self, work: UnitOfWork, link: Link, now: datetime) -> bool:
        if link.user_id is None:
            return False
        return await self._users.verify_email(work, link.user_id, link.email, now)

    async def _tell_both(self, work: UnitOfWork, before: User, after: User) -> None:
        # What was sent to the former address opens nothing any more.
        await self._links.drop(work, before.email)
        now = self._clock.now()
        link = new_link(self._ids.new(), Purpose.EMAIL_CHANGED, before.email, before.id, now)
        await self._links.add(work, link)
        work.publish(
            MailSend(
                recipient_user_id=before.id,
                type=MAIL_TYPE_EMAIL_VERIFICATION,
                variant="email_changed",
                reference_id=link.id,
            )
        )
        await self._ask_to_verify(work, after)

    async def _ask_to_verify(self, work: UnitOfWork, user: User) -> None:
        now = self._clock.now()
        link = new_link(self._ids.new(), Purpose.EMAIL_VERIFICATION, user.email, user.id, now)
        await self._links.add(work, link)
        work.publish(
            MailSend(
                recipient_user_id=user.id,
                type=MAIL_TYPE_EMAIL_VERIFICATION,
                reference_id=link.id,
            )
        )


def _clean(changes: Mapping[str, str]) -> dict[str, Any]:
    if not changes:
        raise InvalidFields([("update_mask", "must name a field")])
    return {name: _clean_one(name, text) for name, text in changes.items()}


def _clean_one(name: str, text: str) -> str:
    field = f"user.{name}"
    match name:
        case "email":
            return clean_email(field, text)
        case "first_name" | "last_name":
            return clean_name(field, text, PERSON_NAME_LONGEST)
        case "locale":
            return clean_locale(field, text)
    raise InvalidFields([("update_mask", f"{name!r} cannot be changed")])
