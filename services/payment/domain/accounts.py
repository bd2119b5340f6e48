"""The accounts of the ledger, by name.

A positive balance is money that is there for whoever the account belongs to;
over all accounts the balances add up to zero, so what came in through
`stripe:clearing` stands there below zero.
"""

from __future__ import annotations

# What the card processor holds for us: below zero by what it took from cards.
CLEARING = "stripe:clearing"
# Fees that were earned.
REVENUE = "revenue:fees"
# What is left of amounts that a card cannot take: less than a cent each.
ROUNDING = "revenue:rounding"
# Money that nobody paid: given by an admin, or taken back.
PROMOTION = "credits:promotion"
VAT = "vat:collected"
DISPUTES = "disputes:lost"
# On its way back to a card: out of the budget, and not yet given back by the processor.
REFUNDS = "refunds:pending"
# Given back by hand at the processor; staff decides who bears it.
MANUAL_REFUNDS = "refunds:manual"
# Held back by the processor until a dispute is decided.
DISPUTED = "disputes:open"

# Accounts that everybody posts to. Their lines carry no running balance, so that
# postings do not queue up behind one row; the sealer folds their sums.
SHARED = (CLEARING, REVENUE, ROUNDING, PROMOTION, VAT, DISPUTES)

_BUDGET = "budget:"
_HELD = "held:"


def budget(job_id: str) -> str:
    """What a job can still spend. Never below zero."""
    return f"{_BUDGET}{job_id}"


def held(job_id: str) -> str:
    """What is reserved of a job's budget. Never below zero."""
    return f"{_HELD}{job_id}"


def wallet(company_id: str) -> str:
    """What a company has with us, beside its budgets. Never below zero."""
    return f"company:{company_id}:wallet"


def receivable(company_id: str) -> str:
    """What a company owes us, below zero: lent to its budgets, not yet paid."""
    return f"company:{company_id}:receivable"


def job_of(account: str) -> str | None:
    """Return whose budget or hold an account is; None for any other."""
    for prefix in (_BUDGET, _HELD):
        if account.startswith(prefix):
            return account.removeprefix(prefix)
    return None
