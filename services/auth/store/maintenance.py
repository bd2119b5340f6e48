"""The maintenance switch in Postgres."""

from __future__ import annotations

from datetime import datetime

from services.auth.app.staff_stores import Switch
from services.auth.app.stores import Source
from services.kit.db import Query
from services.kit.work import UnitOfWork

_GET = Query.text("select is_on, switched_at from maintenance where id = 1")
_TURN = Query.text(
    """
    update maintenance set is_on = :is_on, switched_at = cast(:at as timestamptz)
    where id = 1 and is_on <> :is_on
    """
)


class PostgresMaintenance:
    """Keeps the switch in one row."""

    async def get(self, source: Source) -> Switch:
        """Return its position."""
        row = await source.fetch_one(_GET)
        if row is None:
            raise RuntimeError("the switch is missing: a migration makes it")
        return Switch(row["is_on"], row["switched_at"])

    async def turn(self, work: UnitOfWork, *, on: bool, at: datetime) -> bool:
        """Turn it; False when it stood there already."""
        return await work.execute(_TURN, is_on=on, at=at) == 1
