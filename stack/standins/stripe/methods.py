"""Customers, payment methods and SetupIntents."""

from __future__ import annotations

from typing import Any

from stack.standins.stripe.cards import CARDS, Card
from stack.standins.stripe.faults import ApiError, invalid
from stack.standins.stripe.forms import Params, flag
from stack.standins.stripe.store import Json, Store

_EXPIRES = (12, 2034)


class Methods:
    """What a customer pays with."""

    def __init__(self, store: Store, page: str) -> None:
        self._store = store
        # Where the page of the bank is: an address without a slash at the end.
        self._page = page

    def create_customer(self, params: Params) -> Json:
        """POST /v1/customers"""
        store = self._store
        customer = {
            "id": store.new_id("cus_"),
            "object": "customer",
            "created": store.now(),
            "description": params.get("description"),
            "email": params.get("email"),
            "name": params.get("name"),
            "livemode": False,
            "metadata": params.get("metadata", {}),
            "invoice_settings": {"default_payment_method": None},
        }
        store.add(customer)
        store.emit("customer.created", customer)
        return customer

    def create_method(self, params: Params) -> Json:
        """POST /v1/payment_methods: a card by its test token."""
        card = params.get("card", {})
        token = card.get("token", "") if isinstance(card, dict) else ""
        return self._make(token.replace("tok_", "pm_card_", 1))

    def resolve(self, method_id: str, customer: str) -> Json:
        """Return the payment method that a request names. Raises ApiError."""
        if method_id in CARDS:
            return self._make(method_id)
        method = self._store.get("payment_method", method_id)
        if method["_detached"]:
            raise invalid(
                "This PaymentMethod was previously used without being attached to a Customer or "
                "was detached from a Customer, and may not be used again."
            )
        if method["customer"] and method["customer"] != customer:
            raise invalid(
                "The PaymentMethod belongs to another customer than the one of this request.",
                param="payment_method",
            )
        return method

    def attach(self, method_id: str, params: Params) -> Json:
        """POST /v1/payment_methods/{id}/attach"""
        customer = self._store.get("customer", str(params.get("customer", "")))
        method = self.resolve(method_id, customer["id"])
        card = card_of(method)
        if not card.attaches:
            raise declined(card)
        return self._attach(method, customer["id"])

    def detach(self, method_id: str) -> Json:
        """POST /v1/payment_methods/{id}/detach"""
        method = self._store.get("payment_method", method_id)
        if not method["customer"]:
            raise invalid("The payment method you provided is not attached to a customer.")
        method |= {"customer": None, "_detached": True}
        self._store.save(method)
        self._store.emit("payment_method.detached", method)
        return method

    def create_setup(self, params: Params) -> Json:
        """POST /v1/setup_intents"""
        store = self._store
        customer = store.get("customer", str(params.get("customer", "")))
        setup_id = store.new_id("seti_")
        setup: Json = {
            "id": setup_id,
            "object": "setup_intent",
            "client_secret": f"{setup_id}_secret_{store.new_id('')}",
            "created": store.now(),
            "customer": customer["id"],
            "last_setup_error": None,
            "livemode": False,
            "mandate": None,
            "metadata": params.get("metadata", {}),
            "next_action": None,
            "payment_method": None,
            "payment_method_types": ["card"],
            "status": "requires_payment_method",
            "usage": params.get("usage", "off_session"),
        }
        store.add(setup)
        store.emit("setup_intent.created", setup)
        if not flag(params, "confirm"):
            if params.get("mandate_data"):
                raise invalid("mandate_data needs confirm=true.", param="mandate_data")
            return setup
        return self._confirm_setup(setup, params)

    def confirm_setup(self, setup_id: str, params: Params) -> Json:
        """POST /v1/setup_intents/{id}/confirm"""
        return self._confirm_setup(self._store.get("setup_intent", setup_id), params)

    def _confirm_setup(self, setup: Json, params: Params) -> Json:
        if setup["status"] in ("succeeded", "canceled"):
            raise invalid(
                f"This SetupIntent has the status {setup['status']}.",
                code="setup_intent_unexpected_state",
            )
        method = self.resolve(str(params.get("payment_method", "")), setup["customer"])
        card = card_of(method)
        setup |= {"payment_method": method["id"], "next_action": None}
        if not card.attaches:
            error = declined(card)
            setup |= {
                "status": "requires_payment_method",
                "last_setup_error": dict(error.body["error"]),
            }
            self._store.save(setup)
            self._store.emit("setup_intent.setup_failed", setup)
            error.body["error"] |= {"setup_intent": public(setup)}
            raise error
        if card.always_asks or card.asks_until_set_up:
            url = params.get("return_url")
            setup |= {"status": "requires_action", "next_action": self.redirect(setup["id"], url)}
            self._store.save(setup)
            self._store.emit("setup_intent.requires_action", setup)
            return setup
        return self.finish_setup(setup)

    def finish_setup(self, setup: Json) -> Json:
        """The owner agreed: the method is the customer's and good for later."""
        method = self._store.get("payment_method", setup["payment_method"])
        method["_set_up"] = True
        self._attach(method, setup["customer"])
        setup |= {
            "status": "succeeded",
            "next_action": None,
            "mandate": self._store.new_id("mandate_"),
        }
        self._store.save(setup)
        self._store.emit("setup_intent.succeeded", setup)
        return setup

    def refuse_setup(self, setup: Json) -> Json:
        """The owner did not agree."""
        setup |= {
            "status": "requires_payment_method",
            "next_action": None,
            "last_setup_error": {
                "type": "invalid_request_error",
                "code": "setup_intent_authentication_failure",
                "message": "The bank could not make sure that it is the owner.",
            },
        }
        self._store.save(setup)
        self._store.emit("setup_intent.setup_failed", setup)
        return setup

    def redirect(self, object_id: str, return_url: Any) -> Json:
        """Where the owner confirms."""
        if not return_url:
            return {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
        url = f"{self._page}/3ds/{object_id}"
        return {
            "type": "redirect_to_url",
            "redirect_to_url": {"url": url, "return_url": return_url},
        }

    def _attach(self, method: Json, customer: str) -> Json:
        method["customer"] = customer
        self._store.save(method)
        self._store.emit("payment_method.attached", method)
        return method

    def _make(self, token: str) -> Json:
        card = CARDS.get(token)
        if card is None:
            raise invalid(
                f"No such PaymentMethod: '{token}'",
                code="resource_missing",
                param="payment_method",
            )
        month, year = _EXPIRES
        return self._store.add(
            {
                "id": self._store.new_id("pm_"),
                "object": "payment_method",
                "type": "card",
                "created": self._store.now(),
                "customer": None,
                "livemode": False,
                "metadata": {},
                "billing_details": {},
                "card": {
                    "brand": card.brand,
                    "last4": card.last4,
                    "exp_month": month,
                    "exp_year": year,
                    "funding": "credit",
                    "country": "FR",
                },
                "_token": token,
                "_detached": False,
                "_set_up": False,
            }
        )


def card_of(method: Json) -> Card:
    """How a payment method behaves."""
    return CARDS[method["_token"]]


def public(body: Json) -> Json:
    """An object without what the stand-in keeps for itself."""
    return {key: value for key, value in body.items() if not key.startswith("_")}


def declined(card: Card) -> ApiError:
    """The error of a card that says no."""
    own_codes = ("expired_card", "processing_error", "incorrect_cvc")
    code = card.declines if card.declines in own_codes else "card_declined"
    more = {} if code in own_codes else {"decline_code": card.declines}
    return ApiError(402, "card_error", "Your card was declined.", code=code, **more)
