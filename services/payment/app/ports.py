"""What the use cases want from outside. `ports` holds the implementations."""

from __future__ import annotations

from typing import Protocol

from services.payment.domain.jobs import JobRef


class JobFacts(Protocol):
    """The jobs service."""

    async def job_ref(self, job_id: str) -> JobRef | None:
        """Ask whose a job is; None when there is no such job.

        Raises DependencyDown when nobody answers.
        """
