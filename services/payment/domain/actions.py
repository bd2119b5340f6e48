"""Actions in the write-ahead log: what may cost a fee, and when it is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.kit.errors import InvalidFields
from services.kit.ids import is_uuid
from services.payment.domain.ledger import fingerprint

APPLICATION_RECEIVED = "APPLICATION_RECEIVED"
MAX_TRIES = 10
MAX_POINTS = 100
MAX_RECEIPT_LENGTH = 64
_FIRST_DELAY = timedelta(minutes=1)
_LONGEST_DELAY = timedelta(hours=1)


class ActionStatus(StrEnum):
    """Where an action is in the write-ahead log."""

    PENDING = "PENDING"
    # Charged, or nothing to charge.
    PROCESSED = "PROCESSED"
    # Given up after the last retry.
    FAILED = "FAILED"


class Wait(StrEnum):
    """What a pending action waits for. Waiting is no failure and has no end."""

    NO_BUDGET = "NO_BUDGET"
    BUDGET_PAUSED = "BUDGET_PAUSED"
    BUDGET_EXHAUSTED = "BUDGET_EXHAUSTED"
    BUDGET_CLOSED = "BUDGET_CLOSED"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that happened to one application. Ids only, nobody's name.

    Raises InvalidFields when an id is no UUID or the score is out of bounds.
    """

    # The name in the contract without its prefix; UNKNOWN_<number> when the
    # contract of this service is older than that of the sender.
    type: str
    job_id: str
    company_id: str
    application_id: str
    # The matching score, 0 to 100; None when none could be fixed.
    points: int | None = None
    receipt_id: str = ""
    # Who is told; empty when nobody was named.
    recruiter_id: str = ""
    # Who acted; empty when the candidate did.
    user_id: str = ""
    # When it happened, which decides the price; None when nobody said.
    happened_at: datetime | None = None

    def __post_init__(self) -> None:
        wrong = [
            (name, "must be a UUID")
            for name in ("job_id", "company_id", "application_id")
            if not is_uuid(getattr(self, name))
        ]
        wrong += [
            (name, "must be a UUID or empty")
            for name in ("recruiter_id", "user_id")
            if getattr(self, name) and not is_uuid(getattr(self, name))
        ]
        if self.points is not None and not 0 <= self.points <= MAX_POINTS:
            wrong.append(("matching_score", "must be between 0 and 100"))
        if len(self.receipt_id) > MAX_RECEIPT_LENGTH:
            wrong.append(("receipt_id", f"must have at most {MAX_RECEIPT_LENGTH} characters"))
        if wrong:
            raise InvalidFields(wrong)

    @property
    def key(self) -> str:
        """The natural key of its fee."""
        return action_key(self.type, self.application_id)

    @property
    def request_hash(self) -> bytes:
        """Tell two different actions under one key apart."""
        points = "" if self.points is None else str(self.points)
        return fingerprint(self.key, self.job_id, self.company_id, points, self.receipt_id)


def action_key(action_type: str, application_id: str) -> str:
    """Return the natural key of the fee for an action of a type on an application."""
    return f"action:{action_type}:{application_id}"


@dataclass(frozen=True, slots=True)
class LoggedAction:
    """An action as it stands in the write-ahead log."""

    id: str
    action: Action
    # The fee in micro-euros, fixed when the action was written down.
    amount: int
    retry_count: int


def retry_delay(tries: int, seed: str) -> timedelta:
    """Return how long to wait after failure number `tries` (1, 2, ...).

    Doubles from a minute to an hour; `seed` (the action's id) spreads actions
    that failed together over up to a quarter more, the same way each time.
    """
    doublings = min(tries - 1, 16)
    plain = min(_FIRST_DELAY * (1 << doublings), _LONGEST_DELAY)
    spread = int.from_bytes(fingerprint(seed, str(tries))[:2], "big")
    return plain + plain * spread // (4 * 0xFFFF)


@dataclass(frozen=True, slots=True)
class Failure:
    """What a failed try leaves in the log."""

    tries: int
    # A reason or the name of an error; no data.
    reason: str
    status: ActionStatus
    next_attempt_at: datetime


def after_failure(tries: int, action_id: str, reason: str, now: datetime) -> Failure:
    """Return what failure number `tries` of an action leads to: another try, or FAILED."""
    status = ActionStatus.FAILED if tries >= MAX_TRIES else ActionStatus.PENDING
    return Failure(tries, reason, status, now + retry_delay(tries, action_id))
