"""Refunds, and disputes that a control call opens and decides."""

from __future__ import annotations

from stack.standins.stripe.cards import CARDS
from stack.standins.stripe.faults import invalid
from stack.standins.stripe.forms import Params
from stack.standins.stripe.store import Json, Store

_REASONS = ("duplicate", "fraudulent", "requested_by_customer")


class Refunds:
    """Gives money back."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, params: Params) -> Json:
        """POST /v1/refunds. More than was taken and not given back yet is refused."""
        charge = self._charge_of(params)
        left = charge["amount_captured"] - charge["amount_refunded"]
        if left == 0:
            raise invalid(
                f"Charge {charge['id']} has already been refunded.",
                code="charge_already_refunded",
            )
        amount = int(params.get("amount", left))
        if amount < 1:
            raise invalid("Invalid positive integer", param="amount")
        if amount > left:
            raise invalid(
                f"Refund amount ({_euros(amount)}) is greater than unrefunded amount on charge "
                f"({_euros(left)})",
                param="amount",
            )
        if params.get("reason", _REASONS[0]) not in _REASONS:
            raise invalid("Invalid reason", param="reason")
        return self._refund(charge, amount, params)

    def _refund(self, charge: Json, amount: int, params: Params) -> Json:
        refund = self._store.add(
            {
                "id": self._store.new_id("re_"),
                "object": "refund",
                "amount": amount,
                "charge": charge["id"],
                "created": self._store.now(),
                "currency": charge["currency"],
                "metadata": params.get("metadata", {}),
                "payment_intent": charge["payment_intent"],
                "reason": params.get("reason"),
                "status": "succeeded",
                "failure_reason": None,
            },
            parent=charge["payment_intent"],
        )
        self._count(charge, amount)
        self._store.emit("refund.created", refund)
        self._store.emit("charge.refunded", charge)
        method = self._store.get("payment_method", charge["payment_method"])
        answer = dict(refund)
        if CARDS[method["_token"]].refund_fails:
            refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
            self._store.save(refund)
            self._count(charge, -amount)
            self._store.emit("refund.failed", refund)
        return answer

    def _charge_of(self, params: Params) -> Json:
        if charge_id := params.get("charge"):
            charge = self._store.get("charge", str(charge_id))
        else:
            intent = self._store.get("payment_intent", str(params.get("payment_intent", "")))
            charge = self._store.get("charge", str(intent["latest_charge"]))
        if charge["status"] != "succeeded":
            raise invalid("This charge was never taken.", code="charge_not_refundable")
        if charge["disputed"]:
            raise invalid("This charge has been disputed.", code="charge_disputed")
        return charge

    def _count(self, charge: Json, amount: int) -> None:
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        self._store.save(charge)


class Disputes:
    """The owner of a card asks the bank for the money."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(self, charge_id: str, reason: str) -> Json:
        """Take the money of a charge away until it is decided."""
        charge = self._store.get("charge", charge_id)
        if charge["disputed"] or charge["status"] != "succeeded":
            raise invalid("This charge cannot be disputed.")
        dispute = self._store.add(
            {
                "id": self._store.new_id("dp_"),
                "object": "dispute",
                "amount": charge["amount"] - charge["amount_refunded"],
                "charge": charge["id"],
                "created": self._store.now(),
                "currency": charge["currency"],
                "metadata": {},
                "payment_intent": charge["payment_intent"],
                "reason": reason,
                "status": "needs_response",
                "is_charge_refundable": False,
            },
            parent=charge["payment_intent"],
        )
        charge |= {"disputed": True, "dispute": dispute["id"]}
        self._store.save(charge)
        self._store.emit("charge.dispute.created", dispute)
        self._store.emit("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def close(self, dispute_id: str, *, won: bool) -> Json:
        """Decide."""
        dispute = self._store.get("dispute", dispute_id)
        if dispute["status"] in ("won", "lost"):
            raise invalid(f"This dispute has a status of {dispute['status']}.")
        dispute["status"] = "won" if won else "lost"
        self._store.save(dispute)
        self._store.emit("charge.dispute.closed", dispute)
        if won:
            self._store.emit("charge.dispute.funds_reinstated", dispute)
        return dispute


def _euros(cents: int) -> str:
    return f"€{cents // 100}.{cents % 100:02}"
