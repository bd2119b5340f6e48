"""Payment methods of companies: added with a mandate, listed, chosen, removed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import DependencyDown
from services.kit.ids import Ids
from services.kit.work import UnitsOfWork
from services.payment.app import charge_messages
from services.payment.app.apart import Apart
from services.payment.app.card_stores import MethodStore, PaymentMethod
from services.payment.app.payers import Payers
from services.payment.app.processor import Mandate, Processor, Rejected, Setup, Unclear
from services.payment.domain.errors import CardDeclined, PaymentMethodMissing

# Which text a mandate accepts. Another text is another name.
TERMS = "off-session-1"


@dataclass(frozen=True, slots=True)
class Consent:
    """Who says, from where, that a company's card may be charged."""

    company_id: str
    user_id: str
    address: str
    device: str

    @property
    def fingerprint(self) -> str:
        """Tell two places apart.

        They belong to what the processor compares under an idempotency key, and a repetition
        may come from another network.
        """
        return hashlib.sha256(f"{self.address}\n{self.device}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a wish to add a card."""

    # None while the bank waits for the owner.
    method: PaymentMethod | None
    # Where the owner confirms; empty when nobody asks.
    link: str = ""


class PaymentMethods:
    """The cards of companies."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        store: MethodStore,
        payers: Payers,
        processor: Processor,
        apart: Apart,
        site_url: str,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._reader = reader
        self._store = store
        self._payers = payers
        self._processor = processor
        self._apart = apart
        self._site_url = site_url
        self._clock = clock
        self._ids = ids

    async def start(self, consent: Consent, request_id: str) -> Setup:
        """Begin a setup that the browser of the owner confirms; a webhook tells of its end.

        Raises DependencyDown.
        """
        return await self._apart.finish(self._set_up(consent, "", request_id))

    async def add(self, consent: Consent, method: str, request_id: str) -> Added:
        """Make a card, which the browser has turned into `method`, good for later charges.

        Raises CardDeclined, DependencyDown.
        """
        return await self._apart.finish(self._add(consent, method, request_id))

    async def listed(self, company_id: str) -> list[PaymentMethod]:
        """List the company's cards, newest first."""
        return await self._store.listed(self._reader, company_id)

    async def make_default(self, company_id: str, method_id: str) -> PaymentMethod:
        """Charge this one from now on. Raises PaymentMethodMissing."""
        async with self._work() as work:
            known = {m.id for m in await self._store.listed(work, company_id)}
            if method_id not in known:
                raise PaymentMethodMissing(field="payment_method_id")
            await self._store.make_default(work, company_id, method_id)
            methods = await self._store.listed(work, company_id)
        return next(method for method in methods if method.id == method_id)

    async def remove(self, company_id: str, method_id: str) -> None:
        """Take a card out of use, here and at the processor.

        Raises PaymentMethodMissing, DependencyDown.
        """
        for method in await self.listed(company_id):
            if method.id == method_id:
                await self._apart.finish(self._remove(method.method_id))
                return
        raise PaymentMethodMissing(field="payment_method_id")

    async def added(self, setup: Setup) -> PaymentMethod | None:
        """Write down the card of a setup that succeeded, and tell everybody; once.

        Nothing for a setup that is not ours or not there yet.
        """
        card = setup.card
        if not setup.succeeded or card is None or not setup.company_id:
            return None
        method = PaymentMethod(
            id=self._ids.new(),
            company_id=setup.company_id,
            method_id=card.id,
            brand=card.brand,
            last4=card.last4,
            exp_month=card.exp_month,
            exp_year=card.exp_year,
            default=False,
            setup_id=setup.id,
            mandate_id=setup.mandate_id,
            terms=setup.terms,
            accepted_by=setup.user_id,
            accepted_at=setup.created_at,
            created_at=self._clock.now(),
        )
        async with self._work() as work:
            if await self._store.add(work, method):
                work.publish(charge_messages.method_added(method))
            methods = await self._store.listed(work, setup.company_id)
        return next((one for one in methods if one.method_id == card.id), None)

    async def gone(self, provider_id: str) -> None:
        """A card was taken out of use at the processor."""
        async with self._work() as work:
            await self._store.detach(work, provider_id, self._clock.now())

    async def _set_up(self, consent: Consent, method: str, request_id: str) -> Setup:
        customer = await self._payers.customer(consent.company_id)
        mandate = Mandate(
            company_id=consent.company_id,
            user_id=consent.user_id,
            terms=TERMS,
            address=consent.address,
            device=consent.device,
        )
        try:
            return await self._processor.set_up(
                customer=customer,
                method=method,
                mandate=mandate,
                return_url=f"{self._site_url}/companies/{consent.company_id}/payment-methods",
                key=f"setup:{consent.company_id}:{request_id}:{consent.fingerprint}",
            )
        except Unclear as error:
            raise DependencyDown(dependency="stripe") from error
        except Rejected as error:
            raise CardDeclined(decline_code=error.code) from error

    async def _add(self, consent: Consent, method: str, request_id: str) -> Added:
        setup = await self._set_up(consent, method, request_id)
        return Added(await self.added(setup), setup.link)

    async def _remove(self, provider_id: str) -> None:
        try:
            await self._processor.detach(provider_id)
        except (Unclear, Rejected) as error:
            raise DependencyDown(dependency="stripe") from error
        await self.gone(provider_id)
