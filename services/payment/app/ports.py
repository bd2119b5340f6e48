"""What the use cases want from outside. `ports` holds the implementations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from services.payment.domain.jobs import JobRef


@dataclass(frozen=True, slots=True)
class CardCharge:
    """A charge that the processor took."""

    # The processor's name for it.
    id: str
    # In micro-euros.
    amount: int


class Cards(Protocol):
    """A card processor."""

    async def charge(self, key: str, amount_micros: int, payment_method: str) -> CardCharge:
        """Charge a card; the same `key` is the same charge however often it is sent.

        Raises CardDeclined.
        """


class JobFacts(Protocol):
    """The jobs service."""

    async def job_ref(self, job_id: str) -> JobRef | None:
        """Ask whose a job is; None when there is no such job.

        Raises DependencyDown when nobody answers.
        """
