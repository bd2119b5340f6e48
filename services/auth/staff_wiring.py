"""Wiring of staff: their sessions, the desk, the switch. `main` puts it beside the rest."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from weneeds.auth.v1 import admin_service_pb2

from services.auth.app.admin_sessions import AdminSignIns
from services.auth.app.admins import Admins
from services.auth.app.endings import SessionEndings
from services.auth.app.lockouts import Lockouts
from services.auth.app.maintenance import MaintenanceSwitch
from services.auth.app.ports import Passwords
from services.auth.app.sign_in_log import SignInLog
from services.auth.app.stores import UserStore
from services.auth.app.user_desk import UserDesk
from services.auth.ports.lockouts import ValkeyFailures
from services.auth.ports.refresh_tokens import SealedRefreshTokens
from services.auth.ports.sealing import AesGcmSealing
from services.auth.ports.sessions import ValkeySessions
from services.auth.ports.tokens import SignedTokens
from services.auth.rpc.admin_sessions import AdminSessionRpc
from services.auth.rpc.admin_users import AdminUserRpc
from services.auth.rpc.admins import AdminManagementRpc
from services.auth.rpc.maintenance import MaintenanceRpc
from services.auth.settings import AuthSettings
from services.auth.store.admins import PostgresAdmins
from services.auth.store.maintenance import PostgresMaintenance
from services.auth.store.session_ends import PostgresSessionEnds
from services.auth.store.user_desk import PostgresUserDesk
from services.kit.service import Endpoint, Resources

_SERVICES = admin_service_pb2.DESCRIPTOR.services_by_name
# A key of its own for what the secret of second factors seals here.
TOTP_PURPOSE = "admin totp"


@dataclass(frozen=True)
class Staff:
    """What `main` needs of it."""

    sign_ins: AdminSignIns
    switch: MaintenanceSwitch
    tokens: SignedTokens
    endpoints: Sequence[Endpoint]


def wire_staff(
    kit: Resources[AuthSettings],
    *,
    users: UserStore,
    endings: SessionEndings,
    passwords: Passwords,
    log: SignInLog,
) -> Staff:
    """Put the rooms of staff together; `endings` are of the users' sessions."""
    settings = kit.settings
    admins = PostgresAdmins()
    admin_sessions = ValkeySessions(kit.redis, prefix="auth:admin:")
    admin_endings = SessionEndings(kit.work, admin_sessions, PostgresSessionEnds(), kit.clock)
    sealing = AesGcmSealing(settings.factor_secret_file.read_bytes(), TOTP_PURPOSE)
    tokens = SignedTokens(
        settings.admin_signing_keys_dir,
        settings.admin_issuer,
        settings.admin_audience,
        timedelta(seconds=settings.access_token_seconds),
        access="admin",
    )
    sign_ins = AdminSignIns(
        work=kit.work,
        reader=kit.reader,
        admins=admins,
        sessions=admin_sessions,
        endings=admin_endings,
        passwords=passwords,
        sealing=sealing,
        access_tokens=tokens,
        refresh_tokens=SealedRefreshTokens(_refresh_secret(settings)),
        lockouts=Lockouts(ValkeyFailures(kit.redis, prefix="auth:admin:"), kit.clock),
        log=log,
        clock=kit.clock,
        ids=kit.ids,
    )
    management = Admins(
        work=kit.work,
        reader=kit.reader,
        admins=admins,
        endings=admin_endings,
        passwords=passwords,
        sealing=sealing,
        clock=kit.clock,
        ids=kit.ids,
    )
    desk = UserDesk(
        work=kit.work,
        reader=kit.reader,
        users=users,
        desk=PostgresUserDesk(),
        endings=endings,
    )
    switch = MaintenanceSwitch(
        kit.work, kit.reader, PostgresMaintenance(), kit.clock, kit.maintenance.switched
    )
    management_rpc = AdminManagementRpc(management)
    endpoints = [
        Endpoint(_SERVICES["AdminSessionService"], AdminSessionRpc(sign_ins)),
        Endpoint(
            _SERVICES["AdminManagementService"],
            management_rpc,
            {"CreateAdmin": management_rpc.prepare_create},
        ),
        Endpoint(_SERVICES["AdminUserService"], AdminUserRpc(desk)),
        Endpoint(_SERVICES["MaintenanceService"], MaintenanceRpc(switch)),
    ]
    return Staff(sign_ins, switch, tokens, endpoints)


def _refresh_secret(settings: AuthSettings) -> bytes:
    """Derive a secret of staff's own: a user's refresh token is none of theirs."""
    return hmac.digest(settings.refresh_secret_file.read_bytes(), b"staff", "sha256")
