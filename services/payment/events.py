"""What payment consumes."""

from __future__ import annotations

import logging

from weneeds.jobs.events.v1.events_pb2 import (
    ActionPerformed,
    ApplicationReceived,
    OfferCreated,
    OfferUpdated,
)

from services.kit.consumer import Consumer
from services.kit.errors import InvalidFields
from services.kit.money import NotMicroEuros, to_micros
from services.payment.app.actions import Actions
from services.payment.app.jobs import Jobs
from services.payment.app.messages import type_name
from services.payment.domain.actions import APPLICATION_RECEIVED, Action
from services.payment.domain.jobs import JobRef

log = logging.getLogger(__name__)


class Events:
    """Handlers. Each runs inside the unit of work that holds the inbox row."""

    def __init__(self, actions: Actions, jobs: Jobs) -> None:
        self._actions = actions
        self._jobs = jobs

    async def application_received(self, event: ApplicationReceived) -> None:
        """Write the application down; its fee follows from the score."""
        await self._actions.record(
            Action(
                type=APPLICATION_RECEIVED,
                job_id=event.job_id,
                company_id=event.company_id,
                application_id=event.application_id,
                points=event.matching_score if event.HasField("matching_score") else None,
                receipt_id=event.receipt_id,
                recruiter_id=event.recruiter_id,
            )
        )

    async def action_performed(self, event: ActionPerformed) -> None:
        """Write the action down; its fee is that of the price table.

        An application is refused here: its score travels in application.received.
        """
        name = type_name(event.type)
        if name in ("UNSPECIFIED", APPLICATION_RECEIVED):
            raise InvalidFields([("type", "must be an action on an application")])
        action = Action(
            type=name,
            job_id=event.job_id,
            company_id=event.company_id,
            application_id=event.application_id,
            user_id=event.user_id,
        )
        fee = await self._actions.record(action)
        self._compare(event, fee)

    async def offer_created(self, event: OfferCreated) -> None:
        """Keep whose the job is."""
        job = JobRef(
            job_id=event.job_id,
            company_id=event.company_id,
            recruiter_id=event.recruiter_id,
            title=event.title,
            premium=event.premium,
        )
        await self._jobs.published(job, event.version)

    async def offer_updated(self, event: OfferUpdated) -> None:
        """Keep whether the job is premium."""
        await self._jobs.changed(event.job_id, event.company_id, event.premium, event.version)

    def _compare(self, event: ActionPerformed, fee: int) -> None:
        # The sender shows the price of the same table. Another one means that
        # the two run different contracts; people should know.
        try:
            shown = to_micros(event.amount) if event.HasField("amount") else fee
        except NotMicroEuros:
            shown = -1
        if shown != fee:
            log.warning(
                "The fee differs from the one shown",
                extra={"application_id": event.application_id, "fee": fee, "shown": shown},
            )


def consumers(events: Events) -> list[Consumer]:
    """Return the subscriptions."""
    return [
        Consumer("payment-applications", ApplicationReceived, events.application_received),
        Consumer("payment-actions", ActionPerformed, events.action_performed),
        Consumer("payment-offers-created", OfferCreated, events.offer_created),
        Consumer("payment-offers-updated", OfferUpdated, events.offer_updated),
    ]
