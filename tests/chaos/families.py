"""Sessions as they should be: what was given out, traded and revoked, and when."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field, replace
from typing import Any

from services.auth.domain.sessions import GRACE
from tests.support.people import PASSWORD

# A used refresh token is taken again for certain, and for certain no more.
SURELY_IN_TIME = GRACE.total_seconds() - 3
SURELY_LATE = GRACE.total_seconds() + 1


@dataclass
class Account:
    """Somebody, and the password that counts."""

    id: str
    email: str
    password: str = PASSWORD
    banned: bool = False
    # Rate limits count them; one that is met would prove nothing here.
    sign_ins: int = 0
    changes: int = 0


@dataclass
class Use:
    """What a refresh token was traded for, and between which moments at first."""

    answer: tuple[str, str]
    began: float
    done: float
    late: bool = False

    @property
    def is_late(self) -> bool:
        return self.late or time.monotonic() - self.done > SURELY_LATE

    @property
    def is_in_time(self) -> bool:
        return not self.late and time.monotonic() - self.began < SURELY_IN_TIME


@dataclass(frozen=True)
class Mark:
    """What the store knew of a family at a moment."""

    current: str
    used: dict[str, Use]


@dataclass
class Family:
    """A session: its refresh token, the ones before, and all access tokens that it gave."""

    owner: Account
    current: str
    accesses: list[str]
    used: dict[str, Use] = field(default_factory=dict)
    # When it was revoked; None while it has to live.
    ended_at: float | None = None
    # The token that its client has and the store forgot, until the one before is traded again.
    forgotten: str = ""

    @property
    def id(self) -> str:
        return str(claims(self.accesses[0])["sid"])

    @property
    def access(self) -> str:
        return self.accesses[-1]

    def take(self, answer: tuple[str, str], began: float) -> None:
        """Keep what the current token was traded for."""
        access, refresh = answer
        assert self.forgotten in ("", refresh), "a token has one successor, whatever was forgotten"
        self.forgotten = ""
        self.used[self.current] = Use(answer, began, time.monotonic())
        self.current = refresh
        self.accesses.append(access)

    def mark(self) -> Mark:
        return Mark(self.current, {token: replace(use) for token, use in self.used.items()})

    def rewind(self, to: Mark) -> None:
        """Know what the store knew then; an end is not forgotten."""
        if self.ended_at is not None:
            return
        if self.current != to.current:
            self.forgotten = self.current
        self.current, self.used = to.current, to.used

    def end(self) -> None:
        if self.ended_at is None:
            self.ended_at = time.monotonic()


def claims(token: str) -> dict[str, Any]:
    """What a token says; its signature is the gateway's business."""
    part = token.split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return said
