"""Sessions in Valkey: one key a session, one sorted set a user.

Losing Valkey signs people out and nobody in: each method raises
DependencyDown when it does not answer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.auth.domain.sessions import IDLE, Session, Used
from services.kit.errors import DependencyDown

# A user's oldest sessions end beyond this many.
SESSIONS_KEPT = 100
# The client tries again by itself; a caller is not kept waiting longer than this.
_PATIENCE_SECONDS = 1.5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# Writes a session if nobody changed it since it was read; an ended one stays ended.
_REPLACE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3])
return 1
"""

# Ends a session and opens another in its place, if nobody changed it since it was read. KEYS: both
# sessions, the user's. ARGV: the sessions, when the new one ends without use, when it expires, ids.
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], ARGV[2], 'PXAT', ARGV[3])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[6])
redis.call('ZREM', KEYS[3], ARGV[5])
return 1
"""

# Writes a new session, lists it under its user, and ends the user's oldest
# beyond the number kept. ARGV: session, its id, expiry in ms, now in ms, number
# kept, prefix of session keys, when it ends without use in ms.
_OPEN = """
redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[7])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
redis.call('PEXPIREAT', KEYS[2], ARGV[3])
local surplus = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[5])
if surplus <= 0 then return 0 end
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, surplus - 1)) do
  redis.call('DEL', ARGV[6] .. id)
end
return redis.call('ZREMRANGEBYRANK', KEYS[2], 0, surplus - 1)
"""


# Ends a user's sessions. ARGV: prefix of session keys, the session to keep or "".
_END_ALL = """
local ended = 0
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if id ~= ARGV[2] then
    redis.call('DEL', ARGV[1] .. id)
    redis.call('ZREM', KEYS[1], id)
    ended = ended + 1
  end
end
return ended
"""


class ValkeySessions:
    """Keeps sessions in Valkey (or Redis)."""

    def __init__(self, client: Redis, prefix: str = "auth:", kept: int = SESSIONS_KEPT) -> None:
        self._client = client
        self._session_prefix = f"{prefix}session:"
        self._user_prefix = f"{prefix}sessions:"
        self._kept = kept
        self._replace = client.register_script(_REPLACE)
        self._renew = client.register_script(_RENEW)
        self._open = client.register_script(_OPEN)
        self._end_all = client.register_script(_END_ALL)

    async def open(self, session: Session) -> None:
        """Keep a new session until it expires."""
        arguments: list[str | int] = [
            _encoded(session),
            session.id,
            _millis(session.expires_at),
            _millis(session.created_at),
            self._kept,
            self._session_prefix,
            _millis(session.ends_at),
        ]
        keys = [self._session_prefix + session.id, self._user_prefix + session.user_id]
        async with answering():
            await self._open(keys=keys, args=arguments)

    async def load(self, session_id: str) -> Session | None:
        """Return a session; None when it ended or expired."""
        async with answering():
            text = await self._client.get(self._session_prefix + session_id)
        return None if text is None else _decoded(session_id, text)

    async def replace(self, old: Session, new: Session) -> bool:
        """Write `new` if the session is still as `old`; tell whether it was."""
        keys = [self._session_prefix + old.id]
        arguments: list[str | int] = [_encoded(old), _encoded(new), _millis(new.ends_at)]
        async with answering():
            return bool(await self._replace(keys=keys, args=arguments))

    async def renew(self, old: Session, new: Session) -> bool:
        """Put `new` in the place of `old` if that is still so; tell whether it was."""
        prefix = self._session_prefix
        keys = [prefix + old.id, prefix + new.id, self._user_prefix + old.user_id]
        ends = [_millis(new.ends_at), _millis(new.expires_at)]
        arguments: list[str | int] = [_encoded(old), _encoded(new), *ends, old.id, new.id]
        async with answering():
            return bool(await self._renew(keys=keys, args=arguments))

    async def end(self, user_id: str, session_id: str) -> None:
        """End a session. Ending one that is gone succeeds."""
        async with answering(), self._client.pipeline(transaction=True) as pipeline:
            pipeline.delete(self._session_prefix + session_id)
            pipeline.zrem(self._user_prefix + user_id, session_id)
            await pipeline.execute()

    async def end_all(self, user_id: str, keep: str = "") -> None:
        """End all of a user's sessions but `keep`."""
        keys = [self._user_prefix + user_id]
        async with answering():
            await self._end_all(keys=keys, args=[self._session_prefix, keep])

    async def of_user(self, user_id: str) -> list[Session]:
        """Return a user's open sessions, in no order."""
        ids = await self.ids_of(user_id)
        if not ids:
            return []
        async with answering():
            texts = await self._client.mget([self._session_prefix + one for one in ids])
        return [_decoded(one, text) for one, text in zip(ids, texts, strict=True) if text]

    async def ids_of(self, user_id: str) -> list[str]:
        """Return the ids of a user's sessions, oldest first."""
        async with answering():
            members: list[Any] = await self._client.zrange(self._user_prefix + user_id, 0, -1)
        return [bytes(member).decode() for member in members]


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Turn silence of Valkey into DependencyDown."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            yield
    except (RedisError, OSError, TimeoutError) as error:
        raise DependencyDown(dependency="sessions") from error


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _millis(at: datetime) -> int:
    return _micros(at) // 1000


def _instant(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND


def _encoded(session: Session) -> str:
    """Return the stored form; equal sessions have equal forms."""
    value: dict[str, Any] = {
        "user": session.user_id,
        "current": session.current,
        "used": [[used.digest, _micros(used.at)] for used in session.used],
        "created": _micros(session.created_at),
        "expires": _micros(session.expires_at),
    }
    if session.device:
        value["device"] = session.device
    if session.idle != IDLE:
        value["idle"] = session.idle // _MICROSECOND
    if session.factor_at:
        value["factor"] = _micros(session.factor_at)
    return json.dumps(value, separators=(",", ":"))


def _decoded(session_id: str, text: bytes | str) -> Session:
    value: dict[str, Any] = json.loads(text)
    return Session(
        id=session_id,
        user_id=value["user"],
        current=value["current"],
        used=tuple(Used(digest, _instant(at)) for digest, at in value["used"]),
        created_at=_instant(value["created"]),
        expires_at=_instant(value["expires"]),
        device=value.get("device", ""),
        factor_at=_instant(value["factor"]) if "factor" in value else None,
        idle=value["idle"] * _MICROSECOND if "idle" in value else IDLE,
    )
