"""Create an admin from the server's command line: `python -m services.auth.staff EMAIL NAME`.

The first super admin is made this way; later ones by another super admin. It
reads the auth service's settings, asks for the password, and shows the
authenticator's secret once.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys

from weneeds.options.v1.policy_pb2 import AUDIT_ACTION_CREATE_ADMIN

from services.auth.app.admins import Admins, CreatedAdmin, NewAdmin
from services.auth.app.endings import SessionEndings
from services.auth.domain.admins import AdminRole
from services.auth.ports.passwords import Argon2Passwords
from services.auth.ports.sealing import AesGcmSealing
from services.auth.ports.sessions import ValkeySessions
from services.auth.settings import AuthSettings
from services.auth.staff_wiring import TOTP_PURPOSE
from services.auth.store.admins import PostgresAdmins
from services.auth.store.session_ends import PostgresSessionEnds
from services.kit.audit import AuditLog, Entry
from services.kit.clock import SystemClock
from services.kit.db import Database
from services.kit.errors import InvalidFields, Refused
from services.kit.ids import Uuid7Ids
from services.kit.redis import connect
from services.kit.store_tls import trusting
from services.kit.work import UnitsOfWork


async def create(settings: AuthSettings, new: NewAdmin) -> CreatedAdmin:
    """Create an admin, recorded as the work of an operator. Raises EmailTaken and InvalidFields."""
    clock = SystemClock()
    ids = Uuid7Ids(clock)
    tls = trusting(settings.stores_ca_file)
    database = await Database.connect(settings.database_url, size=2, tls=tls)
    redis = connect(settings.redis_url, settings.stores_ca_file)
    passwords = Argon2Passwords()
    units = UnitsOfWork(database, clock, ids)
    sessions = ValkeySessions(redis, prefix="auth:admin:")
    admins = Admins(
        work=units,
        reader=database.reader,
        admins=PostgresAdmins(),
        endings=SessionEndings(units, sessions, PostgresSessionEnds(), clock),
        passwords=passwords,
        sealing=AesGcmSealing(settings.factor_secret_file.read_bytes(), TOTP_PURPOSE),
        clock=clock,
        ids=ids,
    )
    try:
        async with units() as work:
            created = await admins.create(new)
            await AuditLog(clock, ids).note(work, _entry(created))
        return created
    finally:
        passwords.close()
        await redis.aclose()
        await database.close()


def _entry(created: CreatedAdmin) -> Entry:
    return Entry(
        action=AUDIT_ACTION_CREATE_ADMIN,
        actor_access="operator",
        resource_type="admin",
        resource_id=created.admin.id,
        metadata={"new": {"role": created.admin.role.value}},
    )


def explain(refused: Refused) -> str:
    """Return why an admin cannot be created, for the command line."""
    if isinstance(refused, InvalidFields):
        return "; ".join(f"{name}: {what}" for name, what in refused.violations)
    return refused.reason


def main() -> None:
    """Ask for the password and create the admin; ends with 1 when it is refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("email")
    parser.add_argument("name")
    parser.add_argument("--role", choices=list(AdminRole), default=AdminRole.SUPER_ADMIN)
    given = parser.parse_args()
    password = getpass.getpass("Password (at least 12 characters): ")
    if getpass.getpass("Again: ") != password:
        sys.exit("The passwords differ.")
    new = NewAdmin(given.email, given.name, password, AdminRole(given.role))
    try:
        created = asyncio.run(create(AuthSettings.load("auth"), new))
    except Refused as refused:
        sys.exit(explain(refused))
    print(f"{created.admin.role} {created.admin.id}")
    print("For the authenticator app, shown this once:")
    print(created.totp_uri)


if __name__ == "__main__":
    main()
