"""Webhooks of the card processor: a signed knock on the door, never a source of facts."""

from __future__ import annotations

from datetime import timedelta

from services.kit.clock import Clock
from services.kit.errors import DependencyDown
from services.kit.work import UnitsOfWork
from services.payment.app.apart import Apart
from services.payment.app.card_stores import ProviderInbox
from services.payment.app.collecting import CardCollections
from services.payment.app.disputes import Disputes
from services.payment.app.methods import PaymentMethods
from services.payment.app.processor import Processor, Rejected, Unclear, WebhookEvent
from services.payment.app.refunds import Refunds

_INTENTS = "payment_intent."
_SETUP_DONE = "setup_intent.succeeded"
_DISPUTES = "charge.dispute."
_REFUNDS = ("refund.", "charge.refund.updated")
_DETACHED = "payment_method.detached"
# Nobody sends an event again after that long.
_KEPT = timedelta(days=60)


class Webhooks:
    """Reads each object anew from the API, so that neither order nor age of events matters."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        inbox: ProviderInbox,
        processor: Processor,
        collections: CardCollections,
        refunds: Refunds,
        disputes: Disputes,
        methods: PaymentMethods,
        apart: Apart,
        clock: Clock,
    ) -> None:
        self._work = work
        self._inbox = inbox
        self._processor = processor
        self._collections = collections
        self._refunds = refunds
        self._disputes = disputes
        self._methods = methods
        self._apart = apart
        self._clock = clock

    async def receive(self, body: bytes, signature: str) -> None:
        """Take in one webhook as it came.

        An event that was handled before does nothing. Raises WebhookInvalid,
        and DependencyDown, upon which it is sent again.
        """
        event = self._processor.event(body, signature, self._clock.now())
        await self._apart.finish(self._handle_once(event))

    async def forget_old(self) -> None:
        """Drop event ids that nobody sends again."""
        async with self._work() as work:
            await self._inbox.forget(work, self._clock.now() - _KEPT)

    async def _handle_once(self, event: WebhookEvent) -> None:
        async with self._work() as work:
            if await self._inbox.seen(work, event.id):
                return
        try:
            await self._handle(event)
        except (Unclear, Rejected) as error:
            raise DependencyDown(dependency="stripe") from error
        # Last: what fails above comes again. Each effect is taken once by the row that it moves,
        # so that a crash in between, or two deliveries at once, do it once.
        async with self._work() as work:
            await self._inbox.note(work, event.id, event.type, self._clock.now())

    async def _handle(self, event: WebhookEvent) -> None:
        processor, object_id = self._processor, event.object_id
        if event.type.startswith(_INTENTS):
            await self._collections.heard(await processor.intent(object_id))
        elif event.type == _SETUP_DONE:
            await self._methods.added(await processor.setup(object_id))
        elif event.type.startswith(_DISPUTES):
            await self._disputes.heard(await processor.read_dispute(object_id))
        elif event.type.startswith(_REFUNDS):
            await self._refunds.heard(await processor.read_refund(object_id))
        elif event.type == _DETACHED:
            await self._methods.gone(object_id)
