"""What this service does with other services' events."""

from __future__ import annotations

from collections.abc import Sequence

from weneeds.auth.events.v1.events_pb2 import (
    CompanyCreated,
    UserDeleted,
    UserRegistered,
    UserUpdated,
)
from weneeds.options.v1.role_pb2 import USER_ROLE_CANDIDATE

from services.jobs.app.erasures import Erasures
from services.jobs.app.projections import Projections
from services.kit.consumer import Consumer


def consumers(projections: Projections, erasures: Erasures) -> list[Consumer]:
    """Return the subscriptions."""

    async def company_created(event: CompanyCreated) -> None:
        await projections.company(event.company_id, event.name)

    async def registered(event: UserRegistered) -> None:
        await projections.people([event.user_id])

    async def registered_batch(events: Sequence[UserRegistered]) -> None:
        await projections.people([event.user_id for event in events])

    async def updated(event: UserUpdated) -> None:
        await projections.people([event.user_id])

    async def updated_batch(events: Sequence[UserUpdated]) -> None:
        await projections.people(list({event.user_id for event in events}))

    async def deleted(event: UserDeleted) -> None:
        await erasures.erase(event.user_id, candidate=event.role == USER_ROLE_CANDIDATE)

    return [
        Consumer("jobs-companies", CompanyCreated, company_created),
        Consumer("jobs-people", UserRegistered, registered, handle_batch=registered_batch),
        Consumer("jobs-people-updated", UserUpdated, updated, handle_batch=updated_batch),
        Consumer("jobs-people-deleted", UserDeleted, deleted),
    ]
