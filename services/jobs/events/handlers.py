"""What this service does with other services' events."""

from __future__ import annotations

from collections.abc import Sequence

from weneeds.auth.events.v1.events_pb2 import CompanyCreated, UserRegistered

from services.jobs.app.projections import Projections
from services.kit.consumer import Consumer


def consumers(projections: Projections) -> list[Consumer]:
    """Return the subscriptions."""

    async def company_created(event: CompanyCreated) -> None:
        await projections.company(event.company_id, event.name)

    async def registered(event: UserRegistered) -> None:
        await projections.people([event.user_id])

    async def registered_batch(events: Sequence[UserRegistered]) -> None:
        await projections.people([event.user_id for event in events])

    return [
        Consumer("jobs-companies", CompanyCreated, company_created),
        Consumer("jobs-people", UserRegistered, registered, handle_batch=registered_batch),
    ]
