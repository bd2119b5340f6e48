"""A fictitious person who has second factors, and uses them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable
from datetime import timedelta

from services.auth.app.challenges import Challenged
from services.auth.app.sessions import SignedIn
from services.auth.domain import totp
from services.auth.domain.factors import FactorKind, Factors, Proof
from services.auth.domain.users import User
from services.auth.ports.refresh_tokens import SealedRefreshTokens
from services.kit.errors import Refused
from tests.unit.auth.conftest import PASSWORD, Auth
from tests.unit.auth.factor_rooms import Browser

STEP = timedelta(seconds=totp.STEP_SECONDS)


class Person:
    """A fictitious person with a session, an app and a browser."""

    def __init__(self, auth: Auth, user: User, session_id: str) -> None:
        self.auth = auth
        self.user = user
        self.session_id = session_id
        self.secret = b""
        self.codes: list[str] = []
        self.browser = Browser()

    def code(self) -> str:
        """What the app shows."""
        return totp.code_at(self.secret, totp.step_at(self.auth.clock.now().timestamp()))

    def proof(self) -> Proof:
        return Proof(FactorKind.TOTP, self.code())

    async def begin_totp(self) -> None:
        begun = await self.auth.factors.second_factors.begin_totp(self.user.id)
        padding = "=" * (-len(begun.secret) % 8)
        self.secret = base64.b32decode(begun.secret + padding)

    async def enrol_totp(self) -> None:
        """Link an app; its next code is good."""
        await self.begin_totp()
        self.codes = await self.auth.factors.second_factors.confirm_totp(
            self.user.id, self.session_id, self.code()
        )
        self.auth.clock.move(STEP)

    async def enrol_passkey(self, browser: Browser | None = None) -> str:
        """Add a passkey and return its id."""
        factors = self.auth.factors.second_factors
        options = await factors.begin_passkey(self.user.id, self.session_id)
        added = await factors.finish_passkey(
            self.user.id, self.session_id, (browser or self.browser).create(options), " Téléphone "
        )
        self.codes = added.recovery_codes or self.codes
        return added.passkey.id

    async def sign_in(self) -> Challenged:
        answer = await self.auth.sign_ins.sign_in(self.user.email, PASSWORD)
        assert isinstance(answer, Challenged)
        return answer

    async def held(self) -> Factors:
        return await self.auth.factors.second_factors.get(self.user.id)

    async def fresh(self) -> bool:
        """Whether the session has proved a second factor."""
        standing = await self.auth.directory.standing(self.user.id, self.session_id)
        return standing.factor_at is not None

    async def enrolled(self) -> bool:
        """What the mesh is told."""
        standing = await self.auth.directory.standing(self.user.id, self.session_id)
        assert standing.member is not None
        return standing.member.factor_enrolled


def session_id(signed_in: SignedIn) -> str:
    token = SealedRefreshTokens(b"s" * 32).parse(signed_in.tokens.refresh)
    assert token is not None
    return token.session_id


async def new_person(auth: Auth) -> Person:
    """Register somebody and sign them in."""
    user = await auth.register()
    signed_in = await auth.sign_ins.sign_in(user.email, PASSWORD)
    assert isinstance(signed_in, SignedIn)
    return Person(auth, user, session_id(signed_in))


async def one_wins(*tries: Awaitable[object]) -> list[Refused]:
    """Run all at once; fail unless one succeeds. Return what the others got."""
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert len(outcomes) - len(refused) == 1, outcomes
    return refused
