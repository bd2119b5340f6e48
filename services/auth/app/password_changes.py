"""Setting a new password: by the former one, or by a mail."""

from __future__ import annotations

from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1.mail_pb2 import MAIL_TYPE_PASSWORD_RESET

from services.auth.app.endings import SessionEndings
from services.auth.app.lockouts import Lockouts
from services.auth.app.ports import LinkCodes, Passwords
from services.auth.app.stores import LinkStore, UserStore
from services.auth.domain.links import LinkInvalid, Purpose, new_link
from services.auth.domain.users import (
    CredentialsInvalid,
    check_password,
    normalise_email,
    normalise_password,
)
from services.kit.clock import Clock
from services.kit.errors import SessionEnded
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
        self._passwords = passwords
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
        password = _clean(new_password)
        now = self._clock.now()
        async with self._work() as work:
            link = await self._links.take(work, link_id)
            if link is None or not link.is_good(Purpose.PASSWORD_RESET, now):
                raise LinkInvalid(field="code")
            user = await self._users.by_email(work, link.email)
            if user is None:
                raise LinkInvalid(field="code")
            await self._set(work, user.id, user.email, password)
            await self._users.verify_email(work, user.id, user.email, now)
            await self._lockouts.lift(user.email)
            await self._endings.with_commit(work, user.id)
        return user.id

    async def change(self, user_id: str, session_id: str, current: str, new: str) -> None:
        """Set a password by the present one and end all sessions but `session_id`.

        Raises CredentialsInvalid, InvalidFields, RateLimited and DependencyDown.
        """
        password = _clean(new)
        async with self._work() as work:
            known = await self._users.lock(work, user_id)
            if known is None:
                raise SessionEnded
            async with self._lockouts.attempt(known.user.email):
                given = normalise_password(current)
                if not await self._passwords.verify(known.password_hash, given):
                    raise CredentialsInvalid(field="current_password")
            await self._set(work, user_id, known.user.email, password)
            await self._endings.with_commit(work, user_id, keep=session_id)

    async def _set(self, work: UnitOfWork, user_id: str, email: str, password: str) -> None:
        password_hash = await self._passwords.hash(password)
        await self._users.set_password(work, user_id, password_hash)
        # Codes that were asked for earlier must not undo the change.
        await self._links.drop(work, email, Purpose.PASSWORD_RESET)
        work.publish(
            MailSend(
                recipient_user_id=user_id,
                type=MAIL_TYPE_PASSWORD_RESET,
                variant="password_changed",
            )
        )


def _clean(text: str) -> str:
    password = normalise_password(text)
    check_password(password, "new_password")
    return password
