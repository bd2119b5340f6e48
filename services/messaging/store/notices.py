"""Notices in Postgres."""

from __future__ import annotations

from collections.abc import Sequence

from services.kit.db import Query, Reader, Row
from services.kit.work import UnitOfWork
from services.messaging.domain.notice import NewNotice, Notice

# Numbers are drawn before they are committed. Without a turn per feed a reader
# could pass a number whose row comes into sight later, and never see it. The
# lock is held to the end of the transaction.
_TURN = Query.text("select pg_advisory_xact_lock(74211, hashtext(cast(:user_id as text)))")

_INSERT = Query.text(
    """
    insert into notices (user_id, topic, kind, resource_id, created_at)
    select :user_id, :topic, :kind, :resource_id, :created_at
    where not exists (select from erased_people where user_id = :user_id)
    """
)

_AFTER = Query.text(
    """
    select seq, topic, kind, resource_id, created_at from notices
    where user_id = :user_id and seq > :seq and topic = any(:topics)
    order by seq
    limit :limit
    """
)

_LAST = Query.text("select coalesce(max(seq), 0) as seq from notices where user_id = :user_id")

_OWNED = Query.text("select seq from notices where user_id = :user_id and seq = :seq")


# What comes late about somebody who is gone finds the feed closed.
_CLOSE = Query.text("insert into erased_people (user_id) values (:user_id) on conflict do nothing")
_ERASE = Query.text("delete from notices where user_id = :user_id")


class NoticeTable:
    """Keeps notices."""

    async def erase(self, work: UnitOfWork, user_id: str) -> None:
        """Delete the user's feed and close it for good."""
        await work.execute(_TURN, user_id=user_id)
        await work.execute(_CLOSE, user_id=user_id)
        await work.execute(_ERASE, user_id=user_id)

    async def add(self, work: UnitOfWork, notice: NewNotice) -> None:
        """Write the notice down, after all that its feed holds."""
        await work.execute(_TURN, user_id=notice.user_id)
        await work.execute(
            _INSERT,
            user_id=notice.user_id,
            topic=notice.topic.value,
            kind=notice.kind,
            resource_id=notice.resource_id,
            created_at=notice.created_at,
        )

    async def after(
        self, reader: Reader, user_id: str, seq: int, topics: Sequence[str], limit: int
    ) -> list[Notice]:
        """Return the oldest notices of the feed above `seq`."""
        rows = await reader.fetch(
            _AFTER, user_id=user_id, seq=seq, topics=list(topics), limit=limit
        )
        return [_notice(row) for row in rows]

    async def last(self, reader: Reader, user_id: str) -> int:
        """Return the feed's last position; 0 when it is empty."""
        row = await reader.fetch_one(_LAST, user_id=user_id)
        return int(row["seq"]) if row else 0

    async def holds(self, reader: Reader, user_id: str, seq: int) -> bool:
        """Whether the position is one of the feed's."""
        return await reader.fetch_one(_OWNED, user_id=user_id, seq=seq) is not None


def _notice(row: Row) -> Notice:
    return Notice(
        seq=row["seq"],
        topic=row["topic"],
        kind=row["kind"],
        resource_id=row["resource_id"],
        created_at=row["created_at"],
    )
