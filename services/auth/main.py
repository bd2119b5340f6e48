"""Wiring of the auth service, nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from weneeds.auth.v1 import (
    account_service_pb2,
    company_service_pb2,
    directory_service_pb2,
    error_reason_pb2,
    session_service_pb2,
)

from services.auth.app.accounts import Accounts
from services.auth.app.companies import Companies
from services.auth.app.departures import Departures
from services.auth.app.devices import Devices
from services.auth.app.directory import Directory
from services.auth.app.endings import SessionEndings
from services.auth.app.invitations import CompanyInvitations
from services.auth.app.key_log import KeyLog
from services.auth.app.lockouts import Lockouts
from services.auth.app.mail_targets import MailTargets
from services.auth.app.password_changes import PasswordChanges
from services.auth.app.profiles import Profiles
from services.auth.app.sessions import SignIns
from services.auth.app.sign_in_log import SignInLog
from services.auth.app.visits import Visits
from services.auth.factor_wiring import wire_factors
from services.auth.ports.link_codes import SealedLinkCodes
from services.auth.ports.lockouts import ValkeyFailures
from services.auth.ports.passwords import Argon2Passwords
from services.auth.ports.refresh_tokens import SealedRefreshTokens
from services.auth.ports.sessions import ValkeySessions
from services.auth.ports.tokens import SignedTokens
from services.auth.provider_wiring import wire_providers
from services.auth.rpc.accounts import AccountRpc
from services.auth.rpc.admin_sessions import OwnAdminAccess
from services.auth.rpc.companies import CompanyRpc
from services.auth.rpc.cookies import BrowserCookies
from services.auth.rpc.directory import DirectoryRpc, OwnAccess
from services.auth.rpc.rules import fresh_factor_for_email
from services.auth.rpc.sessions import SessionRpc
from services.auth.settings import AuthSettings
from services.auth.staff_wiring import wire_staff
from services.auth.store.companies import PostgresCompanies
from services.auth.store.links import PostgresInvitations, PostgresLinks
from services.auth.store.session_ends import PostgresSessionEnds
from services.auth.store.traces import PostgresTraces
from services.auth.store.users import PostgresUsers
from services.kit.audit import AuditLog
from services.kit.service import Endpoint, Periodic, Resources, Service, Wiring
from services.kit.tokens import TokenVerifier

_ACCOUNT = account_service_pb2.DESCRIPTOR.services_by_name["AccountService"]
_SESSION = session_service_pb2.DESCRIPTOR.services_by_name["SessionService"]
_COMPANY = company_service_pb2.DESCRIPTOR.services_by_name["CompanyService"]
_DIRECTORY = directory_service_pb2.DESCRIPTOR.services_by_name["DirectoryService"]


async def wire(kit: Resources[AuthSettings]) -> Wiring:
    """Put the rooms together."""
    settings = kit.settings
    users = PostgresUsers()
    sessions = ValkeySessions(kit.redis)
    endings = SessionEndings(kit.work, sessions, PostgresSessionEnds(), kit.clock)
    passwords = Argon2Passwords()
    access_tokens = _signed_tokens(settings)
    lockouts = Lockouts(ValkeyFailures(kit.redis), kit.clock)
    audit = AuditLog(kit.clock, kit.ids)
    key_log = KeyLog(kit.work, audit)
    sign_in_log = SignInLog(kit.work, audit)
    accounts = Accounts(
        work=kit.work,
        reader=kit.reader,
        users=users,
        links=PostgresLinks(),
        passwords=passwords,
        clock=kit.clock,
        ids=kit.ids,
    )
    lifecycle = _lifecycle(kit, sessions, endings, passwords, lockouts)
    devices = Devices(sessions, endings)
    factors = wire_factors(
        kit, users=users, sessions=sessions, devices=devices, passwords=passwords, lockouts=lockouts
    )
    sign_ins = SignIns(
        work=kit.work,
        reader=kit.reader,
        users=users,
        sessions=sessions,
        endings=endings,
        passwords=passwords,
        access_tokens=access_tokens,
        refresh_tokens=SealedRefreshTokens(settings.refresh_secret_file.read_bytes()),
        challenges=factors.sign_in_challenges,
        lockouts=lockouts,
        log=sign_in_log,
        clock=kit.clock,
        ids=kit.ids,
    )
    companies = Companies(
        work=kit.work,
        reader=kit.reader,
        companies=PostgresCompanies(),
        users=users,
        clock=kit.clock,
        ids=kit.ids,
    )
    account_rpc = AccountRpc(
        accounts, lifecycle.profiles, lifecycle.password_changes, lifecycle.departures
    )
    directory = Directory(kit.reader, users, PostgresCompanies(), sessions)
    visits = Visits(
        TokenVerifier(settings.jwks_file, settings.issuer, settings.audience),
        kit.access,
        kit.maintenance,
    )
    cookies = BrowserCookies(kit.clock, secure=settings.environment != "local")
    staff = wire_staff(kit, users=users, endings=endings, passwords=passwords, log=sign_in_log)
    providers = wire_providers(
        kit,
        users=users,
        sign_ins=sign_ins,
        log=sign_in_log,
        reauthentication=factors.reauthentication,
        cookies=cookies,
    )

    directory_rpc = DirectoryRpc(directory, lifecycle.mail_targets, staff.sign_ins, visits)

    async def close() -> None:
        await providers.close()
        await asyncio.to_thread(passwords.close)

    return Wiring(
        endpoints=[
            Endpoint(_ACCOUNT, account_rpc, {"Register": account_rpc.prepare_register}),
            Endpoint(_SESSION, SessionRpc(sign_ins, factors.step_ups, devices, cookies)),
            factors.endpoint,
            Endpoint(_COMPANY, CompanyRpc(companies, lifecycle.invitations)),
            Endpoint(_DIRECTORY, directory_rpc),
            *staff.endpoints,
            *providers.endpoints,
        ],
        rules={"fresh_factor_for_email": fresh_factor_for_email(kit.access, kit.clock)},
        reasons=[error_reason_pb2.DESCRIPTOR.enum_types_by_name["ErrorReason"]],
        periodic=[
            Periodic("expired-links", 3600.0, lifecycle.mail_targets.drop_expired),
            Periodic("ends-of-sessions", 3600.0, endings.drop_forgotten),
        ],
        access=OwnAccess(directory),
        admin_access=OwnAdminAccess(staff.sign_ins),
        maintenance=staff.switch,
        background=[
            lambda: access_tokens.watch(settings.signing_keys_reload_seconds, key_log.rotated),
            lambda: staff.tokens.watch(settings.signing_keys_reload_seconds, key_log.rotated),
        ],
        close=close,
    )


@dataclass(frozen=True)
class _Lifecycle:
    """What people do with their accounts beside signing in."""

    profiles: Profiles
    password_changes: PasswordChanges
    departures: Departures
    invitations: CompanyInvitations
    mail_targets: MailTargets


def _lifecycle(
    kit: Resources[AuthSettings],
    sessions: ValkeySessions,
    endings: SessionEndings,
    passwords: Argon2Passwords,
    lockouts: Lockouts,
) -> _Lifecycle:
    settings = kit.settings
    codes = SealedLinkCodes(settings.refresh_secret_file.read_bytes(), settings.site_url)
    users, companies = PostgresUsers(), PostgresCompanies()
    links, invitations = PostgresLinks(), PostgresInvitations()
    return _Lifecycle(
        profiles=Profiles(
            work=kit.work,
            users=users,
            links=links,
            codes=codes,
            passwords=passwords,
            lockouts=lockouts,
            clock=kit.clock,
            ids=kit.ids,
        ),
        password_changes=PasswordChanges(
            work=kit.work,
            users=users,
            links=links,
            codes=codes,
            passwords=passwords,
            lockouts=lockouts,
            endings=endings,
            clock=kit.clock,
            ids=kit.ids,
        ),
        departures=Departures(
            work=kit.work,
            users=users,
            companies=companies,
            links=links,
            invitations=invitations,
            traces=PostgresTraces(),
            sessions=sessions,
            passwords=passwords,
            lockouts=lockouts,
            endings=endings,
            clock=kit.clock,
        ),
        invitations=CompanyInvitations(
            work=kit.work,
            reader=kit.reader,
            companies=companies,
            users=users,
            invitations=invitations,
            codes=codes,
            clock=kit.clock,
            ids=kit.ids,
        ),
        mail_targets=MailTargets(
            work=kit.work,
            users=users,
            links=links,
            invitations=invitations,
            codes=codes,
            clock=kit.clock,
        ),
    )


def _signed_tokens(settings: AuthSettings) -> SignedTokens:
    return SignedTokens(
        settings.signing_keys_dir,
        settings.issuer,
        settings.audience,
        timedelta(seconds=settings.access_token_seconds),
    )


SERVICE = Service(
    name="auth",
    wire=wire,
    migrations=Path(__file__).parent / "migrations",
    settings=AuthSettings,
)
