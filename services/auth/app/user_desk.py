"""Users, as staff sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from weneeds.auth.events.v1.events_pb2 import UserStatusChanged

from services.auth.app.endings import SessionEndings
from services.auth.app.positions import micros_of, position_of
from services.auth.app.staff_stores import UserDeskStore, UserFilter
from services.auth.app.stores import Member, UserStore
from services.auth.domain.users import User, UserNotFound, UserStatus, clean_text
from services.kit.audit import note_change
from services.kit.db import Reader
from services.kit.paging import Page
from services.kit.work import UnitsOfWork


@dataclass(frozen=True, slots=True)
class UserPage:
    """One page of users."""

    users: list[User]
    next_token: str
    total: int


class UserDesk:
    """Lists, reads, bans and unbans users."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        users: UserStore,
        desk: UserDeskStore,
        endings: SessionEndings,
    ) -> None:
        self._work = work
        self._reader = reader
        self._users = users
        self._desk = desk
        self._endings = endings

    async def list_users(self, wanted: UserFilter, page: Page) -> UserPage:
        """Return one page of users, newest first; raise InvalidFields."""
        wanted = replace(wanted, query=clean_text("query", wanted.query))
        found = await self._desk.page(self._reader, wanted, position_of(page), page.fetch)
        shown = found.rows[: page.size]
        token = ""
        if shown:
            token = page.next_token(found.rows, (micros_of(shown[-1].created_at), shown[-1].id))
        return UserPage(shown, token, found.total)

    async def get(self, user_id: str) -> Member:
        """Return a user with the roles that companies gave; raise UserNotFound."""
        member = await self._users.member(self._reader, user_id)
        if member is None:
            raise UserNotFound(user_id=user_id)
        return member

    async def ban(self, user_id: str, reason: str) -> User:
        """Refuse a user from now on and end the user's sessions; raise UserNotFound.

        Raises DependencyDown when the session store does not answer: nothing is changed then.
        """
        return await self._turn(user_id, UserStatus.BANNED, reason)

    async def unban(self, user_id: str, reason: str) -> User:
        """Let a user sign in again; raise UserNotFound."""
        return await self._turn(user_id, UserStatus.ACTIVE, reason)

    async def _turn(self, user_id: str, status: UserStatus, reason: str) -> User:
        async with self._work() as work:
            known = await self._users.lock(work, user_id)
            if known is None:
                raise UserNotFound(user_id=user_id)
            user = known.user
            note_change(
                resource_type="user",
                resource_id=user.id,
                old={"status": user.status},
                new={"status": status},
                reason=clean_text("reason", reason),
            )
            banned = status is UserStatus.BANNED
            if banned:
                await self._endings.with_commit(work, user.id)
            if user.status is not status:
                await self._desk.set_status(work, user.id, status)
                work.publish(UserStatusChanged(user_id=user.id, banned=banned))
        return replace(user, status=status)
