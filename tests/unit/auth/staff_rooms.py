"""The use cases of staff, on the same stores as those of users."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from redis.asyncio import Redis

from services.auth.app.admin_sessions import AdminSignIns
from services.auth.app.admins import Admins, CreatedAdmin, NewAdmin
from services.auth.app.endings import SessionEndings
from services.auth.app.key_log import KeyLog
from services.auth.app.lockouts import Lockouts
from services.auth.app.maintenance import MaintenanceSwitch
from services.auth.app.sign_in_log import SignInLog
from services.auth.app.user_desk import UserDesk
from services.auth.domain import totp
from services.auth.domain.admins import (
    AdminRole,
)
from services.auth.ports.lockouts import ValkeyFailures
from services.auth.ports.refresh_tokens import SealedRefreshTokens
from services.auth.ports.sealing import AesGcmSealing
from services.auth.ports.sessions import ValkeySessions
from services.auth.ports.tokens import SignedTokens
from services.auth.store.admins import PostgresAdmins
from services.auth.store.maintenance import PostgresMaintenance
from services.auth.store.session_ends import PostgresSessionEnds
from services.auth.store.user_desk import PostgresUserDesk
from services.auth.store.users import PostgresUsers
from services.kit.audit import AuditLog
from services.kit.ids import Uuid7Ids
from services.kit.work import UnitsOfWork
from tests.support.sql import Sql
from tests.unit.auth.conftest import AUDIENCE, ISSUER, PASSWORD, Auth, new_email


@dataclass
class Staff:
    """The use cases of staff, beside those of users."""

    auth: Auth
    sign_ins: AdminSignIns
    admins: Admins
    desk: UserDesk
    switch: MaintenanceSwitch
    key_log: KeyLog
    sessions: ValkeySessions
    turns: list[bool]

    async def admin(self, role: AdminRole = AdminRole.ADMIN) -> CreatedAdmin:
        """Create a fictitious admin."""
        return await self.admins.create(NewAdmin(new_email(), "Test", PASSWORD, role))

    def code(self, created: CreatedAdmin, steps: int = 0) -> str:
        """What the admin's app shows, some steps from now."""
        (text,) = parse_qs(urlsplit(created.totp_uri).query)["secret"]
        step = totp.step_at(self.auth.clock.now().timestamp()) + steps
        return totp.code_at(decoded(text), step)

    async def rows(self, account_id: str) -> list[dict[str, Any]]:
        """What the log keeps of an account, oldest first."""
        found = await Sql(self.auth.database).fetch(
            "select * from audit where actor_id = $1 or resource_id = $1 order by seq", account_id
        )
        return [dict(row) for row in found]


def decoded(base32: str) -> bytes:
    """The bytes of a secret as an app shows it."""
    return base64.b32decode(base32 + "=" * (-len(base32) % 8))


def build_staff(auth: Auth, redis: Redis, keys_dir: Path) -> Staff:
    """Put the use cases together as staff_wiring.py does."""
    clock, database = auth.clock, auth.database
    ids = Uuid7Ids(clock)
    units = UnitsOfWork(database, clock, ids)
    sealing = AesGcmSealing(b"f" * 32, "admin totp")
    sessions = ValkeySessions(redis, prefix="auth:admin:")
    endings = SessionEndings(units, sessions, PostgresSessionEnds(), clock)
    store = PostgresAdmins()
    log = AuditLog(clock, ids)
    turns: list[bool] = []
    return Staff(
        auth=auth,
        sign_ins=AdminSignIns(
            work=units,
            reader=database.reader,
            admins=store,
            sessions=sessions,
            endings=endings,
            passwords=auth.passwords,
            sealing=sealing,
            access_tokens=SignedTokens(
                keys_dir, ISSUER, AUDIENCE, timedelta(minutes=10), access="admin"
            ),
            refresh_tokens=SealedRefreshTokens(b"a" * 32),
            lockouts=Lockouts(ValkeyFailures(redis, prefix="auth:admin:"), clock),
            log=SignInLog(units, log),
            clock=clock,
            ids=ids,
        ),
        admins=Admins(
            work=units,
            reader=database.reader,
            admins=store,
            endings=endings,
            passwords=auth.passwords,
            sealing=sealing,
            clock=clock,
            ids=ids,
        ),
        desk=UserDesk(
            work=units,
            reader=database.reader,
            users=PostgresUsers(),
            desk=PostgresUserDesk(),
            endings=auth.endings,
        ),
        switch=MaintenanceSwitch(
            units, database.reader, PostgresMaintenance(), clock, turns.append
        ),
        key_log=KeyLog(units, log),
        sessions=sessions,
        turns=turns,
    )
