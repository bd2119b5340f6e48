"""The use cases of an account's life, on the real stores of these tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from weneeds.messaging.events.v1.events_pb2 import MailSend

from services.auth.app.departures import Departures
from services.auth.app.devices import Devices
from services.auth.app.endings import SessionEndings
from services.auth.app.invitations import CompanyInvitations
from services.auth.app.mail_targets import MailTargets
from services.auth.app.password_changes import PasswordChanges
from services.auth.app.profiles import Profiles
from services.auth.domain.links import LinkInvalid
from services.auth.domain.users import User
from services.auth.ports.link_codes import SealedLinkCodes
from services.auth.store.companies import PostgresCompanies
from services.auth.store.links import PostgresInvitations, PostgresLinks
from services.auth.store.traces import PostgresTraces
from services.auth.store.users import PostgresUsers
from services.kit.ids import Uuid7Ids
from services.kit.work import UnitsOfWork
from tests.support.sql import Sql
from tests.unit.auth.conftest import PASSWORD, Auth

SITE = "https://site.example"


@dataclass
class Life:
    """An account's life beside signing in."""

    auth: Auth
    profiles: Profiles
    passwords: PasswordChanges
    departures: Departures
    invitations: CompanyInvitations
    targets: MailTargets
    devices: Devices
    endings: SessionEndings

    async def mails(self, key: str = "") -> list[MailSend]:
        """The wishes for mails to a user, or (without a key) by reference; oldest first."""
        rows = await Sql(self.auth.database).fetch(
            "select payload from outbox where subject = 'mail.send' and key = $1 order by seq", key
        )
        return [MailSend.FromString(row["payload"]) for row in rows]

    async def code_to(self, email: str) -> str:
        """The code of the newest mail by reference that goes to an address, as read there."""
        for mail in reversed(await self.mails()):
            try:
                target = await self.targets.target(mail.reference_id)
            except LinkInvalid:
                continue
            if target.email == email:
                return code_of(target.link)
        raise AssertionError(f"no mail to {email}")

    async def code_for(self, user: User) -> str:
        """The code of the newest mail to a user that carries one."""
        mail = [each for each in await self.mails(user.id) if each.reference_id][-1]
        return code_of((await self.targets.target(mail.reference_id)).link)

    async def sign_in(self, email: str, password: str = PASSWORD) -> str:
        """Sign in; return the session's id."""
        user = (await self.auth.sign_ins.sign_in(email, password)).user
        return max((await self.auth.sessions.of_user(user.id)), key=lambda s: s.created_at).id

    async def count(self, table: str, where: str, *values: Any) -> int:
        """How many rows of a table there are."""
        query = f"select count(*) from {table} where {where}"
        return int(await Sql(self.auth.database).fetchval(query, *values))


def code_of(link: str) -> str:
    """The code in a link's fragment."""
    return link.partition("#code=")[2]


def build_life(auth: Auth) -> Life:
    """Put the use cases together as main.py does."""
    ids = Uuid7Ids(auth.clock)
    work = UnitsOfWork(auth.database, auth.clock, ids)
    users, companies = PostgresUsers(), PostgresCompanies()
    links, invitations = PostgresLinks(), PostgresInvitations()
    codes = SealedLinkCodes(b"s" * 32, SITE)
    return Life(
        auth=auth,
        profiles=Profiles(
            work=work,
            users=users,
            links=links,
            codes=codes,
            passwords=auth.passwords,
            lockouts=auth.lockouts,
            clock=auth.clock,
            ids=ids,
        ),
        passwords=PasswordChanges(
            work=work,
            users=users,
            links=links,
            codes=codes,
            passwords=auth.passwords,
            lockouts=auth.lockouts,
            endings=auth.endings,
            clock=auth.clock,
            ids=ids,
        ),
        departures=Departures(
            work=work,
            users=users,
            companies=companies,
            links=links,
            invitations=invitations,
            traces=PostgresTraces(),
            sessions=auth.sessions,
            passwords=auth.passwords,
            lockouts=auth.lockouts,
            endings=auth.endings,
            clock=auth.clock,
        ),
        invitations=CompanyInvitations(
            work=work,
            reader=auth.database.reader,
            companies=companies,
            users=users,
            invitations=invitations,
            codes=codes,
            clock=auth.clock,
            ids=ids,
        ),
        targets=MailTargets(
            work=work,
            users=users,
            links=links,
            invitations=invitations,
            codes=codes,
            clock=auth.clock,
        ),
        devices=Devices(auth.sessions, auth.endings),
        endings=auth.endings,
    )
