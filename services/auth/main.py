"""Wiring of the auth service, nothing else."""

from __future__ import annotations

import asyncio
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
from services.auth.app.directory import Directory
from services.auth.app.key_log import KeyLog
from services.auth.app.sessions import SignIns
from services.auth.app.sign_in_log import SignInLog
from services.auth.ports.passwords import Argon2Passwords
from services.auth.ports.refresh_tokens import SealedRefreshTokens
from services.auth.ports.sessions import ValkeySessions
from services.auth.ports.tokens import SignedTokens
from services.auth.rpc.accounts import AccountRpc
from services.auth.rpc.companies import CompanyRpc
from services.auth.rpc.directory import DirectoryRpc, OwnAccess
from services.auth.rpc.sessions import SessionRpc
from services.auth.settings import AuthSettings
from services.auth.store.companies import PostgresCompanies
from services.auth.store.users import PostgresUsers
from services.kit.audit import AuditLog
from services.kit.service import Endpoint, Resources, Service, Wiring

_ACCOUNT = account_service_pb2.DESCRIPTOR.services_by_name["AccountService"]
_SESSION = session_service_pb2.DESCRIPTOR.services_by_name["SessionService"]
_COMPANY = company_service_pb2.DESCRIPTOR.services_by_name["CompanyService"]
_DIRECTORY = directory_service_pb2.DESCRIPTOR.services_by_name["DirectoryService"]


async def wire(kit: Resources[AuthSettings]) -> Wiring:
    """Put the rooms together."""
    settings = kit.settings
    users = PostgresUsers()
    sessions = ValkeySessions(kit.redis)
    passwords = Argon2Passwords()
    access_tokens = _signed_tokens(settings)
    audit = AuditLog(kit.clock, kit.ids)
    key_log = KeyLog(kit.work, audit)
    sign_in_log = SignInLog(kit.work, audit)
    accounts = Accounts(
        work=kit.work,
        reader=kit.reader,
        users=users,
        passwords=passwords,
        clock=kit.clock,
        ids=kit.ids,
    )
    sign_ins = SignIns(
        work=kit.work,
        reader=kit.reader,
        users=users,
        sessions=sessions,
        passwords=passwords,
        access_tokens=access_tokens,
        refresh_tokens=SealedRefreshTokens(settings.refresh_secret_file.read_bytes()),
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
    directory = Directory(kit.reader, users, sessions)
    return Wiring(
        endpoints=[
            Endpoint(_ACCOUNT, AccountRpc(accounts)),
            Endpoint(_SESSION, SessionRpc(sign_ins)),
            Endpoint(_COMPANY, CompanyRpc(companies)),
            Endpoint(_DIRECTORY, DirectoryRpc(directory)),
        ],
        reasons=[error_reason_pb2.DESCRIPTOR.enum_types_by_name["ErrorReason"]],
        access=OwnAccess(directory),
        background=[
            lambda: access_tokens.watch(settings.signing_keys_reload_seconds, key_log.rotated)
        ],
        close=lambda: asyncio.to_thread(passwords.close),
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
