"""Who pays with what, as a charge needs to know it."""

from __future__ import annotations

from services.kit.clock import Clock
from services.kit.errors import DependencyDown
from services.kit.work import UnitOfWork, UnitsOfWork
from services.payment.app.card_stores import MethodStore
from services.payment.app.processor import Processor, Rejected, Unclear
from services.payment.domain.errors import PaymentMethodMissing

_TEST_CARD = "pm_card_"


class Payers:
    """Customers of the processor and the payment method to charge."""

    def __init__(
        self, work: UnitsOfWork, methods: MethodStore, processor: Processor, clock: Clock
    ) -> None:
        self._work = work
        self._methods = methods
        self._processor = processor
        self._clock = clock

    async def customer(self, company_id: str) -> str:
        """Return the processor's customer of a company; make it where there is none.

        Not to be called inside a unit of work. Raises DependencyDown.
        """
        async with self._work() as work:
            known = await self._methods.customer(work, company_id)
        if known:
            return known
        try:
            made = await self._processor.create_customer(company_id, f"customer:{company_id}")
        except (Unclear, Rejected) as error:
            raise DependencyDown(dependency="stripe") from error
        async with self._work() as work:
            now = self._clock.now()
            return await self._methods.keep_customer(work, company_id, made, now)

    async def method(self, work: UnitOfWork, company_id: str, wanted: str) -> str:
        """Return the method to charge: the wanted one of this company, or its default.

        Raises PaymentMethodMissing.
        """
        if wanted.startswith(_TEST_CARD) and self._processor.takes_test_cards:
            return wanted
        for method in await self._methods.listed(work, company_id):
            if method.method_id == wanted or (not wanted and method.default):
                return method.method_id
        raise PaymentMethodMissing(field="payment_method")
