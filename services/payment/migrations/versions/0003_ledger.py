"""Accounts by kind, holds, corrections, prices, and the chain over the write-ahead log."""

from __future__ import annotations

from alembic import op

from services.kit.migrate import run_script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# The books of before are kept: their lines get places, their accounts the new name.
_ACCOUNTS = """
alter table ledger_entries disable trigger append_only;
alter table ledger_transactions disable trigger append_only;
alter table ledger_entries drop constraint ledger_entries_account_fkey;
alter table ledger_entries drop constraint ledger_entries_transaction_id_fkey;
alter table ledger_entries drop constraint ledger_entries_account_account_version_key;
drop trigger balanced on ledger_entries;

alter table accounts drop constraint accounts_check;
alter table accounts add shared boolean not null default false;
alter table accounts add constraint accounts_never_below_zero
    check (balance >= 0 or not (starts_with(name, 'budget') or starts_with(name, 'held')
                                or name like 'company%wallet'));
update accounts set name = 'stripe:clearing', shared = true where name = 'clearing:card';
update accounts set shared = true where name = 'revenue:fees';
insert into accounts (name, balance, version, shared)
values ('revenue:rounding', 0, 0, true), ('credits:promotion', 0, 0, true),
       ('vat:collected', 0, 0, true), ('disputes:lost', 0, 0, true);

alter table ledger_entries alter account_version drop not null;
alter table ledger_entries alter balance drop not null;
alter table ledger_entries add place smallint;
update ledger_entries set place = numbered.place
from (select id, row_number() over (partition by transaction_id order by id) as place
      from ledger_entries) as numbered
where numbered.id = ledger_entries.id;
update ledger_entries set account_version = null, balance = null,
    account = case account when 'clearing:card' then 'stripe:clearing' else account end
where account in ('clearing:card', 'revenue:fees');
alter table ledger_entries alter place set not null;
drop index ledger_entries_transaction;
create unique index ledger_entries_account on ledger_entries (account, account_version)
    where account_version is not null;
"""

# A number is drawn only by who has a transaction id already: the sealer relies on it.
# Which transaction an action led to follows from the transaction's key, which is unique.
_JOURNAL = """
create sequence journal_seq;
alter table ledger_transactions add note text not null default '';
alter table ledger_transactions add reverses uuid references ledger_transactions (id);
alter table ledger_transactions add written_by xid8 not null default pg_current_xact_id();
alter table ledger_transactions add seq bigint not null
    default case when pg_current_xact_id() is not null then nextval('journal_seq') end;
alter table action_log add seq bigint not null
    default case when pg_current_xact_id() is not null then nextval('journal_seq') end;
alter table action_log add happened_at timestamptz;
alter table action_log drop constraint action_log_transaction_id_fkey;
alter table action_log drop constraint action_log_transaction_id_key;
create unique index ledger_transactions_seq on ledger_transactions (seq);
create unique index ledger_transactions_reverses on ledger_transactions (reverses)
    where reverses is not null;
create unique index action_log_seq on action_log (seq);
alter table ledger_entries add seq bigint;
update ledger_entries set seq = posted.seq
from ledger_transactions posted where posted.id = transaction_id;
alter table ledger_entries alter seq set not null;
create unique index ledger_entries_seq on ledger_entries (seq, place);

create table ledger_blocks (
    number bigint primary key,
    last_seq bigint not null unique,
    actions integer not null,
    transactions integer not null,
    entries integer not null,
    previous bytea not null,
    hash bytea not null unique,
    sealed_at timestamptz not null
);
"""

_TABLES = """
create table holds (
    id uuid primary key,
    key text not null unique,
    request_hash bytea not null,
    job_id uuid not null,
    amount bigint not null check (amount > 0),
    posted bigint not null default 0 check (posted between 0 and amount),
    status text not null check (status in ('PLACED', 'POSTED', 'VOIDED', 'EXPIRED')),
    expires_at timestamptz not null,
    created_at timestamptz not null,
    ended_at timestamptz,
    version bigint not null,
    check ((status = 'PLACED') = (ended_at is null))
);
create index holds_placed on holds (job_id) where status = 'PLACED';
create index holds_expiring on holds (expires_at) where status = 'PLACED';

create table prices (
    action_type text not null,
    valid_from timestamptz not null,
    fixed_micros bigint not null check (fixed_micros >= 0),
    micros_per_point bigint not null check (micros_per_point >= 0),
    default_points smallint not null check (default_points between 0 and 100),
    primary key (action_type, valid_from)
);
create index action_log_failed on action_log (id) where status = 'FAILED';
create index action_log_created on action_log using brin (created_at);
"""

# Checked once a transaction, at the commit: the lines add up to zero, and there are two or more.
_BALANCED = """
create or replace function check_balanced() returns trigger language plpgsql
    set search_path from current as $$
declare
    total numeric;
    lines bigint;
begin
    select sum(amount), count(*) into total, lines
    from ledger_entries where seq = new.seq;
    if lines < 2 or total <> 0 then
        raise exception 'transaction % does not add up to zero', new.id
            using errcode = 'check_violation';
    end if;
    return null;
end $$;
"""
_BALANCED_TRIGGER = """
create constraint trigger balanced after insert on ledger_transactions
    deferrable initially deferred for each row execute function check_balanced();
"""

# Once a statement: a line belongs to a transaction of this very commit, and to an account that
# there is. In place of foreign keys, which would lock the shared accounts line by line.
_OWN_LINES = """
create function check_own_lines() returns trigger language plpgsql
    set search_path from current as $$
begin
    if exists (select from line left join ledger_transactions owner
                   on owner.seq = line.seq and owner.id = line.transaction_id
               where owner.written_by is distinct from pg_current_xact_id()) then
        raise exception 'a line belongs to a transaction that is closed'
            using errcode = 'restrict_violation';
    end if;
    if exists (select from line where not exists (
                   select from accounts where accounts.name = line.account
                   and accounts.shared = (line.account_version is null))) then
        raise exception 'a line belongs to no account' using errcode = 'foreign_key_violation';
    end if;
    return null;
end $$;
"""
_OWN_LINES_TRIGGER = """
create trigger own_lines after insert on ledger_entries referencing new table as line
    for each statement execute function check_own_lines();
"""
_GUARD_AGAIN = """
alter table ledger_entries enable trigger append_only;
alter table ledger_transactions enable trigger append_only;
create trigger append_only before update or delete or truncate on ledger_blocks
    for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on prices
    for each statement execute function refuse_change();
create trigger never_deleted before delete or truncate on action_log
    for each statement execute function refuse_change();
"""


def upgrade() -> None:
    """Change the ledger's tables and add the new ones."""
    run_script(op, _ACCOUNTS)
    run_script(op, _JOURNAL)
    run_script(op, _TABLES)
    for statement in (_BALANCED, _BALANCED_TRIGGER, _OWN_LINES, _OWN_LINES_TRIGGER):
        op.execute(statement)
    run_script(op, _GUARD_AGAIN)
