"""Jobs, candidates, applications, and the kit's tables."""

from __future__ import annotations

from alembic import op

from services.kit.migrate import kit_tables, run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
create table companies (
    id uuid primary key,
    name text not null
);

create table people (
    user_id uuid primary key,
    email text not null,
    first_name text not null
);

create table jobs (
    id uuid primary key,
    company_id uuid not null,
    recruiter_id uuid not null,
    title text not null,
    description text not null,
    skills text[] not null,
    contract_type smallint not null,
    city text not null,
    min_experience_years smallint not null,
    languages jsonb not null,
    locale text not null,
    premium boolean not null,
    status smallint not null check (status between 1 and 3),
    salary_min bigint,
    salary_max bigint,
    version bigint not null,
    created_at timestamptz not null,
    published_at timestamptz
);
create index jobs_company on jobs (company_id, created_at, id);
create index jobs_open on jobs (created_at, id) where status = 2;

create table candidates (
    id uuid primary key,
    title text not null,
    summary text not null,
    experiences jsonb not null,
    skills text[] not null,
    languages jsonb not null,
    city text not null,
    postal_code text not null,
    country text not null,
    contract_types smallint[] not null,
    locale text not null,
    version bigint not null,
    updated_at timestamptz not null
);

create table applications (
    id uuid primary key,
    job_id uuid not null references jobs (id),
    company_id uuid not null,
    candidate_id uuid not null references candidates (id),
    status smallint not null check (status between 1 and 6),
    matching_score smallint constraint applications_score check (matching_score between 0 and 100),
    receipt_id uuid,
    interview_outcome smallint check (interview_outcome between 1 and 2),
    created_at timestamptz not null,
    constraint applications_once unique (job_id, candidate_id)
);
create index applications_company on applications (company_id, created_at, id);
create index applications_job on applications (job_id, created_at, id);
create index applications_candidate on applications (candidate_id, created_at, id);

create table meetings (
    id uuid primary key,
    application_id uuid not null unique references applications (id),
    starts_at timestamptz not null,
    duration_minutes integer not null,
    place text not null
);
"""


def upgrade() -> None:
    """Create everything."""
    kit_tables(op)
    run_script(op, _TABLES)
