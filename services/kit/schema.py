"""The kit's own tables, which each service has in its schema.

This text is what the first migrations of all services ran: it is never edited.
A later change is a script of its own, which the services' next migrations call.
"""

FIRST = """
-- Events that are committed and not published yet. The relay deletes a row once
-- JetStream has it, so the table stays short.
create table outbox (
    seq bigint generated always as identity primary key,
    id uuid not null unique,
    subject text not null,
    key text not null,
    type text not null,
    payload bytea not null,
    headers jsonb not null,
    created_at timestamptz not null
);

-- Events that were handled: the row is written with the effect.
create table inbox (
    consumer text not null,
    event_id text not null,
    handled_at timestamptz not null default now(),
    primary key (consumer, event_id)
);
create index inbox_handled_at on inbox (handled_at);

-- Answers that were given, by caller and request id.
create table idempotency (
    caller text not null,
    method text not null,
    request_id uuid not null,
    request_hash bytea not null,
    response bytea,
    created_at timestamptz not null default now(),
    primary key (caller, method, request_id)
);
create index idempotency_created_at on idempotency (created_at);

-- Who did what. Append-only: the hash of each row covers the row before it.
create table audit (
    seq bigint primary key,
    id uuid not null unique,
    at timestamptz not null,
    actor_id text not null,
    actor_access text not null,
    action text not null,
    method text not null,
    resource_id text not null,
    company_id text not null,
    success boolean not null,
    reason text not null,
    correlation_id text not null,
    hash bytea not null
);
create index audit_actor on audit (actor_id, at);

-- The end of the hash chain: one row, locked while a row is added.
create table audit_head (
    id smallint primary key check (id = 1),
    seq bigint not null,
    hash bytea not null
);
insert into audit_head (id, seq, hash) values (1, 0, decode(repeat('00', 32), 'hex'));
"""

SECOND = """
-- What an action was about ("user", "job", "company") and what it changed:
-- {"old": ..., "new": ..., "reason": ...}. Empty in the rows before.
alter table audit add column resource_type text not null default '';
alter table audit add column metadata jsonb not null default '{}';
"""
