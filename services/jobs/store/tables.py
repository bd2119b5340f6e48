"""The tables of the jobs service."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from services.jobs.domain.jobs import JobStatus

metadata = MetaData()
_ID = UUID(as_uuid=False)
_AT = DateTime(timezone=True)

# Read models: what lists show of other services' facts.
companies = Table(
    "companies",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", Text, nullable=False),
)
people = Table(
    "people",
    metadata,
    Column("user_id", _ID, primary_key=True),
    Column("email", Text, nullable=False),
    Column("first_name", Text, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("company_id", _ID, nullable=False),
    Column("recruiter_id", _ID, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("skills", ARRAY(Text), nullable=False),
    Column("contract_type", SmallInteger, nullable=False),
    Column("city", Text, nullable=False),
    Column("min_experience_years", SmallInteger, nullable=False),
    Column("languages", JSONB, nullable=False),
    Column("locale", Text, nullable=False),
    Column("premium", Boolean, nullable=False),
    Column("status", SmallInteger, nullable=False),
    # Micro-euros a year.
    Column("salary_min", BigInteger),
    Column("salary_max", BigInteger),
    Column("version", BigInteger, nullable=False),
    Column("created_at", _AT, nullable=False),
    Column("published_at", _AT),
    Index("jobs_company", "company_id", "created_at", "id"),
)
Index("jobs_open", jobs.c.created_at, jobs.c.id, postgresql_where=jobs.c.status == JobStatus.OPEN)

candidates = Table(
    "candidates",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("experiences", JSONB, nullable=False),
    Column("skills", ARRAY(Text), nullable=False),
    Column("languages", JSONB, nullable=False),
    Column("city", Text, nullable=False),
    Column("postal_code", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("contract_types", ARRAY(SmallInteger), nullable=False),
    Column("locale", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("updated_at", _AT, nullable=False),
    # Set for good when the account was deleted; the rest is blank then.
    Column("erased_at", _AT),
)

applications = Table(
    "applications",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("job_id", _ID, ForeignKey("jobs.id"), nullable=False),
    Column("company_id", _ID, nullable=False),
    Column("candidate_id", _ID, ForeignKey("candidates.id"), nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("matching_score", SmallInteger),
    Column("receipt_id", _ID),
    Column("interview_outcome", SmallInteger),
    Column("created_at", _AT, nullable=False),
    UniqueConstraint("job_id", "candidate_id", name="applications_once"),
    CheckConstraint("matching_score between 0 and 100", name="applications_score"),
    Index("applications_company", "company_id", "created_at", "id"),
    Index("applications_job", "job_id", "created_at", "id"),
    Index("applications_candidate", "candidate_id", "created_at", "id"),
)

meetings = Table(
    "meetings",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("application_id", _ID, ForeignKey("applications.id"), nullable=False, unique=True),
    Column("starts_at", _AT, nullable=False),
    Column("duration_minutes", Integer, nullable=False),
    Column("place", Text, nullable=False),
)
