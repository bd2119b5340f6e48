"""What the tables hold of a person beside the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.auth.app.stores import Source
from services.kit.db import Query
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
# Kept answers of the person's own calls may name them.
_ANSWERS = Query.text("delete from idempotency where caller = :user_id")


class PostgresTraces:
    """Reads and erases traces in Postgres."""

    async def of_user(self, source: Source, user_id: str) -> Mapping[str, Sequence[Any]]:
        """Return JSON values by section, without secrets."""
        rows = await source.fetch(_ACTIONS, user_id=user_id)
        actions = [
            {
                "at": row["at"].isoformat(),
                "action": row["action"],
                "success": row["success"],
                "reason": row["reason"],
            }
            for row in rows
        ]
        return {"actions": actions}

    async def erase(self, work: UnitOfWork, user_id: str) -> None:
        """Delete what would outlive the account and tells of the person."""
        await work.execute(_ANSWERS, user_id=user_id)
