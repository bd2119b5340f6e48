"""Setting a new password: by the former one, or by a mail."""

from __future__ import annotations

from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1.mail_pb2 import MAIL_TYPE_PASSWORD_RESET

from services.auth.app.endings import SessionEndings
from services.auth.app.lockouts import Lockouts
from services.auth.app.new_passwords import NewPasswords
from services.auth.app.own_password import OwnPassword, check_unchanged
from services.auth.app.ports import LinkCodes, Passwords
from services.auth.app.stores import LinkStore, Source, UserStore
from services.auth.domain.links import Link, LinkInvalid, Purpose, new_link
from services.auth.domain.users import User, normalise_email
from services.kit.clock import Clock
from services.kit.ids import Ids
from services.kit.work import UnitOfWork, UnitsOfWork


class PasswordChanges:
    """Changes and resets passwords, and tells their owners."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        users: UserStore,
        links: LinkStore,
        codes: LinkCodes,
        passwords: Passwords,
        lockouts: Lockouts,
        endings: SessionEndings,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._users = users
        self._links = links
        self._codes = codes
        self._new_passwords = NewPasswords(passwords)
        self._own_password = OwnPassword(work.reader, users, passwords, lockouts)
        self._lockouts = lockouts
        self._endings = endings
        self._clock = clock
        self._ids = ids

    async def request_reset(self, email: str) -> None:
        """Have a code sent to the address, if there is an account by the time of sending.

        Nobody looks for the account here: a known and an unknown address take
        the same steps.
        """
        address = normalise_email(email)
        # Postgres refuses NUL in text, and no account has it.
        if "\0" in address:
            return
        link = new_link(self._ids.new(), Purpose.PASSWORD_RESET, address, None, self._clock.now())
        async with self._work() as work:
            await self._links.add(work, link)
            work.publish(MailSend(type=MAIL_TYPE_PASSWORD_RESET, reference_id=link.id))

    async def reset(self, code: str, new_password: str) -> str:
        """Set a password by the code of a mail, end all sessions, return the user's id.

        The mailbox is proved by it, which lifts a lock. Raises LinkInvalid, InvalidFields,
        RateLimited, and DependencyDown; then the code stays good.
        """
        link_id = self._codes.parse(Purpose.PASSWORD_RESET, code)
        if link_id is None:
            raise LinkInvalid(field="code")
        owner = await self._owner(link_id)
        password_hash = await self._hash(owner, new_password)
        async with self._work() as work:
            link = await self._links.take(work, link_id)
            user = await self._user_of(work, link)
            if user.id != owner.id:
                raise LinkInvalid(field="code")
            await self._set(work, user, password_hash)
            await self._users.verify_email(work, user.id, user.email, self._clock.now())
            await self._endings.with_commit(work, user.id)
            await self._lockouts.lift(user.email)
        return user.id

    async def change(self, user_id: str, session_id: str, current: str, new: str) -> None:
        """Set a password by the present one and end all sessions but `session_id`.

        Raises CredentialsInvalid, InvalidFields, RateLimited, VersionConflict
        when it changed meanwhile, and DependencyDown.
        """
        known = await self._own_password.known(user_id)
        await self._own_password.prove(known, current, "current_password")
        password_hash = await self._hash(known.user, new)
        async with self._work() as work:
            locked = check_unchanged(known, await self._users.lock(work, user_id))
            await self._set(work, locked.user, password_hash)
            await self._endings.with_commit(work, user_id, keep=session_id)

    async def _owner(self, link_id: str) -> User:
        return await self._user_of(
            self._work.reader, await self._links.get(self._work.reader, link_id)
        )

    async def _user_of(self, source: Source, link: Link | None) -> User:
        """Return whose password a link sets; raise LinkInvalid."""
        if link is None or not link.is_good(Purpose.PASSWORD_RESET, self._clock.now()):
            raise LinkInvalid(field="code")
        user = await self._users.by_email(source, link.email)
        if user is None:
            raise LinkInvalid(field="code")
        return user

    async def _hash(self, user: User, password: str) -> str:
        about = (user.email, user.first_name, user.last_name)
        return await self._new_passwords.hash(password, *about, field="new_password")

    async def _set(self, work: UnitOfWork, user: User, password_hash: str) -> None:
        await self._users.set_password(work, user.id, password_hash)
        # Codes that were asked for earlier must not undo the change.
        await self._links.drop(work, user.email, Purpose.PASSWORD_RESET)
        work.publish(
            MailSend(
                recipient_user_id=user.id,
                type=MAIL_TYPE_PASSWORD_RESET,
                variant="password_changed",
            )
        )
