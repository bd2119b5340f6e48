"""Who passes: users and staff, roles, and the second factor."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey
from weneeds.auth.v1 import account_service_pb2, admin_service_pb2, factor_service_pb2

from services.kit.access import Access, AccessCache
from services.kit.call import Call, User
from services.kit.chain import Guard
from services.kit.chain.identity import identity
from services.kit.chain.policy import policy
from services.kit.clock import FakeClock
from services.kit.contract import Method, methods_of
from services.kit.errors import (
    AccountBanned,
    Refused,
    RoleRequired,
    SessionEnded,
    StepUpRequired,
    SuperAdminRequired,
    TokenExpired,
    TokenInvalid,
    TokenMissing,
    TokenType,
)
from services.kit.tokens import TokenVerifier, Verifiers

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

ID = "01a2090a-64c0-7000-830c-acb66bbb8420"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Source:
    """Answers with one state after the other; the last one stays."""

    def __init__(self, *states: Access) -> None:
        self.states = list(states)
        self.asked = 0

    async def access(self, user_id: str, session_id: str) -> Access:
        self.asked += 1
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


ALIVE = Access(session_alive=True, role="ADMIN", factor_enrolled=True, factor_at=NOW)


def _method(module: Any, service: str, name: str) -> Method:
    descriptor = module.DESCRIPTOR.services_by_name[service]
    return next(method for method in methods_of(descriptor) if method.name == name)


GET_ME = _method(account_service_pb2, "AccountService", "GetMe")
LIST_USERS = _method(admin_service_pb2, "AdminUserService", "ListUsers")
CREATE_ADMIN = _method(admin_service_pb2, "AdminManagementService", "CreateAdmin")
BEGIN_TOTP = _method(factor_service_pb2, "FactorService", "BeginTotp")
REPLACE_CODES = _method(factor_service_pb2, "FactorService", "ReplaceRecoveryCodes")


class Issuers:
    """Signs tokens of both kinds, and knows who verifies them."""

    def __init__(self, folder: Path) -> None:
        self._keys = {}
        self._verifiers = {}
        for access in ("site", "admin"):
            key = OKPKey.generate_key("Ed25519", {"kid": access}, private=True)
            file = folder / f"{access}.json"
            file.write_text(json.dumps({"keys": [{**key.as_dict(private=False), "kid": access}]}))
            self._keys[access] = key
            self._verifiers[access] = TokenVerifier(file, access, access, access=access)
        self.verifiers = Verifiers(self._verifiers["site"], self._verifiers["admin"])
        self.without_staff = Verifiers(self._verifiers["site"], None)

    def token(self, access: str, role: str, seconds: int = 600, key: str = "") -> str:
        until = int(time.time()) + seconds
        claims = {
            "iss": access, "aud": access, "sub": ID, "sid": ID, "role": role, "access": access,
            "exp": until,
        }  # fmt: skip
        signing = self._keys[key or access]
        return jwt.encode({"alg": "EdDSA", "kid": access}, claims, signing, algorithms=["EdDSA"])


@pytest.fixture(scope="module")
def issuers(tmp_path_factory: pytest.TempPathFactory) -> Issuers:
    return Issuers(tmp_path_factory.mktemp("issuers"))


async def _identified(
    method: Method, verifiers: Verifiers, token: str, state: Access = ALIVE
) -> User:
    guard = identity(method, verifiers, AccessCache(Source(state)), AccessCache(Source(state)))
    assert guard is not None
    call = Call(method, "id", token=token)
    await _passed(guard, call, method)
    assert call.user is not None
    return call.user


async def test_each_kind_of_token_opens_its_own_methods(issuers: Issuers) -> None:
    user = await _identified(GET_ME, issuers.verifiers, issuers.token("site", "CANDIDATE"))
    assert (user.access, user.role) == ("site", "CANDIDATE")
    admin = await _identified(LIST_USERS, issuers.verifiers, issuers.token("admin", "ADMIN"))
    assert (admin.access, admin.role) == ("admin", "ADMIN")


@pytest.mark.parametrize("seconds", [600, -600])
async def test_a_token_of_the_other_kind_is_told_so(issuers: Issuers, seconds: int) -> None:
    for method, token in (
        (LIST_USERS, issuers.token("site", "RECRUITER", seconds)),
        (GET_ME, issuers.token("admin", "SUPER_ADMIN", seconds)),
    ):
        with pytest.raises(TokenType):
            await _identified(method, issuers.verifiers, token)


async def test_what_neither_issuer_signed_is_invalid(issuers: Issuers) -> None:
    # Signed by users' key and made to look like staff's, and the other way round.
    for method, token in (
        (LIST_USERS, issuers.token("admin", "SUPER_ADMIN", key="site")),
        (GET_ME, issuers.token("site", "RECRUITER", key="admin")),
    ):
        with pytest.raises(TokenInvalid):
            await _identified(method, issuers.verifiers, token)
    with pytest.raises(TokenInvalid):
        await _identified(LIST_USERS, issuers.verifiers, issuers.token("admin", "RECRUITER"))
    with pytest.raises(TokenMissing):
        await _identified(LIST_USERS, issuers.verifiers, "")
    with pytest.raises(TokenExpired):
        await _identified(LIST_USERS, issuers.verifiers, issuers.token("admin", "ADMIN", -9))


async def test_without_an_issuer_for_staff_no_token_is_one(issuers: Issuers) -> None:
    for access, role in (("admin", "SUPER_ADMIN"), ("site", "RECRUITER")):
        with pytest.raises(TokenInvalid):
            await _identified(LIST_USERS, issuers.without_staff, issuers.token(access, role))


async def test_the_role_of_this_moment_counts(issuers: Issuers) -> None:
    token = issuers.token("admin", "SUPER_ADMIN")
    admin = await _identified(LIST_USERS, issuers.verifiers, token, ALIVE)
    assert admin.role == "ADMIN"
    with pytest.raises(SessionEnded):
        await _identified(LIST_USERS, issuers.verifiers, token, Access(session_alive=False))


async def test_a_banned_user_learns_of_the_ban_although_the_session_ended(issuers: Issuers) -> None:
    banned = Access(session_alive=False, banned=True)
    with pytest.raises(AccountBanned):
        await _identified(GET_ME, issuers.verifiers, issuers.token("site", "CANDIDATE"), banned)


async def _passed(guard: Guard, call: Call, method: Method) -> None:
    pending = guard(call, method.request())
    if pending is not None:
        await pending


async def _judged(
    method: Method, role: str, source: Source, at: datetime = NOW, *, seen: bool = False
) -> None:
    """Pass the guards of `method`. `seen`: the caller's snapshot is at hand already."""
    call = Call(method, "id", user=User(ID, role, ID))
    cache = AccessCache(source)
    if seen:
        await cache.get(ID, ID)
    for guard in policy(method, {}, {}, cache, FakeClock(at)):
        await _passed(guard, call, method)


