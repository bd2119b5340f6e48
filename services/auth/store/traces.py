"""What the tables hold of a person beside the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.auth.app.stores import Source
from services.kit.db import Query, Row
from services.kit.work import UnitOfWork

# The audit log keeps ids only and is not rewritten; here a person reads their own part.
_ACTIONS = Query.text(
    """
    select at, action, success, reason from audit
    where actor_id = :user_id
    order by seq desc
    limit 1000
    """
)
_IDENTITIES = Query.text(
    """
    select provider, subject, email, linked_at as at from identities
    where user_id = :user_id order by linked_at, id
    """
)
_FACTORS = Query.text(
    """
    select 'TOTP' as kind, '' as name, confirmed_at as at, cast(null as timestamptz) as used_at
    from authenticators where user_id = :user_id and confirmed_at is not null
    union all
    select 'RECOVERY_CODE', '', created_at, used_at from recovery_codes where user_id = :user_id
    union all
    select 'PASSKEY', name, created_at, last_used_at from passkeys where user_id = :user_id
    order by at
    """
)
# Kept answers of the person's own calls may name them.
_ANSWERS = Query.text("delete from idempotency where caller = :user_id")


class PostgresTraces:
    """Reads and erases traces in Postgres."""

    async def of_user(self, source: Source, user_id: str) -> Mapping[str, Sequence[Any]]:
        """Return JSON values by section, without secrets."""
        sections = {"identities": _IDENTITIES, "second_factors": _FACTORS, "actions": _ACTIONS}
        return {
            name: [_plain(row) for row in await source.fetch(query, user_id=user_id)]
            for name, query in sections.items()
        }

    async def erase(self, work: UnitOfWork, user_id: str) -> None:
        """Delete what would outlive the account and tells of the person."""
        await work.execute(_ANSWERS, user_id=user_id)


def _plain(row: Row) -> dict[str, Any]:
    """Return a row as JSON values: instants become text."""
    values: Mapping[str, Any] = dict(row)
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }
