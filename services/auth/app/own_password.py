"""Proving one's password, before the unit of work of what it is wanted for opens."""

from __future__ import annotations

from services.auth.app.lockouts import Lockouts
from services.auth.app.ports import Passwords
from services.auth.app.stores import Credentials, UserStore
from services.auth.domain.users import CredentialsInvalid, normalise_password
from services.kit.db import Reader
from services.kit.errors import SessionEnded, VersionConflict


class OwnPassword:
    """Asks people for the password that they have.

    A hash takes its time and waits for a thread: it is verified without a
    connection in hand, and what it was is compared again under the lock.
    """

    def __init__(
        self, reader: Reader, users: UserStore, passwords: Passwords, lockouts: Lockouts
    ) -> None:
        self._reader = reader
        self._users = users
        self._passwords = passwords
        self._lockouts = lockouts

    async def known(self, user_id: str) -> Credentials:
        """Return the account as it stands; raise SessionEnded when it is gone."""
        known = await self._users.credentials_of(self._reader, user_id)
        if known is None:
            raise SessionEnded
        return known

    async def prove(self, known: Credentials, password: str, field: str) -> None:
        """Raise CredentialsInvalid unless it is the password of `known`.

        Raises RateLimited after many of these, and DependencyDown.
        """
        async with self._lockouts.attempt(known.user.email):
            if not await self._passwords.verify(known.password_hash, normalise_password(password)):
                raise CredentialsInvalid(field=field)


def check_unchanged(proved: Credentials, locked: Credentials | None) -> Credentials:
    """Return the locked account; raise VersionConflict when its password is another one by now."""
    if locked is None:
        raise SessionEnded
    if locked.password_hash != proved.password_hash:
        raise VersionConflict
    return locked
