"""What stands on an invoice, in French."""

from __future__ import annotations

from services.payment.domain.invoices import InvoiceLine

_ACTIONS = {
    "APPLICATION_RECEIVED": "Candidatures reçues",
    "INTERVIEW_SUCCEEDED": "Entretiens réussis",
    "INTERVIEW_FAILED": "Entretiens sans suite",
}


def action_words(action_type: str) -> str:
    """Return the name of an action type for people."""
    return _ACTIONS.get(action_type, action_type.capitalize().replace("_", " "))


def line_title(line: InvoiceLine) -> str:
    """Return what a line bills: "Candidatures reçues (12) : Développeur Python"."""
    if not line.action_type:
        return line.title
    return f"{action_words(line.action_type)} ({line.quantity}) : {line.title}"
