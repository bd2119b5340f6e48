"""Judging and hashing a new password, before any unit of work opens."""

from __future__ import annotations

from services.auth.app.ports import Passwords
from services.auth.domain.passwords import check_new_password, context_of
from services.auth.domain.users import normalise_password
from services.kit.errors import InvalidFields


class NewPasswords:
    """Accepts new passwords."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords

    async def hash(self, text: str, *about: str, field: str = "password") -> str:
        """Return the hash of a password that its owner may have.

        `about` are names and e-mails of the owner. Raises InvalidFields for one
        that is too short, leans on them or is soon guessed, and RateLimited.
        """
        password = normalise_password(text)
        context = context_of(*about)
        check_new_password(password, context, field)
        if await self._passwords.guessable(password, context):
            raise InvalidFields([(field, "is too common: others would guess it soon")])
        return await self._passwords.hash(password)
