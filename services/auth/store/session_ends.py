"""The ends of sessions in Postgres. Who looks an account up reads them in the same statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.auth.app.stores import Source
from services.auth.domain.sessions import Ends
from services.kit.db import Query, Row
from services.kit.work import UnitOfWork

_END = Query.text(
    """
    insert into ended_sessions (id, ended_at) values (cast(:id as uuid), :at)
    on conflict (id) do nothing
    """
)
_END_ALL = Query.text(
    """
    insert into session_epochs as s (account_id, began_at, kept_id)
    values (cast(:account_id as uuid), :at, cast(:kept_id as uuid))
    on conflict (account_id) do update
    set began_at = greatest(s.began_at, excluded.began_at), kept_id = excluded.kept_id
    """
)
_ENDS = Query.text(
    """
    select i.id, e.id is not null as session_ended,
           s.began_at as epoch_began_at, s.kept_id as epoch_kept_id
    from unnest(cast(:ids as uuid[])) i (id)
    left join ended_sessions e on e.id = i.id
    left join session_epochs s on s.account_id = cast(:account_id as uuid)
    """
)
_DROP = (
    Query.text("delete from ended_sessions where ended_at < :before"),
    Query.text("delete from session_epochs where began_at < :before"),
)


class PostgresSessionEnds:
    """Keeps in Postgres which sessions ended, of users and of staff."""

    async def end(self, work: UnitOfWork, session_id: str, at: datetime) -> None:
        """Write down that a session ended."""
        await work.execute(_END, id=session_id, at=at)

    async def end_all(self, work: UnitOfWork, account_id: str, at: datetime, keep: str) -> None:
        """Write down that all sessions opened before `at` ended, but `keep` ("": none)."""
        await work.execute(_END_ALL, account_id=account_id, at=at, kept_id=keep or None)

    async def of(
        self, source: Source, account_id: str, session_ids: Sequence[str]
    ) -> dict[str, Ends]:
        """Return what stands of each session, in one statement."""
        rows = await source.fetch(_ENDS, account_id=account_id, ids=list(session_ids))
        return {row["id"]: ends_of(row) for row in rows}

    async def drop_before(self, work: UnitOfWork, before: datetime) -> None:
        """Delete what is about sessions that ended before an instant."""
        for query in _DROP:
            await work.execute(query, before=before)


def ends_of(row: Row) -> Ends:
    """Return what a row says in session_ended, epoch_began_at and epoch_kept_id."""
    return Ends(row["session_ended"], row["epoch_began_at"], row["epoch_kept_id"])
