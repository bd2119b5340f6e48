"""Payment methods, charges, refunds, disputes and the inbox of webhooks."""

from __future__ import annotations

from alembic import op

from services.kit.migrate import run_script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_METHODS = """
create table customers (
    company_id uuid primary key,
    customer_id text not null unique,
    created_at timestamptz not null
);
create table payment_methods (
    id uuid primary key,
    company_id uuid not null,
    method_id text not null unique,
    brand text not null,
    last4 text not null check (last4 ~ '^[0-9]{4}$'),
    exp_month smallint not null check (exp_month between 1 and 12),
    exp_year smallint not null,
    is_default boolean not null,
    -- The mandate to charge off session: who accepted which text when.
    setup_id text not null unique,
    mandate_id text not null,
    terms text not null,
    accepted_by uuid not null,
    accepted_at timestamptz not null,
    created_at timestamptz not null,
    detached_at timestamptz,
    check (detached_at is null or not is_default)
);
create unique index payment_methods_default on payment_methods (company_id) where is_default;
create index payment_methods_company on payment_methods (company_id, id)
    where detached_at is null;
"""

_CHARGES = """
create table charges (
    id uuid primary key,
    key text not null unique,
    request_hash bytea not null,
    company_id uuid not null,
    job_id uuid,
    amount bigint not null check (amount > 0),
    purpose text not null check (purpose in ('FUND_BUDGET', 'TOP_UP', 'CYCLE', 'WALLET')),
    method_asked text not null,
    reference text not null,
    customer_id text not null,
    method_id text not null,
    status text not null check (status in
        ('PENDING', 'PROCESSING', 'REQUIRES_ACTION', 'SUCCEEDED', 'DECLINED')),
    intent_id text unique,
    link text not null default '',
    decline_code text not null default '',
    refunded bigint not null default 0 check (refunded between 0 and amount),
    generation integer not null default 0,
    tries integer not null default 0,
    -- Whether the budget waits for this charge, paused.
    paused boolean not null default false,
    created_at timestamptz not null,
    next_try_at timestamptz not null,
    settled_at timestamptz,
    check ((status = 'SUCCEEDED') = (settled_at is not null)),
    check (status <> 'SUCCEEDED' or intent_id is not null)
);
create index charges_company on charges (company_id, id);
create index charges_due on charges (next_try_at, id)
    where status in ('PENDING', 'PROCESSING', 'REQUIRES_ACTION');
create index charges_settled on charges (settled_at) where settled_at is not null;
create table refunds (
    id uuid primary key,
    charge_id uuid not null references charges (id),
    amount bigint not null check (amount > 0),
    reason text not null,
    status text not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED')),
    source text not null,
    provider_id text unique,
    failure text not null default '',
    generation integer not null default 0,
    tries integer not null default 0,
    created_at timestamptz not null,
    next_try_at timestamptz not null
);
create index refunds_charge on refunds (charge_id, id);
create index refunds_due on refunds (next_try_at, id) where status = 'PENDING';
create table disputes (
    id text primary key,
    charge_id uuid not null references charges (id),
    amount bigint not null check (amount >= 0),
    reason text not null,
    status text not null check (status in ('OPEN', 'WON', 'LOST')),
    opened_at timestamptz not null,
    closed_at timestamptz,
    check ((status = 'OPEN') = (closed_at is null))
);
create index disputes_charge on disputes (charge_id);
create index disputes_opened on disputes (opened_at, id);
create table provider_events (
    id text primary key,
    type text not null,
    handled_at timestamptz not null
);
create index provider_events_age on provider_events (handled_at);
"""


def upgrade() -> None:
    """Create the tables."""
    run_script(op, _METHODS)
    run_script(op, _CHARGES)
