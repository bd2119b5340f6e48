"""PaymentMethodService: protobuf in, protobuf out."""

from __future__ import annotations

from typing import Any

from weneeds.payment.v1 import payment_method_pb2, payment_method_service_pb2
from weneeds.payment.v1.payment_method_service_pb2_grpc import PaymentMethodServiceServicer

from services.kit.call import current_call, current_user
from services.kit.paging import Page
from services.kit.times import to_timestamp
from services.payment.app.card_stores import PaymentMethod
from services.payment.app.methods import Consent, PaymentMethods

_UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 - no address to listen on: the caller's is unknown


class PaymentMethodRpc(PaymentMethodServiceServicer):
    """Cards of companies."""

    def __init__(self, methods: PaymentMethods) -> None:
        self._methods = methods

    async def StartPaymentMethod(
        self, request: payment_method_service_pb2.StartPaymentMethodRequest, context: Any
    ) -> payment_method_service_pb2.StartPaymentMethodResponse:
        """Begin to add a card in the browser."""
        setup = await self._methods.start(_consent(request.company_id), request.request_id)
        return payment_method_service_pb2.StartPaymentMethodResponse(
            setup_id=setup.id, client_secret=setup.client_secret
        )

    async def AddPaymentMethod(
        self, request: payment_method_service_pb2.AddPaymentMethodRequest, context: Any
    ) -> payment_method_service_pb2.AddPaymentMethodResponse:
        """Add a card."""
        added = await self._methods.add(
            _consent(request.company_id), request.payment_method, request.request_id
        )
        return payment_method_service_pb2.AddPaymentMethodResponse(
            payment_method=_method(added.method) if added.method else None, link=added.link
        )

    async def ListPaymentMethods(
        self, request: payment_method_service_pb2.ListPaymentMethodsRequest, context: Any
    ) -> payment_method_service_pb2.ListPaymentMethodsResponse:
        """List the company's cards, newest first."""
        page = Page.of(request, keys=(str,))
        methods = await self._methods.listed(request.company_id)
        rows = [one for one in methods if not page.after or one.id < page.after[0]]
        shown = rows[: page.size]
        return payment_method_service_pb2.ListPaymentMethodsResponse(
            payment_methods=[_method(one) for one in shown],
            next_page_token=page.next_token(rows, [shown[-1].id]) if shown else "",
            total_size=len(methods),
        )

    async def SetDefaultPaymentMethod(
        self, request: payment_method_service_pb2.SetDefaultPaymentMethodRequest, context: Any
    ) -> payment_method_service_pb2.SetDefaultPaymentMethodResponse:
        """Charge this card from now on."""
        method = await self._methods.make_default(request.company_id, request.payment_method_id)
        return payment_method_service_pb2.SetDefaultPaymentMethodResponse(
            payment_method=_method(method)
        )

    async def RemovePaymentMethod(
        self, request: payment_method_service_pb2.RemovePaymentMethodRequest, context: Any
    ) -> payment_method_service_pb2.RemovePaymentMethodResponse:
        """Take a card out of use."""
        await self._methods.remove(request.company_id, request.payment_method_id)
        return payment_method_service_pb2.RemovePaymentMethodResponse()


def _consent(company_id: str) -> Consent:
    """The contract wants `terms_accepted`: whoever gets here has accepted."""
    call = current_call()
    return Consent(
        company_id=company_id,
        user_id=current_user().id,
        address=(call.address if call else "") or _UNKNOWN_ADDRESS,
        device=(call.device if call else "") or "unknown",
    )


def _method(method: PaymentMethod) -> payment_method_pb2.PaymentMethod:
    return payment_method_pb2.PaymentMethod(
        id=method.id,
        company_id=method.company_id,
        provider_id=method.method_id,
        brand=method.brand,
        last4=method.last4,
        exp_month=method.exp_month,
        exp_year=method.exp_year,
        is_default=method.default,
        mandate=payment_method_pb2.Mandate(
            provider_id=method.mandate_id,
            terms=method.terms,
            accepted_by=method.accepted_by,
            accepted_at=to_timestamp(method.accepted_at),
        ),
        created_at=to_timestamp(method.created_at),
    )
