"""The read model of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.kit.db import Query
from services.kit.work import UnitOfWork
from services.payment.domain.jobs import JobRef

_FIND = Query.text("select * from job_refs where job_id = :job_id")
# Events of the two kinds come in any order: the later version says whether the
# job is premium, and only the first kind knows title and recruiter.
_SAVE_PUBLISHED = Query.text(
    """
    insert into job_refs as known (job_id, company_id, recruiter_id, title, premium, version)
    values (:job_id, :company_id, :recruiter_id, :title, :premium, :version)
    on conflict (job_id) do update set
        recruiter_id = excluded.recruiter_id,
        title = excluded.title,
        premium = case when excluded.version > known.version
                       then excluded.premium else known.premium end,
        version = greatest(excluded.version, known.version)
    """
)
_SAVE_CHANGE = Query.text(
    """
    insert into job_refs as known (job_id, company_id, premium, version)
    values (:job_id, :company_id, :premium, :version)
    on conflict (job_id) do update set premium = excluded.premium, version = excluded.version
    where excluded.version > known.version
    """
)


class JobRefs:
    """`job_refs`, one row a job."""

    async def find(self, work: UnitOfWork, job_id: str) -> JobRef | None:
        """Return what is known of a job."""
        row = await work.fetch_one(_FIND, job_id=job_id)
        return job_ref(dict(row)) if row else None

    async def save_published(self, work: UnitOfWork, job: JobRef, version: int) -> None:
        """Keep a job; a later version of it that is known already stays."""
        await work.execute(
            _SAVE_PUBLISHED,
            job_id=job.job_id,
            company_id=job.company_id,
            recruiter_id=job.recruiter_id or None,
            title=job.title,
            premium=job.premium,
            version=version,
        )

    async def save_change(
        self, work: UnitOfWork, job_id: str, company_id: str, premium: bool, version: int
    ) -> None:
        """Keep whether a job is premium, unless a later version is known already."""
        await work.execute(
            _SAVE_CHANGE, job_id=job_id, company_id=company_id, premium=premium, version=version
        )


def job_ref(row: Mapping[str, Any]) -> JobRef:
    """Turn a row into a job."""
    return JobRef(
        job_id=row["job_id"],
        company_id=row["company_id"],
        recruiter_id=row["recruiter_id"] or "",
        title=row["title"],
        premium=row["premium"],
    )
