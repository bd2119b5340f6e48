"""What payment knows of a job."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobRef:
    """Whose a job is, and whether fees apply to it."""

    job_id: str
    company_id: str
    # The collaborator who created the job; empty until it is known.
    recruiter_id: str
    title: str
    # Nothing is debited and nothing blocks.
    premium: bool
