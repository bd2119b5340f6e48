"""Settings of budgets, billing cycles, top-ups, invoices."""

from __future__ import annotations

from alembic import op

from services.kit.migrate import run_script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# What a fee has to look at stands in the budget's own row: one lock, one write.
_BUDGETS = """
alter table budgets
    add column billing_mode text not null default 'PREPAID'
        check (billing_mode in ('PREPAID', 'PER_CYCLE')),
    add column cycle_kind text not null default 'CALENDAR_MONTH'
        check (cycle_kind in ('CALENDAR_MONTH', 'ANNIVERSARY')),
    -- The day of the month, in Paris, on which an anniversary falls.
    add column anchor_day smallint not null default 1 check (anchor_day between 1 and 31),
    add column cycle_ends_at timestamptz,
    add column cap bigint check (cap > 0),
    add column cycle_spent bigint not null default 0 check (cycle_spent >= 0),
    -- Of the balance, what the company has not paid for yet: lent for this cycle.
    add column lent bigint not null default 0 check (lent >= 0),
    add column warn_at smallint[] not null default '{80,95}',
    add column warned_percent smallint not null default 0,
    add column top_up_amount bigint check (top_up_amount > 0),
    add column top_up_trigger bigint check (top_up_trigger >= 0),
    add column top_up_monthly_cap bigint check (top_up_monthly_cap >= top_up_amount),
    -- Why top-ups stopped by themselves. Empty while they run.
    add column top_up_stopped text not null default '',
    add column settings_version bigint not null default 1,
    add check ((top_up_amount is null) = (top_up_trigger is null)),
    add check ((top_up_amount is null) = (top_up_monthly_cap is null)),
    add check (billing_mode = 'PREPAID' or cap is not null);
-- Due at once: the first run of the cycles gives each budget its cycle.
update budgets set cycle_ends_at = billing_cycle_starts_at;
alter table budgets alter column cycle_ends_at set not null;
create index budgets_cycle on budgets (cycle_ends_at, job_id) where status <> 'CLOSED';
create index budgets_company on budgets (company_id);

-- Money that is to be collected by card: written down first, asked for after.
create table dues (
    key text primary key,
    purpose text not null check (purpose in ('TOP_UP', 'CYCLE')),
    company_id uuid not null,
    job_id uuid,
    amount bigint not null check (amount > 0),
    cycle_starts_at timestamptz not null,
    status text not null default 'IN_FLIGHT' check (status in ('IN_FLIGHT', 'PAID', 'UNPAID')),
    created_at timestamptz not null,
    finished_at timestamptz,
    check ((purpose = 'TOP_UP') = (job_id is not null))
);
-- At most one at a time: a budget's top-up, a company's cycle charge.
create unique index dues_one_top_up on dues (job_id) where status = 'IN_FLIGHT';
create unique index dues_one_charge on dues (company_id)
    where status = 'IN_FLIGHT' and purpose = 'CYCLE';
create index dues_of_budget on dues (job_id, cycle_starts_at);
create index dues_of_company on dues (company_id, created_at);

-- Companies whose cycle ended: what they owe is to be collected.
create table collections_wanted (
    company_id uuid primary key,
    since timestamptz not null
);

create table billing_profiles (
    company_id uuid primary key,
    legal_name text not null,
    street text not null,
    postal_code text not null,
    city text not null,
    country text not null check (country ~ '^[A-Z]{2}$'),
    vat_id text not null,
    siren text not null,
    version bigint not null,
    updated_at timestamptz not null
);
create table company_refs (
    company_id uuid primary key,
    name text not null,
    city text not null
);
"""

_INVOICES = """
create table invoice_counters (
    series text primary key,
    last bigint not null
);
create table invoices (
    id uuid primary key,
    company_id uuid not null,
    number text not null unique,
    kind text not null check (kind in ('INVOICE', 'CREDIT_NOTE')),
    corrects uuid references invoices (id),
    reason text not null default '',
    cycle_starts_at timestamptz not null,
    cycle_ends_at timestamptz not null,
    issued_at timestamptz not null,
    -- Amounts in cents, above 0 for credit notes too.
    gross bigint not null check (gross > 0),
    net bigint not null,
    vat bigint not null,
    rounding bigint not null check (rounding between -1 and 1),
    paid bigint not null check (paid between 0 and gross),
    vat_category text not null check (vat_category in ('S', 'AE', 'O')),
    -- Hundredths of a percent.
    vat_rate integer not null,
    -- Micro-euros below a cent: of the invoice before, and left for the next one.
    carried_in bigint not null check (carried_in between 0 and 9999),
    carried_out bigint not null check (carried_out between 0 and 9999),
    seller jsonb not null,
    buyer jsonb not null,
    check (net + vat + rounding = gross),
    check ((kind = 'CREDIT_NOTE') = (corrects is not null))
);
create unique index invoices_cycle on invoices (company_id, cycle_starts_at)
    where kind = 'INVOICE';
create index invoices_company on invoices (company_id, id);
create index invoices_corrects on invoices (corrects);
create table invoice_lines (
    invoice_id uuid not null references invoices (id),
    position integer not null,
    job_id uuid,
    title text not null,
    action_type text not null,
    quantity integer not null check (quantity > 0),
    -- What the actions cost, taxes included, in micro-euros.
    amount bigint not null,
    -- The line's part of the invoice's net amount, in cents.
    net bigint not null,
    primary key (invoice_id, position)
);
-- An action stands on one invoice, and on no other.
create table invoice_actions (
    action_id uuid primary key references action_log (id),
    invoice_id uuid not null,
    position integer not null,
    foreign key (invoice_id, position) references invoice_lines (invoice_id, position)
);
create index invoice_actions_invoice on invoice_actions (invoice_id, action_id);
-- An action whose fee was taken back after it was billed stands on one credit note.
create table credited_actions (
    action_id uuid primary key references invoice_actions (action_id),
    credit_note_id uuid not null references invoices (id)
);
-- The documents as they were first handed out.
create table invoice_documents (
    invoice_id uuid primary key references invoices (id),
    pdf bytea not null,
    xml bytea not null,
    created_at timestamptz not null
);
create index action_log_billable on action_log (company_id, processed_at)
    where status = 'PROCESSED' and transaction_id is not null;
create index action_log_status on action_log (status, id);
"""
_ISSUED = (
    "invoices",
    "invoice_lines",
    "invoice_actions",
    "credited_actions",
    "invoice_documents",
)
_GUARD = """
create trigger append_only before update or delete or truncate on {table}
    for each statement execute function refuse_change();
"""


def upgrade() -> None:
    """Create the tables; what is issued cannot be changed."""
    run_script(op, _BUDGETS)
    run_script(op, _INVOICES)
    for table in _ISSUED:
        op.execute(_GUARD.format(table=table))
