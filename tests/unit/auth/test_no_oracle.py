"""No oracle: what is done for an account is done for none, to the last statement.

Clocks lie on a busy machine, so the work itself is compared: password hashes
with their parameters, statements to Postgres, commands to Valkey, in order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from argon2 import PasswordHasher
from redis.asyncio import Redis

from services.auth.domain.companies import CompanyRole
from services.auth.domain.lockouts import FREE_FAILURES
from services.auth.domain.users import CredentialsInvalid
from services.kit.db import Query
from services.kit.errors import RateLimited
from tests.support.sql import Sql
from tests.unit.auth.conftest import PASSWORD, Auth, new_email
from tests.unit.auth.life import build_life

Call = Callable[[], Awaitable[Any]]


@dataclass
class Work:
    """What a call cost."""

    # The parameters of each password hash: algorithm, memory, passes, lanes.
    hashes: list[str] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Callable[[Call], Awaitable[Work]]:
    """Returns what tells what a call cost."""
    work = Work()
    verify, arguments, command = (
        PasswordHasher.verify,
        Query.arguments,
        Redis.execute_command,
    )

    def verified(self: PasswordHasher, encoded: str, password: str) -> Any:
        work.hashes.append(encoded.rsplit("$", 2)[0])
        return verify(self, encoded, password)

    def asked(self: Query, values: Mapping[str, Any]) -> tuple[Any, ...]:
        work.statements.append(self.sql)
        return arguments(self, values)

    async def commanded(self: Redis, *args: Any, **options: Any) -> Any:
        # A script by its digest; keys and values differ.
        work.commands.append(" ".join(map(str, args[:2] if args[0] == "EVALSHA" else args[:1])))
        return await command(self, *args, **options)

    monkeypatch.setattr(PasswordHasher, "verify", verified)
    monkeypatch.setattr(Query, "arguments", asked)
    monkeypatch.setattr(Redis, "execute_command", commanded)

    async def measured(call: Call) -> Work:
        nonlocal work
        work = Work()
        with suppress(CredentialsInvalid, RateLimited):
            await call()
        # What follows is not of this call.
        found, work = work, Work()
        return found

    return measured


async def people(auth: Auth) -> dict[str, str]:
    """E-mails of every standing that an account can have, and one of nobody."""
    sql = Sql(auth.database)
    banned, provided, unproved = [await auth.register() for _ in range(3)]
    await sql.execute("update users set status = 'BANNED' where id = $1", banned.id)
    await sql.execute("update users set password_hash = null where id = $1", provided.id)
    return {
        "nobody": new_email(),
        "somebody": unproved.email,
        "banned": banned.email,
        "without a password": provided.email,
    }


async def test_signing_in_in_vain_costs_the_same_for_everybody(
    auth: Auth, measure: Callable[[Call], Awaitable[Work]]
) -> None:
    # The first one loads the script.
    await measure(lambda: auth.sign_ins.sign_in(new_email(), "wrong"))
    costs = {
        name: await measure(lambda email=email: auth.sign_ins.sign_in(email, "wrong"))
        for name, email in (await people(auth)).items()
    }
    nobody = costs["nobody"]
    assert costs == dict.fromkeys(costs, nobody)
    assert len(nobody.hashes) == 1
    assert nobody.statements
    assert nobody.commands


async def test_a_locked_account_costs_nobody_a_hash(
    auth: Auth, measure: Callable[[Call], Awaitable[Work]]
) -> None:
    costs = {}
    for name, email in (await people(auth)).items():
        for _ in range(FREE_FAILURES + 1):
            with pytest.raises(CredentialsInvalid):
                await auth.sign_ins.sign_in(email, "wrong")
        costs[name] = await measure(lambda email=email: auth.sign_ins.sign_in(email, PASSWORD))
    assert costs == dict.fromkeys(costs, costs["nobody"])
    assert costs["nobody"].hashes == costs["nobody"].statements == []


async def test_asking_for_a_reset_costs_the_same_for_everybody(
    auth: Auth, measure: Callable[[Call], Awaitable[Work]]
) -> None:
    life = build_life(auth)
    costs = {
        name: await measure(lambda email=email: life.passwords.request_reset(email))
        for name, email in (await people(auth)).items()
    }
    assert costs == dict.fromkeys(costs, costs["nobody"])
    assert costs["nobody"].statements
    assert costs["nobody"].hashes == []


async def test_inviting_costs_the_same_for_everybody(
    auth: Auth, measure: Callable[[Call], Awaitable[Work]]
) -> None:
    life = build_life(auth)
    founder = await auth.register()
    company = await auth.companies.create(founder.id, "Maison Fictive", "", "")
    costs = {
        name: await measure(
            lambda email=email: life.invitations.invite(
                founder.id, company.id, email, CompanyRole.VIEWER
            )
        )
        for name, email in (await people(auth)).items()
    }
    assert costs == dict.fromkeys(costs, costs["nobody"])
    assert costs["nobody"].statements