async def test_only_a_super_admin_passes_where_one_is_wanted() -> None:
    with pytest.raises(SuperAdminRequired):
        await _judged(CREATE_ADMIN, "ADMIN", Source(ALIVE))
    await _judged(CREATE_ADMIN, "SUPER_ADMIN", Source(ALIVE))
    await _judged(LIST_USERS, "ADMIN", Source(ALIVE))
    with pytest.raises(RoleRequired):
        await _judged(LIST_USERS, "RECRUITER", Source(ALIVE))


NO_FACTOR = Access(session_alive=True)
NEVER = Access(session_alive=True, factor_enrolled=True)


def _proved(ago: timedelta) -> Access:
    return Access(session_alive=True, factor_enrolled=True, factor_at=NOW - ago)


@pytest.mark.parametrize(
    ("method", "state", "refusal"),
    [
        (BEGIN_TOTP, NO_FACTOR, None),
        (REPLACE_CODES, NO_FACTOR, StepUpRequired),
        (BEGIN_TOTP, NEVER, StepUpRequired),
        (REPLACE_CODES, NEVER, StepUpRequired),
        (BEGIN_TOTP, _proved(timedelta(minutes=10)), None),
        (REPLACE_CODES, _proved(timedelta(minutes=10)), None),
        (BEGIN_TOTP, _proved(timedelta(minutes=10, seconds=1)), StepUpRequired),
        (REPLACE_CODES, _proved(timedelta(minutes=10, seconds=1)), StepUpRequired),
    ],
)
async def test_step_up(method: Method, state: Access, refusal: type[Refused] | None) -> None:
    if refusal is None:
        await _judged(method, "CANDIDATE", Source(state))
        return
    with pytest.raises(refusal):
        await _judged(method, "CANDIDATE", Source(state))


async def test_a_factor_proved_a_moment_ago_counts_at_once() -> None:
    """A "no" is asked again once: the snapshot of the identity guard may be older."""
    source = Source(NEVER, _proved(timedelta(0)))
    await _judged(REPLACE_CODES, "CANDIDATE", source, seen=True)
    assert source.asked == 2
    source = Source(NEVER)
    with pytest.raises(StepUpRequired):
        await _judged(REPLACE_CODES, "CANDIDATE", source, seen=True)
    assert source.asked == 2
