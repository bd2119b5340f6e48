"""The staff itself: who is an admin, and with which role."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from services.auth.app.endings import SessionEndings
from services.auth.app.new_passwords import NewPasswords
from services.auth.app.ports import Passwords, Sealing
from services.auth.app.positions import micros_of, position_of
from services.auth.app.staff_stores import AdminCredentials, AdminStore
from services.auth.domain import totp
from services.auth.domain.admins import Admin, AdminNotFound, AdminRole, check_remains
from services.auth.domain.users import (
    EmailTaken,
    clean_email,
    clean_name,
    clean_text,
)
from services.kit.audit import note_change
from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.ids import Ids
from services.kit.paging import Page
from services.kit.work import UnitsOfWork

# How the authenticator app calls the account.
_TOTP_ISSUER = "WeNeeds Staff"


@dataclass(frozen=True, slots=True)
class NewAdmin:
    """What is given to create an admin."""

    email: str
    name: str
    password: str
    role: AdminRole


@dataclass(frozen=True, slots=True)
class CreatedAdmin:
    """An admin just created, and what the authenticator app reads: shown once, kept sealed."""

    admin: Admin
    totp_uri: str


@dataclass(frozen=True, slots=True)
class AdminPage:
    """One page of the admins."""

    admins: list[Admin]
    next_token: str
    total: int


class Admins:
    """Creates, changes and deletes admins."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        admins: AdminStore,
        endings: SessionEndings,
        passwords: Passwords,
        sealing: Sealing,
        clock: Clock,
        ids: Ids,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._work = work
        self._reader = reader
        self._admins = admins
        self._endings = endings
        self._passwords = NewPasswords(passwords)
        self._sealing = sealing
        self._clock = clock
        self._ids = ids
        self._random = random

    async def secure(self, new: NewAdmin) -> str:
        """Return the hash of the password, outside of any unit of work.

        Raises InvalidFields, and RateLimited when too many hashes wait.
        """
        return await self._passwords.hash(new.password, new.email, new.name)

    async def create(self, new: NewAdmin, password_hash: str = "") -> CreatedAdmin:
        """Add an admin; raise EmailTaken and InvalidFields.

        `password_hash` is what `secure` gave, if that was asked before.
        """
        admin = Admin(
            id=self._ids.new(),
            email=clean_email("email", new.email),
            name=clean_name("name", new.name),
            role=new.role,
            created_at=self._clock.now(),
        )
        password_hash = password_hash or await self.secure(new)
        secret = self._random(totp.SECRET_BYTES)
        sealed = self._sealing.seal(admin.id, secret)
        async with self._work() as work:
            if not await self._admins.add(
                work, AdminCredentials(admin, password_hash, sealed, None)
            ):
                raise EmailTaken(field="email")
            note_change(resource_type="admin", resource_id=admin.id, new={"role": admin.role})
        return CreatedAdmin(admin, totp.provisioning_uri(secret, admin.email, _TOTP_ISSUER))

    async def set_role(self, admin_id: str, role: AdminRole) -> Admin:
        """Give an admin another role; raise AdminNotFound and LastSuperAdmin."""
        async with self._work() as work:
            # The lock makes two super admins who demote each other take turns.
            super_admins = await self._admins.lock_super_admins(work)
            admin = await self._admins.get(work, admin_id)
            if admin is None:
                raise AdminNotFound(admin_id=admin_id)
            if role is not AdminRole.SUPER_ADMIN:
                check_remains(admin.id, super_admins)
            await self._admins.set_role(work, admin.id, role)
            note_change(
                resource_type="admin",
                resource_id=admin.id,
                old={"role": admin.role},
                new={"role": role},
            )
        return Admin(admin.id, admin.email, admin.name, role, admin.created_at)

    async def reset_authenticator(self, admin_id: str, reason: str) -> str:
        """Give an admin another secret and end the admin's sessions; return the app's address.

        Raises AdminNotFound, and DependencyDown: nothing is changed then.
        """
        secret = self._random(totp.SECRET_BYTES)
        async with self._work() as work:
            admin = await self._admins.get(work, admin_id)
            if admin is None:
                raise AdminNotFound(admin_id=admin_id)
            await self._admins.set_totp(work, admin.id, self._sealing.seal(admin.id, secret))
            await self._endings.with_commit(work, admin.id)
            note_change(
                resource_type="admin",
                resource_id=admin.id,
                new={"factor": "TOTP"},
                reason=clean_text("reason", reason),
            )
        return totp.provisioning_uri(secret, admin.email, _TOTP_ISSUER)

    async def delete(self, admin_id: str) -> None:
        """Delete an admin and end the admin's sessions; one that is not there is no error.

        Raises LastSuperAdmin.
        """
        async with self._work() as work:
            super_admins = await self._admins.lock_super_admins(work)
            admin = await self._admins.get(work, admin_id)
            if admin is None:
                return
            check_remains(admin.id, super_admins)
            await self._admins.delete(work, admin.id)
            await self._endings.with_commit(work, admin.id)
            note_change(resource_type="admin", resource_id=admin.id, old={"role": admin.role})

    async def list_admins(self, page: Page) -> AdminPage:
        """Return one page of the admins, oldest first."""
        found = await self._admins.page(self._reader, position_of(page), page.fetch)
        shown = found.rows[: page.size]
        token = ""
        if shown:
            token = page.next_token(found.rows, (micros_of(shown[-1].created_at), shown[-1].id))
        return AdminPage(shown, token, found.total)
