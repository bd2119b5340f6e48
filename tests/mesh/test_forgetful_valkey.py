"""A session that ended stays ended, though a crash of Valkey forgets its last second or two."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from weneeds import AsyncWeNeeds

from services.auth.domain.sessions import GRACE
from tests.chaos.families import claims
from tests.conftest import RunningMesh
from tests.mesh.staffing import REVOKED_SECONDS, Admin, refusal, within
from tests.mesh.test_revocation import ANOTHER_PASSWORD, again
from tests.support.forgetting import Moment
from tests.support.people import CANDIDATE, PASSWORD, Person, person

pytestmark = pytest.mark.mesh

Ending = Callable[[Person, Person, Redis], Awaitable[Any]]


@pytest.fixture
async def valkey(mesh: RunningMesh) -> AsyncIterator[Redis]:
    async with Redis.from_url(mesh.topology.redis_url) as redis:
        yield redis


async def reused(someone: Person, elsewhere: Person, valkey: Redis) -> None:
    """Somebody comes with a token that was used long ago."""
    client = someone.client
    stolen = client.tokens.refresh_token
    kept = client.with_token(None)
    await kept.sessions.refresh(refresh_token=stolen)
    key = f"auth:session:{claims(someone.token)['sid']}"
    held = json.loads(await valkey.get(key))
    past = int((GRACE.total_seconds() + 1) * 1e6)
    held["used"] = [[digest, at - past] for digest, at in held["used"]]
    await valkey.set(key, json.dumps(held, separators=(",", ":")), keepttl=True)
    refused = await refusal(kept.sessions.refresh(refresh_token=stolen))
    assert refused.reason == "REFRESH_TOKEN_INVALID"


ENDINGS: dict[str, Ending] = {
    "sign-out": lambda someone, elsewhere, valkey: someone.client.sessions.sign_out(),
    "from the list of devices": lambda someone, elsewhere, valkey: (
        elsewhere.client.sessions.end_session(session_id=claims(someone.token)["sid"])
    ),
    "sign-out of all": lambda someone, elsewhere, valkey: (
        elsewhere.client.sessions.end_all_sessions()
    ),
    "another password": lambda someone, elsewhere, valkey: (
        elsewhere.client.accounts.change_password(
            current_password=PASSWORD, new_password=ANOTHER_PASSWORD
        )
    ),
    "reuse": reused,
}


@pytest.mark.parametrize("name", ENDINGS)
async def test_it_stays_ended(name: str, guest: AsyncWeNeeds, valkey: Redis) -> None:
    someone = await person(guest, CANDIDATE)
    elsewhere = await again(guest, someone)
    kept, refresh = guest.with_token(someone.token), someone.client.tokens.refresh_token
    key = f"auth:session:{claims(someone.token)['sid']}"
    before = await Moment.of(valkey, key, f"auth:sessions:{someone.id}")
    assert len(before.held) == 2

    await ENDINGS[name](someone, elsewhere, valkey)
    await before.put_back(valkey)
    assert await valkey.exists(key)

    await asyncio.gather(
        within(REVOKED_SECONDS, kept.accounts.get_me, "SESSION_ENDED"),
        within(REVOKED_SECONDS, lambda: kept.mails.list_my_mails().page(), "SESSION_ENDED"),
        kept_refused(guest, refresh),
    )
    assert (await refusal(kept.accounts.get_me())).reason == "SESSION_ENDED"
    if name in ("sign-out", "from the list of devices", "another password"):
        assert (await elsewhere.client.accounts.get_me()).user.id == someone.id


async def kept_refused(guest: AsyncWeNeeds, refresh: str) -> None:
    refused = await refusal(guest.with_token(None).sessions.refresh(refresh_token=refresh))
    assert refused.reason == "REFRESH_TOKEN_INVALID"


async def test_who_signs_in_after_all_was_ended_stays(guest: AsyncWeNeeds, valkey: Redis) -> None:
    someone = await person(guest, CANDIDATE)
    await someone.client.sessions.end_all_sessions()
    fresh = await again(guest, someone)
    assert (await fresh.client.accounts.get_me()).user.id == someone.id
    await fresh.client.sessions.refresh(refresh_token=fresh.client.tokens.refresh_token)


async def test_staff_that_signed_out_stays_out(plain: Admin, valkey: Redis) -> None:
    kept, refresh = plain.client.with_token(plain.token), plain.client.tokens
    assert refresh is not None
    before = await Moment.of(
        valkey,
        f"auth:admin:session:{claims(plain.token)['sid']}",
        f"auth:admin:sessions:{plain.id}",
    )
    await plain.client.admin_sessions.sign_out_admin()
    await before.put_back(valkey)
    await within(REVOKED_SECONDS, kept.admin_sessions.get_admin_me, "SESSION_ENDED")
    guest = kept.with_token(None)
    refused = await refusal(guest.admin_sessions.refresh_admin(refresh_token=refresh.refresh_token))
    assert refused.reason == "REFRESH_TOKEN_INVALID"
