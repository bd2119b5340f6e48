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


class BalanceTooLow(Refused):
    """There is less on an account than is to be taken from it."""

    reason = "BALANCE_TOO_LOW"


class ActionNotFound(Refused):
    """There is no such action in the write-ahead log."""

    reason = "ACTION_NOT_FOUND"


class ActionState(Refused):
    """Only a FAILED action is tried again by hand. Metadata: status."""

    reason = "ACTION_STATE"


class InvoiceNotFound(Refused):
    """The company has no such invoice."""

    reason = "INVOICE_NOT_FOUND"


class CreditTooLarge(Refused):
    """An invoice cannot be credited with more than what is left of it. Metadata: left."""

    reason = "CREDIT_TOO_LARGE"


class ChargeNotFound(Refused):
    """The company has no such charge."""

    reason = "CHARGE_NOT_FOUND"


class ChargeState(Refused):
    """The charge's status does not allow this. Metadata: status."""

    reason = "CHARGE_STATE"


class PaymentMethodMissing(Refused):
    """The company has no such payment method, or none at all."""

    reason = "PAYMENT_METHOD_MISSING"


class RefundTooLarge(Refused):
    """More is to be given back than is left of the charge. Metadata: left."""

    reason = "REFUND_TOO_LARGE"


class WebhookInvalid(Refused):
    """Not signed by the card processor, too old, from the future, or no event."""

    reason = "WEBHOOK_INVALID"


class PriceDate(Refused):
    """A price begins too soon, or another one begins at that very moment."""

    reason = "PRICE_DATE"


class LedgerItemNotFound(Refused):
    """Nothing in the books has this id."""

    reason = "LEDGER_ITEM_NOT_FOUND"


class NotReversible(Refused):
    """The transaction was taken back before, or is one that takes another back."""

    reason = "NOT_REVERSIBLE"


class HoldState(Refused):
    """The hold has ended. Metadata: status."""

    reason = "HOLD_STATE"
