"""What payment consumes."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from weneeds.auth.events.v1.events_pb2 import CompanyCreated
from weneeds.jobs.events.v1.events_pb2 import (
    ActionPerformed,
    ApplicationReceived,
    OfferCreated,
    OfferUpdated,
)

from services.kit.consumer import Consumer
from services.kit.errors import InvalidFields, RequestIdReused
from services.kit.money import NotMicroEuros, to_micros
from services.kit.times import to_datetime
from services.payment.app.actions import Actions
from services.payment.app.invoices import Profiles
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
        await self.applications_received([event])

    async def applications_received(self, events: Sequence[ApplicationReceived]) -> None:
        """Write a batch down, or nothing of it: then it comes again one by one."""
        outcomes = await self._actions.record_all([_application(event) for event in events])
        _raise_first(outcomes)

    async def action_performed(self, event: ActionPerformed) -> None:
        """Write the action down; its fee is that of the price table.

        An application is refused here: its score travels in application.received.
        """
        await self.actions_performed([event])

    async def actions_performed(self, events: Sequence[ActionPerformed]) -> None:
        """Write a batch down, or nothing of it: then it comes again one by one."""
        outcomes = await self._actions.record_all([_action(event) for event in events])
        for event, fee in zip(events, _raise_first(outcomes), strict=True):
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


def _application(event: ApplicationReceived) -> Action:
    return Action(
        type=APPLICATION_RECEIVED,
        job_id=event.job_id,
        company_id=event.company_id,
        application_id=event.application_id,
        points=event.matching_score if event.HasField("matching_score") else None,
        receipt_id=event.receipt_id,
        recruiter_id=event.recruiter_id,
        happened_at=to_datetime(event.received_at) if event.HasField("received_at") else None,
    )


def _action(event: ActionPerformed) -> Action:
    name = type_name(event.type)
    if name in ("UNSPECIFIED", APPLICATION_RECEIVED):
        raise InvalidFields([("type", "must be an action on an application")])
    return Action(
        type=name,
        job_id=event.job_id,
        company_id=event.company_id,
        application_id=event.application_id,
        user_id=event.user_id,
        happened_at=to_datetime(event.performed_at) if event.HasField("performed_at") else None,
    )


def _raise_first(outcomes: Sequence[int | RequestIdReused]) -> list[int]:
    fees = []
    for outcome in outcomes:
        if isinstance(outcome, RequestIdReused):
            raise outcome
        fees.append(outcome)
    return fees


def company_consumers(profiles: Profiles) -> list[Consumer]:
    """Return what is heard of companies: their names, for invoices."""

    async def created(event: CompanyCreated) -> None:
        await profiles.company(event.company_id, event.name, event.city)

    return [Consumer("payment-companies", CompanyCreated, created)]


def consumers(events: Events) -> list[Consumer]:
    """Return the subscriptions."""
    return [
        Consumer(
            "payment-applications",
            ApplicationReceived,
            events.application_received,
            events.applications_received,
        ),
        Consumer(
            "payment-actions", ActionPerformed, events.action_performed, events.actions_performed
        ),
        Consumer("payment-offers-created", OfferCreated, events.offer_created),
        Consumer("payment-offers-updated", OfferUpdated, events.offer_updated),
    ]
