"""PaymentIntents and the charges behind them."""

from __future__ import annotations

from stack.standins.stripe.disputes import Disputes
from stack.standins.stripe.faults import ApiError, invalid
from stack.standins.stripe.forms import Params, flag
from stack.standins.stripe.methods import Methods, card_of, declined, public
from stack.standins.stripe.store import Json, Store

# In cents: what the processor takes at least and at most.
_LEAST, _MOST = 50, 99_999_999
_ASKED = "authentication_required"


class Intents:
    """Charges a customer."""

    def __init__(self, store: Store, methods: Methods, disputes: Disputes) -> None:
        self._store = store
        self._methods = methods
        self._disputes = disputes

    def create(self, params: Params) -> Json:
        """POST /v1/payment_intents"""
        amount = _amount(params)
        customer = params.get("customer")
        if customer:
            self._store.get("customer", str(customer))
        intent_id = self._store.new_id("pi_")
        intent: Json = {
            "id": intent_id,
            "object": "payment_intent",
            "amount": amount,
            "amount_received": 0,
            "client_secret": f"{intent_id}_secret_{self._store.new_id('')}",
            "confirmation_method": "automatic",
            "capture_method": "automatic",
            "created": self._store.now(),
            "currency": params["currency"],
            "customer": customer,
            "description": params.get("description"),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": params.get("metadata", {}),
            "next_action": None,
            "payment_method": None,
            "payment_method_types": ["card"],
            "status": "requires_payment_method",
        }
        if not flag(params, "confirm"):
            if flag(params, "off_session"):
                raise invalid("off_session needs confirm=true.", param="off_session")
            self._store.add(intent)
            self._store.emit("payment_intent.created", intent)
            return intent
        # Looked at before anything is kept: a request that names no card makes no intent.
        method = self._methods.resolve(str(params.get("payment_method", "")), customer or "")
        self._store.add(intent)
        self._store.emit("payment_intent.created", intent)
        return self._confirm(intent, method, params)

    def confirm(self, intent_id: str, params: Params) -> Json:
        """POST /v1/payment_intents/{id}/confirm"""
        intent = self._store.get("payment_intent", intent_id)
        open_states = ("requires_payment_method", "requires_confirmation", "requires_action")
        if intent["status"] not in open_states:
            raise _unexpected(intent, "confirm")
        name = params.get("payment_method") or intent["payment_method"]
        if not name:
            raise invalid("A payment method is needed.", param="payment_method")
        method = self._methods.resolve(str(name), intent["customer"] or "")
        return self._confirm(intent, method, params)

    def cancel(self, intent_id: str) -> Json:
        """POST /v1/payment_intents/{id}/cancel"""
        intent = self._store.get("payment_intent", intent_id)
        if intent["status"] in ("succeeded", "canceled"):
            raise _unexpected(intent, "cancel")
        intent |= {"status": "canceled", "next_action": None}
        self._store.save(intent)
        self._store.emit("payment_intent.canceled", intent)
        return intent

    def finish(self, intent: Json) -> Json:
        """The owner agreed on the bank's page."""
        method = self._store.get("payment_method", intent["payment_method"])
        return self._take(intent, method)

    def refuse(self, intent: Json) -> Json:
        """The owner did not agree."""
        error = {
            "type": "card_error",
            "code": "payment_intent_authentication_failure",
            "message": "The bank could not make sure that it is the owner.",
        }
        return self._failed(intent, error)

    def _confirm(self, intent: Json, method: Json, params: Params) -> Json:
        card = card_of(method)
        intent |= {"payment_method": method["id"], "next_action": None}
        if card.declines:
            raise self._declined(intent, declined(card))
        if card.always_asks or (card.asks_until_set_up and not method["_set_up"]):
            return self._ask(intent, params)
        return self._take(intent, method)

    def _ask(self, intent: Json, params: Params) -> Json:
        if flag(params, "off_session"):
            message = "Your card was declined. This transaction requires authentication."
            raise self._declined(
                intent, ApiError(402, "card_error", message, code=_ASKED, decline_code=_ASKED)
            )
        intent |= {
            "status": "requires_action",
            "next_action": self._methods.redirect(intent["id"], params.get("return_url")),
        }
        self._store.save(intent)
        self._store.emit("payment_intent.requires_action", intent)
        return intent

    def _declined(self, intent: Json, error: ApiError) -> ApiError:
        self._failed(intent, dict(error.body["error"]))
        error.body["error"] |= {
            "payment_intent": public(intent),
            "charge": intent["latest_charge"],
        }
        return error

    def _failed(self, intent: Json, error: Json) -> Json:
        charge = self._charge(intent, "failed", error)
        intent |= {
            "status": "requires_payment_method",
            "next_action": None,
            "last_payment_error": error,
            "latest_charge": charge["id"],
        }
        self._store.save(intent)
        self._store.emit("payment_intent.payment_failed", intent)
        return intent

    def _take(self, intent: Json, method: Json) -> Json:
        charge = self._charge(intent, "succeeded", None)
        intent |= {
            "status": "succeeded",
            "amount_received": intent["amount"],
            "last_payment_error": None,
            "next_action": None,
            "latest_charge": charge["id"],
        }
        self._store.save(intent)
        self._store.emit("charge.succeeded", charge)
        self._store.emit("payment_intent.succeeded", intent)
        if card_of(method).disputed:
            self._disputes.open(charge["id"], "fraudulent")
        return intent

    def _charge(self, intent: Json, status: str, error: Json | None) -> Json:
        method = self._store.get("payment_method", intent["payment_method"])
        return self._store.add(
            {
                "id": self._store.new_id("ch_"),
                "object": "charge",
                "amount": intent["amount"],
                "amount_captured": intent["amount"] if status == "succeeded" else 0,
                "amount_refunded": 0,
                "captured": status == "succeeded",
                "created": self._store.now(),
                "currency": intent["currency"],
                "customer": intent["customer"],
                "dispute": None,
                "disputed": False,
                "failure_code": error["code"] if error else None,
                "failure_message": error["message"] if error else None,
                "livemode": False,
                "metadata": intent["metadata"],
                "paid": status == "succeeded",
                "payment_intent": intent["id"],
                "payment_method": method["id"],
                "refunded": False,
                "status": status,
            },
            parent=intent["id"],
        )


def _amount(params: Params) -> int:
    text = str(params.get("amount", ""))
    if not text.isdigit():
        raise invalid(f"Invalid integer: {text}", code="parameter_invalid_integer", param="amount")
    amount = int(text)
    if amount < _LEAST:
        message = "Amount must be at least 0.50 eur."
        raise invalid(message, code="amount_too_small", param="amount")
    if amount > _MOST:
        message = "Amount must be no more than 999,999.99 eur."
        raise invalid(message, code="amount_too_large", param="amount")
    if params.get("currency") != "eur":
        raise invalid("Invalid currency.", param="currency")
    return amount


def _unexpected(intent: Json, verb: str) -> ApiError:
    return invalid(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
    )
