"""Holds: money of a budget that is reserved for something that may still come to nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.payment.domain.errors import HoldState
from services.payment.domain.ledger import fingerprint


class HoldStatus(StrEnum):
    """What became of a hold."""

    PLACED = "PLACED"
    # Taken, in whole or in part; what was not taken went back.
    POSTED = "POSTED"
    VOIDED = "VOIDED"
    # Nobody took it in time.
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Hold:
    """A reservation on a job's budget. Amounts in micro-euros."""

    id: str
    # The natural key: the same key is the same hold.
    key: str
    job_id: str
    amount: int
    expires_at: datetime
    created_at: datetime
    status: HoldStatus = HoldStatus.PLACED
    # What was taken of it.
    posted: int = 0
    ended_at: datetime | None = None
    version: int = 1

    @property
    def request_hash(self) -> bytes:
        """Tell two different holds under one key apart."""
        return fingerprint(self.key, self.job_id, str(self.amount))

    def end(self, status: HoldStatus, posted: int, now: datetime) -> Hold:
        """End it. Ended the same way before, nothing changes. Raises HoldState otherwise."""
        if self.status is status and self.posted == posted:
            return self
        if self.status is not HoldStatus.PLACED or not 0 <= posted <= self.amount:
            raise HoldState(status=self.status.value)
        return replace(self, status=status, posted=posted, ended_at=now, version=self.version + 1)
