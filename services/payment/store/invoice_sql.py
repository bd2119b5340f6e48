"""The statements of `store.invoices`."""

from __future__ import annotations

from services.kit.db import Query

# Debited, on no invoice, and not taken back.
_UNBILLED = """
    action.status = 'PROCESSED' and action.transaction_id is not null
    and not exists (select 1 from invoice_actions billed where billed.action_id = action.id)
    and not exists (select 1 from ledger_transactions undone
                    where undone.reverses = action.transaction_id)
"""
BILLABLE = Query.text(
    f"""
    select company_id, min(processed_at) as since from action_log action
    where processed_at < :before and {_UNBILLED}
    group by company_id order by since limit :size
    """  # noqa: S608 - a constant of this module
)
BILLED_UNTIL = Query.text(
    "select max(cycle_ends_at) as until from invoices where company_id = :company_id"
)
GROUP = Query.text(
    f"""
    select action.job_id, coalesce(job.title, '') as title, action.type,
           count(*) as quantity, cast(sum(action.amount) as bigint) as amount,
           coalesce(budget.billing_mode, 'PREPAID') = 'PREPAID' as prepaid
    from action_log action
    left join job_refs job on job.job_id = action.job_id
    left join budgets budget on budget.job_id = action.job_id
    where action.company_id = :company_id and action.processed_at < :end and {_UNBILLED}
    group by action.job_id, job.title, action.type, budget.billing_mode
    order by title, action.job_id, action.type
    """  # noqa: S608 - a constant of this module
)
BIND = Query.text(
    f"""
    insert into invoice_actions (action_id, invoice_id, position)
    select action.id, line.invoice_id, line.position
    from action_log action
    join invoice_lines line on line.invoice_id = :invoice_id
        and line.job_id = action.job_id and line.action_type = action.type
    where action.company_id = :company_id and action.processed_at < :end and {_UNBILLED}
    """  # noqa: S608 - a constant of this module
)
CARRIED = Query.text(
    """
    select carried_out from invoices where company_id = :company_id and kind = 'INVOICE'
    order by cycle_starts_at desc limit 1
    """
)
NUMBER = Query.text(
    """
    insert into invoice_counters (series, last) values (:series, 1)
    on conflict (series) do update set last = invoice_counters.last + 1
    returning last
    """
)
ADD = Query.text(
    """
    insert into invoices (id, company_id, number, kind, corrects, reason, cycle_starts_at,
                          cycle_ends_at, issued_at, gross, net, vat, rounding, paid,
                          vat_category, vat_rate, carried_in, carried_out, seller, buyer)
    values (:id, :company_id, :number, :kind, :corrects, :reason, :starts, :ends, :issued_at,
            :gross, :net, :vat, :rounding, :paid, :category, :rate, :carried_in, :carried_out,
            :seller, :buyer)
    """
)
ADD_LINE = Query.text(
    """
    insert into invoice_lines (invoice_id, position, job_id, title, action_type, quantity,
                               amount, net)
    values (:invoice_id, :position, :job_id, :title, :action_type, :quantity, :amount, :net)
    """
)
_INVOICE = """
    select invoice.*, coalesce(original.number, '') as corrects_number
    from invoices invoice left join invoices original on original.id = invoice.corrects
"""
FIND = Query.text(
    f"""
    {_INVOICE}
    where invoice.id = :id
      and (cast(:company_id as uuid) is null or invoice.company_id = :company_id)
    """
)
LINES = Query.text("select * from invoice_lines where invoice_id = :id order by position")
# The row itself never changes; who credits takes turns on its number.
LOCK = Query.text("select pg_advisory_xact_lock(hashtextextended(:id, 5)) as locked")
CREDITED = Query.text(
    "select cast(coalesce(sum(gross), 0) as bigint) as cents from invoices where corrects = :id"
)
UNDONE = Query.text(
    """
    select billed.action_id, billed.invoice_id, action.amount
    from invoice_actions billed
    join action_log action on action.id = billed.action_id
    join ledger_transactions undone on undone.reverses = action.transaction_id
    left join credited_actions credited on credited.action_id = billed.action_id
    where credited.action_id is null
    order by billed.action_id limit :size
    """
)
BIND_CREDIT = Query.text(
    """
    insert into credited_actions (action_id, credit_note_id) values (:action_id, :note_id)
    on conflict do nothing
    """
)
LIST = Query.text(
    f"""
    with page as (
        {_INVOICE}
        where invoice.company_id = :company_id
          and (cast(:before as uuid) is null or invoice.id < :before)
        order by invoice.id desc limit :size offset :skip
    )
    select (select count(*) from invoices where company_id = :company_id) as list_size, page.*
    from (values (1)) as always left join page on true
    order by page.id desc
    """  # noqa: S608 - a constant of this module
)
ACTIONS = Query.text(
    """
    with page as (
        select action.*
        from invoice_actions billed join action_log action on action.id = billed.action_id
        where billed.invoice_id = :id
          and (cast(:after as uuid) is null or billed.action_id > :after)
        order by billed.action_id limit :size
    )
    select (select count(*) from invoice_actions where invoice_id = :invoice) as list_size, page.*
    from (values (1)) as always left join page on true
    order by page.id
    """
)
RECRUITERS = Query.text(
    """
    select distinct cast(job.recruiter_id as text) as user_id
    from invoice_lines line join job_refs job on job.job_id = line.job_id
    where line.invoice_id = :id and job.recruiter_id is not null
    order by user_id limit 20
    """
)
DOCUMENT = Query.text("select pdf, xml from invoice_documents where invoice_id = :id")
KEEP = Query.text(
    """
    insert into invoice_documents (invoice_id, pdf, xml, created_at)
    values (:id, :pdf, :xml, :now) on conflict do nothing
    """
)
