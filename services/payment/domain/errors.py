"""What the payment service refuses, beside the common reasons."""

from __future__ import annotations

from services.kit.errors import Refused


class BudgetNotFound(Refused):
    """The job has no budget yet. Metadata: job_id."""

    reason = "BUDGET_NOT_FOUND"


class CardDeclined(Refused):
    """The processor declined the card. Metadata: decline_code."""

    reason = "CARD_DECLINED"


class AmountInvalid(Refused):
    """Not euros, or not a whole number of cents, or out of bounds."""

    reason = "AMOUNT_INVALID"


class BudgetState(Refused):
    """The budget's state does not allow this. Metadata: status."""

    reason = "BUDGET_STATE"
