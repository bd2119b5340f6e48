"""Stripe, through its own library."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from stripe import HTTPXClient, StripeClient, StripeError, error

from services.payment.app.processor import (
    Intent,
    Mandate,
    ProviderDispute,
    ProviderRefund,
    Rejected,
    Setup,
    Unclear,
    WebhookEvent,
)
from services.payment.domain.fees import MICROS_PER_CENT
from services.payment.ports import stripe_events, stripe_objects

P = ParamSpec("P")
T = TypeVar("T")

_TIMEOUT_SECONDS = 8.0
_PAGE = 100
# How many of a customer's newest intents are searched for one of ours.
_SEARCHED = 1000
_SERVER_ERROR = 500


def _translated(
    call: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Raise Unclear and Rejected in place of the library's errors."""

    @wraps(call)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await call(*args, **kwargs)
        except StripeError as failure:
            raise _understood(failure) from failure

    return run


def _understood(failure: StripeError) -> Unclear | Rejected:
    if isinstance(failure, error.InvalidRequestError | error.CardError):
        return Rejected(failure.code or "invalid_request")
    # A server error that comes again under the same key is kept there: the request has ended.
    broken = (failure.http_status or 0) >= _SERVER_ERROR
    replayed = bool((failure.headers or {}).get("idempotent-replayed"))
    return Unclear(type(failure).__name__, ended=broken and replayed)


