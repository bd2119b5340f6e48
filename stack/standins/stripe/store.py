"""The objects, the answers by idempotency key and the webhooks that wait, in one SQLite file."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.standins.stripe.faults import missing

Json = dict[str, Any]
API_VERSION = "2026-10-28.endive"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_SCHEMA = """
create table if not exists objects (
    seq integer primary key autoincrement, id text unique not null, kind text not null,
    customer text not null, parent text not null, body text not null
);
create index if not exists objects_kind on objects (kind, seq);
create index if not exists objects_customer on objects (customer, kind, seq);
create index if not exists objects_parent on objects (parent, kind, seq);
create table if not exists answers (
    key text primary key, request text not null, status integer not null, body text not null
);
create table if not exists deliveries (
    seq integer primary key autoincrement, event text not null, tries integer not null default 0,
    due real not null
);
"""


@dataclass(frozen=True)
class Answer:
    """What was answered under an idempotency key."""

    request: str
    status: int
    body: str


@dataclass(frozen=True)
class Delivery:
    """A webhook that waits."""

    seq: int
    event: str
    tries: int


class Store:
    """One file. Everything that a request does is one transaction.

    A kill of the process loses nothing; a power cut may: there is no fsync.
    """

    def __init__(self, file: Path, clock: Callable[[], float] = time.time) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = off")
        self._db.executescript(_SCHEMA)
        self.clock = clock
        # Called after a commit that left webhooks.
        self.on_event: Callable[[], None] = lambda: None
        # The seconds from an event to its first delivery, and how often it is delivered.
        self.spread: Callable[[], list[float]] = lambda: [0.0]
        self._events = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep everything or nothing."""
        self._db.execute("begin immediate")
        self._events = 0
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")
        if self._events:
            self.on_event()

    def new_id(self, prefix: str) -> str:
        """Make an id: "pi_" and 24 letters and digits."""
        return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(24))

    def now(self) -> int:
        """Seconds since 1970."""
        return int(self.clock())

    def add(self, body: Json, *, parent: str = "") -> Json:
        """Keep a new object."""
        customer = body.get("customer") or ""
        self._db.execute(
            "insert into objects (id, kind, customer, parent, body) values (?, ?, ?, ?, ?)",
            (body["id"], body["object"], customer, parent, json.dumps(body)),
        )
        return body

    def save(self, body: Json) -> Json:
        """Write an object over itself."""
        self._db.execute(
            "update objects set body = ?, customer = ? where id = ?",
            (json.dumps(body), body.get("customer") or "", body["id"]),
        )
        return body

    def get(self, kind: str, object_id: str) -> Json:
        """Read an object. Raises ApiError 404."""
        row = self._db.execute(
            "select body from objects where id = ? and kind = ?", (object_id, kind)
        ).fetchone()
        if row is None:
            raise missing(kind, object_id)
        found: Json = json.loads(row[0])
        return found

    def listed(
        self,
        kind: str,
        *,
        customer: str = "",
        parent: str = "",
        after: str = "",
        since: int = 0,
        limit: int = 10,
    ) -> list[Json]:
        """Read objects made at `since` or later, newest first, those behind the id `after`."""
        where: list[str] = ["kind = ?", "json_extract(body, '$.created') >= ?"]
        values: list[str | int] = [kind, since]
        if customer:
            where.append("customer = ?")
            values.append(customer)
        if parent:
            where.append("parent = ?")
            values.append(parent)
        if after:
            where.append("seq < (select seq from objects where id = ?)")
            values.append(after)
        query = f"select body from objects where {' and '.join(where)} order by seq desc limit ?"  # noqa: S608 - fixed words
        return [json.loads(row[0]) for row in self._db.execute(query, (*values, limit))]

    def answer(self, key: str) -> Answer | None:
        """Return what was answered under an idempotency key."""
        row = self._db.execute(
            "select request, status, body from answers where key = ?", (key,)
        ).fetchone()
        return Answer(*row) if row else None

    def keep_answer(self, key: str, answer: Answer) -> None:
        """Remember an answer; the first one stands."""
        self._db.execute(
            "insert or ignore into answers (key, request, status, body) values (?, ?, ?, ?)",
            (key, answer.request, answer.status, answer.body),
        )

    def emit(self, kind: str, body: Json) -> None:
        """Tell of an object: an event, and a webhook for it."""
        event = {
            "id": self.new_id("evt_"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": {"object": body},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self.add(event)
        for delay in self.spread():
            self._db.execute(
                "insert into deliveries (event, due) values (?, ?)",
                (event["id"], self.clock() + delay),
            )
        self._events += 1

    def due(self, limit: int) -> list[Delivery]:
        """The webhooks that can be sent now."""
        rows = self._db.execute(
            "select seq, event, tries from deliveries where due <= ? order by due, seq limit ?",
            (self.clock(), limit),
        )
        return [Delivery(*row) for row in rows]

    def next_due(self) -> float | None:
        """When the next webhook is due; None without one."""
        row = self._db.execute("select min(due) from deliveries").fetchone()
        due: float | None = row[0]
        return due

    def delivered(self, seq: int) -> None:
        """Forget a webhook that has arrived."""
        self._db.execute("delete from deliveries where seq = ?", (seq,))

    def postpone(self, seq: int, seconds: float) -> None:
        """Try a webhook again later."""
        self._db.execute(
            "update deliveries set tries = tries + 1, due = ? where seq = ?",
            (self.clock() + seconds, seq),
        )

    def close(self) -> None:
        """Close the file."""
        self._db.close()
