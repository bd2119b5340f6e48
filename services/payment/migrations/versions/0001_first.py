"""Budgets, the ledger, the write-ahead log and the read model of jobs."""

from __future__ import annotations

from alembic import op

from services.kit.migrate import kit_tables, run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
create table job_refs (
    job_id uuid primary key,
    company_id uuid not null,
    recruiter_id uuid,
    title text not null default '',
    premium boolean not null,
    version bigint not null
);

create table budgets (
    job_id uuid primary key,
    company_id uuid not null,
    status text not null check (status in ('ACTIVE', 'PAUSED', 'EXHAUSTED', 'CLOSED')),
    balance bigint not null check (balance >= 0),
    total bigint not null check (total >= balance),
    paused_at timestamptz,
    billing_cycle_starts_at timestamptz not null,
    version bigint not null,
    check ((status = 'PAUSED') = (paused_at is not null))
);

create table accounts (
    name text primary key,
    balance bigint not null,
    version bigint not null,
    check (not starts_with(name, 'budget') or balance >= 0)
);
insert into accounts (name, balance, version)
values ('clearing:card', 0, 0), ('revenue:fees', 0, 0);

create table ledger_transactions (
    id uuid primary key,
    key text not null unique,
    request_hash bytea not null,
    reference text not null,
    receipt_id text not null,
    created_at timestamptz not null
);

create table ledger_entries (
    id uuid primary key,
    transaction_id uuid not null references ledger_transactions (id),
    account text not null references accounts (name),
    account_version bigint not null,
    amount bigint not null check (amount <> 0),
    balance bigint not null,
    created_at timestamptz not null,
    unique (account, account_version)
);
create index ledger_entries_transaction on ledger_entries (transaction_id);

create table action_log (
    id uuid primary key,
    type text not null,
    job_id uuid not null,
    company_id uuid not null,
    application_id uuid not null,
    points smallint check (points between 0 and 100),
    amount bigint not null check (amount >= 0),
    receipt_id text not null,
    payload jsonb not null,
    request_hash bytea not null,
    trace jsonb not null,
    status text not null default 'PENDING' check (status in ('PENDING', 'PROCESSED', 'FAILED')),
    waits_for text,
    retry_count integer not null default 0,
    last_error text not null default '',
    next_attempt_at timestamptz not null,
    created_at timestamptz not null,
    processed_at timestamptz,
    transaction_id uuid unique references ledger_transactions (id),
    unique (type, application_id),
    check ((status = 'PROCESSED') = (processed_at is not null))
);
create index action_log_job on action_log (job_id, id);
create index action_log_due on action_log (next_attempt_at, id)
    where status = 'PENDING' and waits_for is null;
create index action_log_waiting on action_log (next_attempt_at, id)
    where status = 'PENDING' and waits_for is not null;
"""

# The books only grow: not even the service's own role changes what is written.
_APPEND_ONLY = """
create function refuse_change() returns trigger language plpgsql
    set search_path from current as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
"""
_GUARD = """
create trigger append_only before update or delete or truncate on {table}
    for each statement execute function refuse_change();
"""

# Checked at the commit, when all lines of a transaction are there.
_BALANCED = """
create function check_balanced() returns trigger language plpgsql
    set search_path from current as $$
begin
    if (select sum(amount) from ledger_entries where transaction_id = new.transaction_id) <> 0 then
        raise exception 'transaction % does not add up to zero', new.transaction_id
            using errcode = 'check_violation';
    end if;
    return null;
end $$;
"""
_BALANCED_TRIGGER = """
create constraint trigger balanced after insert on ledger_entries
    deferrable initially deferred for each row execute function check_balanced();
"""


def upgrade() -> None:
    """Create the tables and the guards of the ledger."""
    kit_tables(op)
    run_script(op, _TABLES)
    op.execute(_APPEND_ONLY)
    for table in ("ledger_transactions", "ledger_entries"):
        op.execute(_GUARD.format(table=table))
    op.execute(_BALANCED)
    op.execute(_BALANCED_TRIGGER)