class StripeProcessor:
    """Speaks to Stripe, or to what stands in for it at `api_base`."""

    def __init__(
        self, *, api_key: str, api_base: str, webhook_secret: str, test_cards: bool
    ) -> None:
        self.takes_test_cards = test_cards
        self._secret = webhook_secret
        self._http = HTTPXClient(timeout=_TIMEOUT_SECONDS)
        # No retries in the library: the minute job retries, with what is written down.
        self._api = StripeClient(
            api_key,
            http_client=self._http,
            max_network_retries=0,
            base_addresses={"api": api_base} if api_base else {},
        ).v1

    async def close(self) -> None:
        """Close the connections."""
        close: Callable[[], Awaitable[None]] = self._http.close_async
        await close()

    @_translated
    async def create_customer(self, company_id: str, key: str) -> str:
        """Return the id of a new customer."""
        made = await self._api.customers.create_async(
            {"metadata": {"company": company_id}}, {"idempotency_key": key}
        )
        return made.id

    @_translated
    async def charge(
        self, *, customer: str, method: str, amount: int, charge_id: str, key: str
    ) -> Intent:
        """Charge off session. A card that says no is an answer, not an error."""
        try:
            made = await self._api.payment_intents.create_async(
                {
                    "amount": amount // MICROS_PER_CENT,
                    "currency": "eur",
                    "customer": customer,
                    "payment_method": method,
                    "allowed_payment_method_types": ["card"],
                    "confirm": True,
                    "off_session": True,
                    "metadata": {"charge": charge_id},
                },
                {"idempotency_key": key},
            )
        except error.CardError as declined:
            return _intent_of(declined)
        return stripe_objects.intent(made)

    @_translated
    async def ask_owner(self, intent_id: str, method: str, return_url: str, key: str) -> Intent:
        """Confirm on session, so that there is a link for the owner of the card."""
        try:
            confirmed = await self._api.payment_intents.confirm_async(
                intent_id,
                {"payment_method": method, "return_url": return_url},
                {"idempotency_key": key},
            )
        except error.CardError as declined:
            return _intent_of(declined)
        return stripe_objects.intent(confirmed)

    @_translated
    async def cancel(self, intent_id: str) -> Intent:
        """End an intent that nobody confirmed."""
        return stripe_objects.intent(await self._api.payment_intents.cancel_async(intent_id))

    @_translated
    async def intent(self, intent_id: str) -> Intent:
        """Read an intent."""
        return stripe_objects.intent(await self._api.payment_intents.retrieve_async(intent_id))

    @_translated
    async def look_up(self, customer: str, charge_id: str, since: datetime) -> Intent | None:
        """Search the customer's intents for the one of a charge of ours."""
        page = await self._api.payment_intents.list_async(
            {"customer": customer, "limit": _PAGE, "created": {"gte": int(since.timestamp())}}
        )
        searched = 0
        async for one in page.auto_paging_iter():
            found = stripe_objects.intent(one)
            if found.charge_id == charge_id:
                return found
            searched += 1
            if searched >= _SEARCHED:
                raise Unclear("too many intents to search")
        return None

    @_translated
    async def set_up(
        self, *, customer: str, method: str, mandate: Mandate, return_url: str, key: str
    ) -> Setup:
        """Make a card good for charges off session. Without a method the browser confirms."""
        params = stripe_objects.setup_params(customer, method, mandate, return_url)
        made = await self._api.setup_intents.create_async(params, {"idempotency_key": key})
        return await self._with_card(made)

    @_translated
    async def setup(self, setup_id: str) -> Setup:
        """Read a SetupIntent."""
        return await self._with_card(await self._api.setup_intents.retrieve_async(setup_id))

    async def _with_card(self, found: Any) -> Setup:
        if found.status != "succeeded":
            return stripe_objects.setup(found, None)
        card = await self._api.payment_methods.retrieve_async(found.payment_method)
        return stripe_objects.setup(found, card)

    @_translated
    async def detach(self, method_id: str) -> None:
        """Forget a payment method; done before is done."""
        try:
            await self._api.payment_methods.detach_async(method_id)
        except error.InvalidRequestError:
            known = await self._api.payment_methods.retrieve_async(method_id)
            if known.customer:
                raise

    @_translated
    async def refund(
        self, *, intent_id: str, amount: int, refund_id: str, key: str
    ) -> ProviderRefund:
        """Give back; the same key is the same refund."""
        made = await self._api.refunds.create_async(
            {
                "payment_intent": intent_id,
                "amount": amount // MICROS_PER_CENT,
                "metadata": {"refund": refund_id},
            },
            {"idempotency_key": key},
        )
        return stripe_objects.refund(made)

    @_translated
    async def refund_of(self, intent_id: str, refund_id: str) -> ProviderRefund | None:
        """Search the refunds of an intent for one of ours."""
        page = await self._api.refunds.list_async({"payment_intent": intent_id, "limit": _PAGE})
        async for one in page.auto_paging_iter():
            found = stripe_objects.refund(one)
            if found.refund_id == refund_id:
                return found
        return None

    @_translated
    async def read_refund(self, provider_id: str) -> ProviderRefund:
        """Read a refund."""
        return stripe_objects.refund(await self._api.refunds.retrieve_async(provider_id))

    @_translated
    async def read_dispute(self, dispute_id: str) -> ProviderDispute:
        """Read a dispute."""
        return stripe_objects.dispute(await self._api.disputes.retrieve_async(dispute_id))

    async def intents(self, since: datetime) -> AsyncIterator[Intent]:
        """All intents made since then."""
        async for one in self._all(self._api.payment_intents, since):
            yield stripe_objects.intent(one)

    async def refunds(self, since: datetime) -> AsyncIterator[ProviderRefund]:
        """All refunds made since then."""
        async for one in self._all(self._api.refunds, since):
            yield stripe_objects.refund(one)

    async def disputes(self, since: datetime) -> AsyncIterator[ProviderDispute]:
        """All disputes made since then."""
        async for one in self._all(self._api.disputes, since):
            yield stripe_objects.dispute(one)

    async def _all(self, kind: Any, since: datetime) -> AsyncIterator[Any]:
        try:
            at = max(int(since.timestamp()), 0)
            page = await kind.list_async({"limit": _PAGE, "created": {"gte": at}})
            async for one in page.auto_paging_iter():
                yield one
        except StripeError as failure:
            raise _understood(failure) from failure

    def event(self, body: bytes, signature: str, now: datetime) -> WebhookEvent:
        """Check a webhook and read it. Raises WebhookInvalid."""
        return stripe_events.read(body, signature, self._secret, now.astimezone(UTC))


def _intent_of(declined: error.CardError) -> Intent:
    """A declined card leaves an intent, which comes with the error."""
    left = declined.error.payment_intent if declined.error else None
    if left is None:
        raise declined
    return stripe_objects.intent(left)
